"""Writes thumbnails where the gateway finds them, so that the page shows photos without reading originals."""

import threading

import obstore
from obstore.exceptions import BaseError
from PIL.Image import Image

from indexer.errors import SetupTrouble
from pictures.derived import Size, derived_key
from pictures.object_store import StoreUrlError, first_line, open_location
from pictures.thumbnail import thumbnail

SIZE = Size.THUMBNAIL

# A picture that is missing there costs little, a photo that waits for it costs more.
_WAIT_SECONDS = 5.0


class ThumbnailWriter:
    """Keeps one thumbnail for each content. Safe to use from any thread. What can't be written costs no photo."""

    def __init__(self, location: str) -> None:
        """A folder, which is made if need be, or a URL in an object store. Raises SetupTrouble if it is none."""
        try:
            self._store = open_location(location, _WAIT_SECONDS)
        except StoreUrlError as error:
            raise SetupTrouble(f"{error} Name another place for --thumbnails.") from error
        self._location = location
        self._lock = threading.Lock()
        self._unwritten = 0
        self._first_error = ""

    def write(self, content_sha256: str, image: Image) -> None:
        """Makes and keeps the thumbnail if there is none. Blocks."""
        key = derived_key(content_sha256, SIZE)
        if key is None:
            return
        try:
            if not self._has(key):
                obstore.put(self._store, key, thumbnail(image, SIZE.value))
        except (BaseError, OSError) as error:
            with self._lock:
                self._unwritten += 1
                self._first_error = self._first_error or first_line(error)

    @property
    def trouble(self) -> str:
        """What a person should know at the end; empty if nothing."""
        if not self._unwritten:
            return ""
        return (
            f"{self._unwritten:,} thumbnails could not be written to {self._location} ({self._first_error}). The "
            "photos are indexed, and the gateway makes these thumbnails when they are asked for."
        )

    def _has(self, key: str) -> bool:
        try:
            obstore.head(self._store, key)
        except FileNotFoundError:
            return False
        return True
