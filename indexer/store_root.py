"""Photos in an object store. A key's parts between slashes are folders."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import obstore
from obstore.exceptions import BaseError, GenericError, InvalidPathError

from indexer.errors import FileTrouble, ServiceUnreachable, SetupTrouble
from indexer.photo import FoundFile
from indexer.photo_root import Content, FileFacts, NotAPhoto, Unreadable, check_begins_like_a_picture, content_of
from pictures.formats import SNIFF_BYTES
from pictures.limits import DEFAULT_LIMITS
from pictures.object_store import StoreUrlError, first_line, open_store

# How the library words an answer of 400 to 499: the store is there, and another try would change nothing.
_REFUSED = "status code: 4"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Answer = TypeVar("Answer")


class StoreRoot:
    """The port PhotoRoot for what lies below a URL."""

    advice = "Check that the address is right and that its credentials may list it"

    def __init__(self, url: str, wait_seconds: float) -> None:
        """Raises SetupTrouble if the address can't be used or listed, ServiceUnreachable if nothing answers so long."""
        self.shown = url
        try:
            self._store = open_store(url, wait_seconds)
        except StoreUrlError as error:
            raise SetupTrouble(str(error)) from error
        self.check_still_there()

    def list_folder(self, path: bytes) -> "list[ListedObject | ListedPrefix]":
        """See the port."""
        try:
            found = self._ask(lambda: obstore.list_with_delimiter(self._store, path.decode() or None))
        except (BaseError, FileNotFoundError, ValueError) as error:
            raise Unreadable(f"{first_line(error)}.") from error
        folders = [ListedPrefix(_name(prefix)) for prefix in found["common_prefixes"]]
        files = [
            ListedObject(_name(meta["path"]), meta["size"], _nanoseconds(meta["last_modified"]))
            for meta in found["objects"]
            if meta["path"].encode() != path  # an object called "folder/" only says that there is a folder
        ]
        return [*folders, *files]

    def read(self, file: FoundFile, *, must_sniff: bool) -> Content:
        """See the port."""
        key = file.path.decode()
        try:
            if must_sniff:
                self._check_begins_like_a_picture(key, file.size)
            answer = self._ask(lambda: obstore.get(self._store, key))
            DEFAULT_LIMITS.check_bytes(answer.meta["size"])
            data = self._ask(lambda: bytes(answer.bytes()))
        except (BaseError, ValueError) as error:
            raise FileTrouble("UNREADABLE", f"The file can't be read: {first_line(error)}.") from error
        return content_of(data, _nanoseconds(answer.meta["last_modified"]))

    def read_small(self, path: bytes) -> bytes:
        """See the port."""
        try:
            return self._ask(lambda: bytes(obstore.get(self._store, path.decode()).bytes()))
        except (BaseError, FileNotFoundError, ValueError) as error:
            raise Unreadable(f"{first_line(error)}.") from error

    def is_absent(self, path: bytes) -> bool:
        """See the port."""
        try:
            self._ask(lambda: obstore.head(self._store, path.decode()))
        except FileNotFoundError:
            return True
        except (BaseError, ValueError):
            return False
        return False

    def check_still_there(self) -> None:
        """See the port."""
        try:
            self._ask(lambda: next(iter(obstore.list(self._store, chunk_size=1)), None))
        except InvalidPathError:  # it answers; the folder with that key tells of it
            return
        except (BaseError, FileNotFoundError) as error:
            raise SetupTrouble(f"{self.shown} can't be listed: {first_line(error)}. {self.advice}.") from error

    def close(self) -> None:
        """See the port."""

    def _check_begins_like_a_picture(self, key: str, size: int) -> None:
        if not size:
            raise NotAPhoto
        head = self._ask(lambda: bytes(obstore.get_range(self._store, key, start=0, end=min(size, SNIFF_BYTES))))
        check_begins_like_a_picture(head)

    def _ask(self, call: Callable[[], Answer]) -> Answer:
        """Raises what the store says of the one thing that was asked for; ServiceUnreachable if it does not answer."""
        try:
            return call()
        except FileNotFoundError:
            raise
        except (GenericError, OSError) as error:
            if _REFUSED in str(error):
                raise
            raise ServiceUnreachable(
                f"The object store of {self.shown} does not answer: {first_line(error)}. What was written stays; run "
                "the indexer again when it does."
            ) from error


@dataclass(frozen=True, slots=True)
class ListedPrefix:
    """The port Listed for a folder."""

    name: bytes
    is_folder = True

    def look(self) -> FileFacts | str:
        """See the port."""
        raise Unreadable("It is a folder.")


@dataclass(frozen=True, slots=True)
class ListedObject:
    """The port Listed for an object."""

    name: bytes
    size: int
    modified_ns: int
    is_folder = False

    def look(self) -> FileFacts | str:
        """See the port."""
        return FileFacts(self.size, self.modified_ns)


def _name(key: str) -> bytes:
    return key.rpartition("/")[2].encode()


def _nanoseconds(time: datetime) -> int:
    """In whole seconds: some stores tell fractions when they list an object and none when it is read."""
    return (time - _EPOCH) // timedelta(seconds=1) * 1_000_000_000
