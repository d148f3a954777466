"""Thumbnails that indexers wrote (`--thumbnails`), in a folder or an object store. They are only read."""

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from pictures.object_store import StoreUrlError, first_line, open_location

_log = structlog.stdlib.get_logger("thumbnails")

# A picture can be made meanwhile.
_WAIT_SECONDS = 2.0


class ThumbnailsUnavailable(Exception):
    """The place can't be used; the text says which and what to do."""


class WrittenThumbnails:
    """Reads them by their key (see pictures/derived.py)."""

    def __init__(self, location: str) -> None:
        """A folder or a URL; without one there are none. Raises ThumbnailsUnavailable."""
        try:
            self._store: ObjectStore | None = open_location(location, _WAIT_SECONDS) if location else None
        except StoreUrlError as error:
            raise ThumbnailsUnavailable(f"{error} Correct GATEWAY_THUMBNAILS.") from error

    def read(self, key: str) -> bytes | None:
        """The picture; None if there is none or it can't be had. Blocks."""
        if self._store is None:
            return None
        try:
            return bytes(obstore.get(self._store, key).bytes()) or None
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            _log.warning("a thumbnail that an indexer wrote can't be read", error=first_line(error))
            return None
