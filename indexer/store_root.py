"""Photos in an object store. A key's parts between slashes are folders."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import obstore
from obstore.exceptions import BaseError, InvalidPathError

from indexer.errors import FileTrouble, ServiceUnreachable, SetupTrouble, TemporaryTrouble
from indexer.patience import Patience
from indexer.photo import FoundFile
from indexer.photo_root import (
    SMALL_FILE_BYTES,
    Content,
    FileFacts,
    Listed,
    NotAPhoto,
    Unreadable,
    check_begins_like_a_picture,
    content_of,
)
from indexer.store_asking import StoreAsking
from pictures.formats import SNIFF_BYTES
from pictures.limits import DEFAULT_LIMITS
from pictures.object_store import StoreUrlError, first_line, open_store

# Longer waiting is told, and can be interrupted.
_WAIT_SECONDS = 1.0
_SILENCE_SECONDS = 20.0
# A server that says nothing any more is noticed by its silence.
_REQUEST_SECONDS = 24 * 60 * 60.0
# A store that hands out none of so many objects in a row, each waited for, is away though it lists.
_MOST_IN_VAIN = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class StoreRoot:
    """The port PhotoRoot for what lies below a URL."""

    advice = "Check that the address is right and that its credentials may list it"

    def __init__(self, url: str, patience: Callable[[str], Patience]) -> None:
        """Raises SetupTrouble if the address can't be used. Nothing is asked of the store yet."""
        self.shown = url
        try:
            self._store = open_store(url, _WAIT_SECONDS, _SILENCE_SECONDS, _REQUEST_SECONDS)
        except StoreUrlError as error:
            raise SetupTrouble(str(error)) from error
        self._asking = StoreAsking(url, patience)
        self._in_vain = 0

    def list_folder(self, path: bytes) -> list[Listed]:
        """See the port."""
        try:
            found = self._asking.ask(lambda: obstore.list_with_delimiter(self._store, path.decode() or None))
        except (BaseError, FileNotFoundError, ValueError) as error:
            self._check_not_of_all(error)
            raise Unreadable(f"{first_line(error)}.") from error
        folders = [
            _ListedPrefix(_name(prefix)) if prefix else _BeginsWithSlash() for prefix in found["common_prefixes"]
        ]
        files = [
            _ListedObject(_name(meta["path"]), meta["size"], _nanoseconds(meta["last_modified"]))
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
            content = self._asking.ask(lambda: self._content(key))
        except (BaseError, ValueError) as error:
            self._check_not_of_all(error)
            raise FileTrouble("UNREADABLE", f"The file can't be read: {first_line(error)}.") from error
        except ServiceUnreachable as error:
            raise FileTrouble("UNREADABLE", f"The file can't be read. {self._of_one(error)}") from error
        self._in_vain = 0
        return content

    def read_small(self, path: bytes) -> bytes:
        """See the port."""
        try:
            return self._asking.ask(lambda: self._small_content(path.decode()))
        except (BaseError, ValueError) as error:
            self._check_not_of_all(error)
            raise Unreadable(f"{first_line(error)}.") from error
        except ServiceUnreachable as error:
            raise Unreadable(self._of_one(error)) from error

    def is_absent(self, path: bytes) -> bool:
        """See the port."""
        try:
            self._asking.ask(lambda: obstore.head(self._store, path.decode()))
        except FileNotFoundError:
            return True
        except (BaseError, ValueError):
            return False
        return False

    def check_still_there(self) -> None:
        """See the port."""
        self._check_lists(self._asking.ask)

    def _check_lists(self, ask: Callable[[Callable[[], object]], object]) -> None:
        try:
            ask(lambda: next(iter(obstore.list(self._store, chunk_size=1)), None))
        except InvalidPathError:  # it answers; the folder with that key tells of it
            return
        except (BaseError, FileNotFoundError) as error:
            raise SetupTrouble(f"{self.shown} can't be listed: {first_line(error)}. {self.advice}.") from error

    def close(self) -> None:
        """See the port."""
        self._asking.close()

    def _content(self, key: str) -> Content:
        answer = obstore.get(self._store, key)
        DEFAULT_LIMITS.check_bytes(answer.meta["size"])
        return content_of(self._asking.content(answer), _nanoseconds(answer.meta["last_modified"]))

    def _small_content(self, key: str) -> bytes:
        answer = obstore.get(self._store, key)
        if answer.meta["size"] > SMALL_FILE_BYTES:
            raise Unreadable("It has more than 1 MiB.")
        return self._asking.content(answer)

    def _check_begins_like_a_picture(self, key: str, size: int) -> None:
        if not size:
            raise NotAPhoto
        head = self._asking.ask(lambda: bytes(obstore.get_range(self._store, key, start=0, end=min(size, SNIFF_BYTES))))
        check_begins_like_a_picture(head)

    def _check_not_of_all(self, error: Exception) -> None:
        """Raises SetupTrouble if the store refuses everything by now, as when credentials end during the run."""
        if isinstance(error, BaseError) and not isinstance(error, InvalidPathError):
            self.check_still_there()

    def _of_one(self, error: ServiceUnreachable) -> str:
        """What to say of the one object that was waited for; raises the error if the whole store is away by now."""
        self._in_vain += 1
        if self._asking.is_closed or self._in_vain > _MOST_IN_VAIN:
            raise error
        try:
            self._check_lists(self._asking.ask_once)
        except TemporaryTrouble:
            raise error from None
        return f"The store answers, but was asked in vain for this object for as long as --wait says: {error.__cause__}"


@dataclass(frozen=True, slots=True)
class _ListedPrefix:
    """The port Listed for a folder."""

    name: bytes
    is_folder = True

    def look(self) -> FileFacts | str:
        """See the port."""
        raise Unreadable("It is a folder.")


@dataclass(frozen=True, slots=True)
class _ListedObject:
    """The port Listed for an object."""

    name: bytes
    size: int
    modified_ns: int
    is_folder = False

    def look(self) -> FileFacts | str:
        """See the port."""
        return FileFacts(self.size, self.modified_ns)


class _BeginsWithSlash:
    """The port Listed for all keys whose first part is empty, which would be another root in the root."""

    name = b"/"
    is_folder = False

    def look(self) -> FileFacts | str:
        """See the port."""
        return "places whose keys begin with a slash"


def _name(key: str) -> bytes:
    return key.rpartition("/")[2].encode()


def _nanoseconds(time: datetime) -> int:
    """In whole seconds: some stores tell fractions when they list an object and none when it is read."""
    return (time - _EPOCH) // timedelta(seconds=1) * 1_000_000_000
