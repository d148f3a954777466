"""The files of photos that lie in object stores, fetched one at a time into files without a name."""

import os
import tempfile
import threading
from io import BufferedReader

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import ObjectStore

from gateway.errors import SourceUnknown, StoreUnreachable
from pictures.limits import DEFAULT_LIMITS
from pictures.object_store import StoreUrlError, first_line, open_store

# A person waits.
_WAIT_SECONDS = 10.0
_CHUNK_BYTES = 1024 * 1024


class ObjectMissing(Exception):
    """The store has no such object, or it may not be read. Its text is the end of a sentence."""


class StoreOriginals:
    """Fetches photos. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stores: dict[str, ObjectStore] = {}

    def open(self, url: str, source: str, path: bytes) -> BufferedReader:
        """The object, to be closed by the caller. Blocks. Raises ObjectMissing, SourceUnknown or StoreUnreachable."""
        store = self._store(url, source)
        try:
            return _fetched(store, path.decode())
        except (FileNotFoundError, ValueError):
            raise ObjectMissing("it was moved or removed") from None
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise ObjectMissing(f"it may not be read ({first_line(error)})") from None
        except (BaseError, OSError) as error:
            raise StoreUnreachable(
                f"The object store with the photos of the source {source!r} does not answer: {first_line(error)}. "
                "Try again in a moment."
            ) from error

    def _store(self, url: str, source: str) -> ObjectStore:
        with self._lock:
            if url not in self._stores:
                try:
                    self._stores[url] = open_store(url, _WAIT_SECONDS)
                except StoreUrlError as error:
                    raise SourceUnknown(f"{error} Correct it in GATEWAY_SOURCES.", source=source) from error
            return self._stores[url]


def _fetched(store: ObjectStore, key: str) -> BufferedReader:
    answer = obstore.get(store, key)
    if answer.meta["size"] > DEFAULT_LIMITS.max_bytes:
        raise ObjectMissing(f"it has {answer.meta['size']:,} bytes, more than {DEFAULT_LIMITS.max_bytes:,}")
    with tempfile.TemporaryFile() as file:
        for chunk in answer.stream(min_chunk_size=_CHUNK_BYTES):
            file.write(chunk)
        file.flush()
        written = int(answer.meta["last_modified"].timestamp())
        os.utime(file.fileno(), (written, written))  # entity tags are made of it
        file.seek(0)
        return os.fdopen(os.dup(file.fileno()), "rb")
