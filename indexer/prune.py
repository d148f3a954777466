"""Removes from the index what is gone from the folder, and only that: a disk that is not mounted deletes no photo."""

import asyncio
import os

from indexer.errors import SetupTrouble
from indexer.patience import Patience
from indexer.ports import Search
from indexer.survey import GonePhoto, Survey
from indexer.tally import Tally
from pictures.paths import decode_path

_AT_ONCE = 1000


class Root:
    """The folder, to be recognised again: another disk may have been mounted in its place, or none."""

    def __init__(self, path: bytes) -> None:
        self.path = path
        self._identity = _identity(path)

    def check_still_there(self) -> None:
        """Raises SetupTrouble if the folder is not the one it was."""
        try:
            same = _identity(self.path) == self._identity
        except OSError:
            same = False
        if not same:
            raise SetupTrouble(
                f"{os.fsdecode(self.path)} went away during the run. Nothing was removed from the index. Check that "
                "its disk is mounted and run the indexer again."
            )


async def prune(root: Root, survey: Survey, search: Search, patience: Patience, tally: Tally) -> None:
    """Removes the gone photos, each after another look whether its file is really absent."""
    root.check_still_there()
    while photos := await _next_photos(survey):
        image_ids = await asyncio.to_thread(_absent, root.path, photos)
        if image_ids:
            tally.removed += await patience.until_answered(lambda: search.delete_photos(image_ids))  # noqa: B023


async def _next_photos(survey: Survey) -> list[GonePhoto]:
    photos: list[GonePhoto] = []
    while len(photos) < _AT_ONCE and (photo := await survey.next_gone()) is not None:
        photos.append(photo)
    return photos


def _absent(root: bytes, photos: list[GonePhoto]) -> list[str]:
    return [
        photo.image_id
        for photo in photos
        if not photo.must_be_absent or not os.path.lexists(root + b"/" + decode_path(photo.relative_path))
    ]


def _identity(path: bytes) -> tuple[int, int]:
    found = os.stat(path)  # noqa: PTH116 a path of bytes
    return found.st_dev, found.st_ino
