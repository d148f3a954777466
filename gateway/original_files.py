"""Opens originals for requests, so that slow object stores hold up nothing else, and nobody whose browser has gone."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from io import BufferedReader
from typing import TypeVar

from gateway.admission import Admission
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
        self._lending = Admission(_MAX_WAITING)
        self._lent = asyncio.Semaphore(_FETCHED_AT_ONCE)

    async def open(self, image: ImageFile) -> BufferedReader:
        """As Originals.open; raises Overloaded, too. If the caller is cancelled, the fetching ends with the next piece.

        A silent server holds that back for as long as its silence is borne (see StoreOriginals.open).
        """
        stop = threading.Event()
        try:
            return await self._run(partial(self._originals.open, image, stop.is_set), image)
        finally:
            stop.set()

    @asynccontextmanager
    async def lend(self, image: ImageFile) -> AsyncIterator[BufferedReader]:
        """As open, and closes the file. No more are lent than are fetched at once: the folder has room for no queue."""
        with self._lending.admit():
            async with self._lent:
                with await self.open(image) as file:
                    yield file

    def open_local(self, image: ImageFile) -> BufferedReader | None:
        """As Originals.open, but for a photo in an object store: None. Blocks."""
        return None if self._originals.is_in_store(image) else self._originals.open(image)

    async def look(self, image: ImageFile) -> FileFacts:
        """As Originals.look; raises Overloaded, too."""
        return await self._run(partial(self._originals.look, image), image)

    def close(self) -> None:
        """Ends all fetching. Blocks until it has ended, which a silent server delays as in open."""
        self._originals.close()
        self._fetching.close()

    async def _run(self, function: Callable[[], Answer], image: ImageFile) -> Answer:
        if await asyncio.to_thread(self._originals.is_in_store, image):
            return await self._fetching.run(function)
        return await asyncio.to_thread(function)
