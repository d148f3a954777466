"""Writes thumbnails where the gateway finds them, so that the page shows photos without reading originals."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore
from PIL.Image import Image

from indexer.errors import SetupTrouble
from pictures.derived import Size, derived_key
from pictures.object_store import StoreUrlError, first_line, open_location
from pictures.thumbnail import thumbnail

SIZE = Size.THUMBNAIL

# A picture that is missing there costs little, a photo that waits for it costs more.
_WAIT_SECONDS = 5.0
PAUSE_SECONDS = 60.0


class ThumbnailWriter:
    """Keeps one thumbnail for each content. Safe to use from any thread. What can't be written costs no photo."""

    def __init__(
        self,
        location: str,
        on_trouble: Callable[[str], None] = lambda _: None,
        *,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        """A folder, which is made when it is opened if need be, or a URL in an object store.

        After a failed write the place is left alone for so long. `on_trouble` is told of the first one, in its thread.
        """
        self._store: ObjectStore | None = None
        self._location = location
        self._on_trouble = on_trouble
        self._pause_seconds = pause_seconds
        self._lock = threading.Lock()
        self._left_alone_until = 0.0
        self.unwritten = 0
        """How many thumbnails are missing, tried or not."""

    @classmethod
    def telling(cls, location: str, warn: Callable[[str], None]) -> Self:
        """The same, with `warn` called in the event loop that runs now, as long as it does."""
        loop = asyncio.get_running_loop()

        def warn_in_loop(message: str) -> None:
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(warn, message)

        return cls(location, warn_in_loop)

    def open(self) -> None:
        """Must come before the first `write`, and does nothing once it succeeded. Raises SetupTrouble. Blocks."""
        if self._store is not None:
            return
        try:
            self._store = open_location(self._location, _WAIT_SECONDS)
        except StoreUrlError as error:
            raise SetupTrouble(f"{error} Name another place for --thumbnails.") from error

    def write(self, content_sha256: str, image: Image) -> None:
        """Makes and keeps the thumbnail if there is none. Blocks."""
        key = derived_key(content_sha256, SIZE)
        if key is None or self._store is None:
            return
        is_written = time.monotonic() >= self._left_alone_until and self._write(self._store, key, image)
        if not is_written:
            with self._lock:
                self.unwritten += 1

    def _write(self, store: ObjectStore, key: str, image: Image) -> bool:
        """Whether it is there now."""
        try:
            if _has(store, key):
                return True
            encoded = _encoded(image)
            if encoded is not None:
                obstore.put(store, key, encoded)
        except (BaseError, OSError) as error:
            self._note(error)
            return False
        return encoded is not None

    def _note(self, error: Exception) -> None:
        with self._lock:
            is_first = self._left_alone_until == 0.0
            self._left_alone_until = time.monotonic() + self._pause_seconds
        if is_first:
            self._on_trouble(
                f"Thumbnails can't be written to {self._location} ({first_line(error)}). It is left alone for "
                f"{self._pause_seconds:g} s after each try that fails. The photos are indexed all the same, and the "
                "gateway makes the thumbnails that are missing when they are asked for."
            )


def _encoded(image: Image) -> bytes | None:
    """The thumbnail; None if it can't be made, for which neither the place nor the photo is at fault."""
    try:
        return thumbnail(image, SIZE.value)
    except Exception:
        return None


def _has(store: ObjectStore, key: str) -> bool:
    try:
        obstore.head(store, key)
    except FileNotFoundError:
        return False
    return True
