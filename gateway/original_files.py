"""Opens originals for requests, so that slow object stores hold up nothing else, and nobody whose browser has gone."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from io import BufferedReader
from typing import TypeVar

from gateway.file_facts import FileFacts
from gateway.originals import Originals
from gateway.picture_workers import PictureWorkers
from gateway.search_client import ImageFile

# Each takes as much of the folder for temporary files as a photo has bytes.
_FETCHED_AT_ONCE = 8
_MAX_WAITING = 256

Answer = TypeVar("Answer")


class OriginalFiles:
    """Those in object stores are fetched in threads of their own."""

    def __init__(self, originals: Originals) -> None:
        self._originals = originals
        self._fetching = PictureWorkers(_FETCHED_AT_ONCE, _MAX_WAITING)

    async def open(self, image: ImageFile) -> BufferedReader:
        """As Originals.open; raises Overloaded, too. If the caller is cancelled, the fetching ends."""
        stop = threading.Event()
        try:
            return await self._run(partial(self._originals.open, image, stop.is_set), image)
        finally:
            stop.set()

    async def look(self, image: ImageFile) -> FileFacts:
        """As Originals.look; raises Overloaded, too."""
        return await self._run(partial(self._originals.look, image), image)

    def close(self) -> None:
        """Blocks until what is being fetched has ended, early."""
        self._originals.close()
        self._fetching.close()

    async def _run(self, function: Callable[[], Answer], image: ImageFile) -> Answer:
        if await asyncio.to_thread(self._originals.is_in_store, image):
            return await self._fetching.run(function)
        return await asyncio.to_thread(function)
