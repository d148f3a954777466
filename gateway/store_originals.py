"""The files of photos that lie in object stores, fetched one at a time into files without a name."""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import ObjectStore

from gateway.errors import SourceUnknown, StoreUnreachable, TemporaryFolderFailed
from gateway.file_facts import FileFacts
from pictures.limits import DEFAULT_LIMITS
from pictures.object_store import StoreUrlError, first_line, open_store, pieces

if TYPE_CHECKING:
    from obstore import BytesStream, ObjectMeta

# A person waits.
_WAIT_SECONDS = 10.0
_REQUEST_SECONDS = 120.0


class ObjectMissing(Exception):
    """The store has no such object, or it may not be read. Its text is the end of a sentence."""


class FetchStopped(Exception):
    """Nobody waits for the object any more."""


class StoreOriginals:
    """Fetches photos. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stores: dict[str, ObjectStore] = {}
        self._closed = threading.Event()

    def open(self, url: str, source: str, path: bytes, stops: Callable[[], bool]) -> BufferedReader:
        """The object, to be closed by the caller. Blocks.

        Raises ObjectMissing, SourceUnknown, StoreUnreachable or TemporaryFolderFailed, and FetchStopped with the next
        piece after `stops` says so or this is closed. A server that goes silent holds that back until its silence is
        given up (see open_store).
        """
        store = self._store(url, source)
        return _fetched(store, _key(path), source, lambda: self._closed.is_set() or stops())

    def look(self, url: str, source: str, path: bytes) -> FileFacts:
        """What the object's head tells. Blocks. Raises ObjectMissing, SourceUnknown or StoreUnreachable."""
        store = self._store(url, source)
        key = _key(path)
        with _told(source):
            meta = obstore.head(store, key)
        return _facts(meta)

    def close(self) -> None:
        """Ends all fetching, each with its next piece."""
        self._closed.set()

    def _store(self, url: str, source: str) -> ObjectStore:
        with self._lock:
            if url not in self._stores:
                try:
                    self._stores[url] = open_store(url, _WAIT_SECONDS, request_seconds=_REQUEST_SECONDS)
                except StoreUrlError as error:
                    raise SourceUnknown(f"{error} Correct it in GATEWAY_SOURCES.", source=source) from error
            return self._stores[url]


def _key(path: bytes) -> str:
    try:
        return path.decode()
    except UnicodeDecodeError:
        raise ObjectMissing("no object's key is written like this") from None


@contextmanager
def _told(source: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, ValueError):
        raise ObjectMissing("it was moved or removed") from None
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise ObjectMissing(f"it may not be read ({first_line(error)})") from None
    except (BaseError, OSError) as error:
        raise StoreUnreachable(
            f"The object store with the photos of the source {source!r} does not answer: {first_line(error)}. "
            "Try again in a moment."
        ) from error


def _facts(meta: "ObjectMeta") -> FileFacts:
    """In whole seconds, as the answer with the content tells no more. Raises ObjectMissing if it is too large."""
    if meta["size"] > DEFAULT_LIMITS.max_bytes:
        raise ObjectMissing(f"it has {meta['size']:,} bytes, more than {DEFAULT_LIMITS.max_bytes:,}")
    return FileFacts(meta["size"], int(meta["last_modified"].timestamp()) * 1_000_000_000)


def _fetched(store: ObjectStore, key: str, source: str, stops: Callable[[], bool]) -> BufferedReader:
    with _told(source):
        answer = obstore.get(store, key)
    facts = _facts(answer.meta)
    content = pieces(answer)
    with _kept(), tempfile.TemporaryFile() as file:
        while piece := _next(content, source):
            if stops():
                raise FetchStopped
            file.write(piece)
        file.flush()
        os.utime(file.fileno(), ns=(facts.modified_ns, facts.modified_ns))  # entity tags are made of it
        file.seek(0)
        return os.fdopen(os.dup(file.fileno()), "rb")


def _next(content: "BytesStream", source: str) -> bytes:
    with _told(source):
        return next(content, b"")


@contextmanager
def _kept() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TemporaryFolderFailed(
            f"The gateway can't keep the photo in its folder for temporary files, {tempfile.tempdir or 'TMPDIR'}: "
            f"{error.strerror or error}. Free space there, or set TMPDIR to a folder that it may write to."
        ) from error
