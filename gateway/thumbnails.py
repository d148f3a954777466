"""Thumbnails and previews: made on demand, once for all who wait, and kept on disk under the photo's content."""

import asyncio
import hashlib
import os
from dataclasses import dataclass, field
from io import BufferedReader

from gateway import metrics
from gateway.errors import Overloaded
from gateway.original_files import OriginalFiles
from gateway.originals import unreadable
from gateway.picture_cache import PictureCache
from gateway.picture_workers import PictureWorkers
from gateway.search_client import ImageFile
from gateway.written_thumbnails import WrittenThumbnails
from pictures.decode import read_picture
from pictures.derived import VERSION, Size, derived_key
from pictures.errors import PictureError
from pictures.limits import DEFAULT_LIMITS
from pictures.thumbnail import thumbnail

_OUT_OF_MEMORY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Derived:
    """An encoded picture. `as_indexed`: the file has still the content that the index knows."""

    data: bytes
    as_indexed: bool


@dataclass(slots=True)
class _Making:
    """A picture that is being made, and how many wait for it."""

    task: asyncio.Task[Derived]
    waiting: int = field(default=0)


class Thumbnails:
    """Smaller pictures of photos."""

    def __init__(
        self, originals: OriginalFiles, cache: PictureCache, workers: PictureWorkers, written: WrittenThumbnails
    ) -> None:
        self._originals = originals
        self._written = written
        self._cache = cache
        self._workers = workers
        self._being_made: dict[tuple[ImageFile, Size], _Making] = {}

    async def get(self, image: ImageFile, size: Size) -> Derived:
        """The photo in this size.

        Raises SourceUnknown, OriginalMissing, StoreUnreachable, TemporaryFolderFailed or Overloaded.
        """
        if key := derived_key(image.content_sha256, size):
            data = await asyncio.to_thread(self._cache.read, key)
            if data is not None:
                metrics.DERIVED_PICTURES.labels(size.name.lower(), "cache").inc()
                return Derived(data, as_indexed=True)
        return await self._make_once(image, size)

    async def _make_once(self, image: ImageFile, size: Size) -> Derived:
        making = self._being_made.get((image, size))
        if making is None:
            making = _Making(asyncio.create_task(self._make(image, size)))
            self._being_made[image, size] = making
        making.waiting += 1
        try:
            return await asyncio.shield(making.task)
        finally:
            making.waiting -= 1
            if not making.waiting:  # it is made, or everyone who wanted it has gone
                making.task.cancel()
                del self._being_made[image, size]

    async def _make(self, image: ImageFile, size: Size) -> Derived:
        if made := await self._workers.run(self._make_unfetched, image, size):
            return made
        async with self._originals.lend(image) as file:
            return await self._workers.run(self._derive, image, size, file)

    def _make_unfetched(self, image: ImageFile, size: Size) -> Derived | None:
        """None if the original must be fetched from an object store."""
        if kept := self._kept(image, size):
            return kept
        file = self._originals.open_local(image)
        return self._derive(image, size, file) if file else None

    def _kept(self, image: ImageFile, size: Size) -> Derived | None:
        key = derived_key(image.content_sha256, size)
        if key and (kept := self._cache.read(key)):  # finished between the caller's look and this one
            return Derived(kept, as_indexed=True)
        if key and size is Size.THUMBNAIL and (kept := self._written.read(key)):
            self._cache.write(key, kept)
            metrics.DERIVED_PICTURES.labels(size.name.lower(), "indexer").inc()
            return Derived(kept, as_indexed=True)
        return None

    def _derive(self, image: ImageFile, size: Size, file: BufferedReader) -> Derived:
        """Closes the file once it is read."""
        limit = DEFAULT_LIMITS.max_bytes
        try:
            with file:
                # To ask for more than there is would reserve memory for it.
                data = file.read(min(os.fstat(file.fileno()).st_size, limit) + 1)
            picture = read_picture(data, useful_edge=size.useful_edge)
            derived = thumbnail(picture.image, size.value)
        except PictureError as error:
            raise unreadable(image, error) from error
        except MemoryError as error:
            message = f"There is not enough memory to show {image.name} now. Try again in a moment."
            raise Overloaded(message, retry_after=_OUT_OF_MEMORY_SECONDS) from error
        as_indexed = hashlib.sha256(data).hexdigest() == image.content_sha256
        if as_indexed and (key := derived_key(image.content_sha256, size)):
            self._cache.write(key, derived)
        metrics.DERIVED_PICTURES.labels(size.name.lower(), "original").inc()
        return Derived(derived, as_indexed)


def etag_of(image: ImageFile, size: Size) -> str:
    """The entity tag of a photo in this size, without quotes."""
    return f"{image.content_sha256[:32]}-{size.value}-{VERSION}"
