"""Removes from the index what is gone from the folder, and only that: a disk that is not mounted deletes no photo."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from indexer.patience import Patience
from indexer.photo_root import PhotoRoot
from indexer.ports import Search
from indexer.survey import GonePhoto, Survey
from indexer.tally import Tally
from pictures.paths import decode_path

_AT_ONCE = 1000
# Each look is a request to an object store, and one to a disk in the network.
_LOOKS_AT_ONCE = 16


async def prune(root: PhotoRoot, survey: Survey, search: Search, patience: Patience, tally: Tally) -> None:
    """Removes the gone photos, each after another look whether its file is really absent."""
    async for photos in absent_photos(root, survey):
        image_ids = [photo.image_id for photo in photos]
        tally.removed += await patience.until_answered(lambda: search.delete_photos(image_ids))  # noqa: B023


async def absent_photos(root: PhotoRoot, survey: Survey) -> AsyncIterator[list[GonePhoto]]:
    """The gone photos, after another look, in batches that are not empty. Raises SetupTrouble if the root went away."""
    await asyncio.to_thread(root.check_still_there)
    while photos := await _next_photos(survey):
        absent = await asyncio.to_thread(_absent, root, photos)
        # In a root that went away between the two looks all photos seem to be gone.
        await asyncio.to_thread(root.check_still_there)
        if absent:
            yield absent


async def _next_photos(survey: Survey) -> list[GonePhoto]:
    photos: list[GonePhoto] = []
    while len(photos) < _AT_ONCE and (photo := await survey.next_gone()) is not None:
        photos.append(photo)
    return photos


def _absent(root: PhotoRoot, photos: list[GonePhoto]) -> list[GonePhoto]:
    def is_absent(photo: GonePhoto) -> bool:
        return not photo.must_be_absent or root.is_absent(decode_path(photo.relative_path))

    looking = ThreadPoolExecutor(min(_LOOKS_AT_ONCE, len(photos)), thread_name_prefix="prune")
    try:
        return [photo for photo, absent in zip(photos, looking.map(is_absent, photos), strict=True) if absent]
    finally:
        looking.shutdown(cancel_futures=True)
