"""Thumbnails that indexers wrote (`--thumbnails`), in a folder or an object store. They are only read."""

import os
from collections.abc import Callable
from pathlib import Path

import obstore
import structlog
from obstore.exceptions import BaseError

from pictures.object_store import StoreUrlError, first_line, folder_at, is_store_url, open_store

_log = structlog.stdlib.get_logger("thumbnails")

# A picture can be made meanwhile.
_WAIT_SECONDS = 2.0


class ThumbnailsUnavailable(Exception):
    """The place can't be used; the text says which and what to do."""


class WrittenThumbnails:
    """Reads them by their key (see pictures/derived.py)."""

    def __init__(self, location: str) -> None:
        """A folder, which need not exist yet, or a URL; without one there are none. Raises ThumbnailsUnavailable."""
        self._read = _reader(location) if location else None

    def read(self, key: str) -> bytes | None:
        """The picture; None if there is none or it can't be had. Blocks."""
        if self._read is None:
            return None
        try:
            return self._read(key) or None
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            _log.warning("a thumbnail that an indexer wrote can't be read", error=first_line(error))
            return None


def _reader(location: str) -> Callable[[str], bytes]:
    try:
        if not is_store_url(location):
            return _folder_reader(folder_at(location))
        store = open_store(location, _WAIT_SECONDS)
    except StoreUrlError as error:
        raise ThumbnailsUnavailable(f"{error} Correct GATEWAY_THUMBNAILS.") from error
    return lambda key: bytes(obstore.get(store, key).bytes())


def _folder_reader(folder: Path) -> Callable[[str], bytes]:
    if os.path.exists(folder) and not os.path.isdir(folder):  # noqa: PTH110, PTH112 Path's raise for a disk that is away
        raise ThumbnailsUnavailable(f"{folder} is no folder. Correct GATEWAY_THUMBNAILS.")
    return lambda key: (folder / key).read_bytes()
