"""A disk that is mounted in the folder and goes away during a run takes no photo with it."""

import os
from pathlib import Path

import pytest

from indexer.errors import FileTrouble
from indexer.folder_root import FolderRoot
from indexer.photo import FoundFile
from indexer.prune import absent_photos
from indexer.quarantine import Quarantine
from indexer.selection import Selection
from indexer.survey import GonePhoto, Plan, Survey
from indexer.tally import Failures, Tally
from indexer.walk import Entry, PassedOver, UnreadableFile, UnreadableFolder, walk
from tests.indexer.conftest import World, impatience
from tests.indexer.fake_services import jpeg


class Disk:
    """The folder `nas` in the root is a disk of its own, as far as can be told, as long as it is mounted."""

    def __init__(self, world: World) -> None:
        self._folder = world.root / "nas"
        self._away = world.root.with_name("away")
        for path in (b"nas/2019/a.jpg", b"nas/2020/b.jpg", b"own/c.jpg", b"own/d.jpg"):
            world.add(path, jpeg())
        self._is_mounted = True
        self.root = FolderRoot(world.root, device_of=self._device_of)

    def unmount(self, *, keep_folder: bool = True) -> None:
        self._folder.rename(self._away)
        if keep_folder:
            self._folder.mkdir()
        self._is_mounted = False

    def _device_of(self, folder: bytes) -> int:
        os.stat(folder)  # noqa: PTH116 a path of bytes
        return 2 if self._is_mounted and Path(os.fsdecode(folder)).is_relative_to(self._folder) else 1


@pytest.fixture
def disk(world: World) -> Disk:
    return Disk(world)


def walked_until(disk: Disk, path: str, *, keep_folder: bool = True) -> list[Entry]:
    """What is found if the disk goes away right after the file at `path` was."""
    found = []
    for entry in walk(disk.root):
        found.append(entry)
        if entry.relative_path == path:
            disk.unmount(keep_folder=keep_folder)
    return found


@pytest.mark.parametrize("keep_folder", [True, False])
def test_folders_of_a_disk_that_went_away_are_unreadable_and_not_gone(disk: Disk, keep_folder: bool) -> None:
    found = walked_until(disk, "nas/2019/a.jpg", keep_folder=keep_folder)

    assert UnreadableFolder("nas/2020/", "Its disk is not mounted any more.") in found
    assert [entry.relative_path for entry in found if isinstance(entry, FoundFile)] == [
        "nas/2019/a.jpg",
        "own/c.jpg",
        "own/d.jpg",
    ]


def test_files_of_a_disk_that_went_away_are_unreadable_and_not_gone(world: World, disk: Disk) -> None:
    world.add(b"nas/2019/later.jpg", jpeg())

    found = walked_until(disk, "nas/2019/a.jpg")

    assert UnreadableFile("nas/2019/later.jpg", "Its disk is not mounted any more.") in found
    with pytest.raises(FileTrouble, match="disk is not mounted any more"):
        disk.root.read(FoundFile(b"nas/2019/a.jpg", "nas/2019/a.jpg", 3, 0), must_sniff=False)


@pytest.mark.parametrize("keep_folder", [True, False])
def test_links_to_and_on_a_disk_that_went_away_are_unreadable_and_not_broken(
    world: World, disk: Disk, keep_folder: bool
) -> None:
    for link, target in {
        "nas/2019/on it.jpg": "a.jpg",
        "nas/2019/out of it.jpg": "../../own/c.jpg",
        "own/to it.jpg": "../nas/2019/a.jpg",
        "own/to nothing.jpg": "nothing.jpg",
        "own/via it.jpg": "../nas/2019/out of it.jpg",
    }.items():
        (world.root / link).symlink_to(target)

    found = walked_until(disk, "nas/2019/a.jpg", keep_folder=keep_folder)

    assert {entry.relative_path for entry in found if isinstance(entry, UnreadableFile)} == {
        "nas/2019/on it.jpg",
        "nas/2019/out of it.jpg",
        "own/to it.jpg",
        "own/via it.jpg",
    }
    assert [entry for entry in found if isinstance(entry, PassedOver)] == [
        PassedOver("own/to nothing.jpg", "broken links")
    ]


def test_what_is_no_file_on_a_disk_that_went_away_is_unreadable(world: World, disk: Disk) -> None:
    os.mkfifo(world.root / "nas" / "2019" / "pipe.jpg")

    found = walked_until(disk, "nas/2019/a.jpg")

    assert UnreadableFile("nas/2019/pipe.jpg", "Its disk is not mounted any more.") in found


@pytest.mark.parametrize("keep_folder", [True, False])
async def test_only_what_lay_on_disks_that_are_still_there_is_pruned(
    world: World, disk: Disk, keep_folder: bool
) -> None:
    list(walk(disk.root))
    disk.unmount(keep_folder=keep_folder)
    (world.root / "own" / "c.jpg").unlink()

    assert await absent(world, disk.root, "nas/2019/a.jpg", "nas/2020/b.jpg", "own/c.jpg", "own/d.jpg") == ["own/c.jpg"]


async def test_what_was_removed_from_a_disk_that_is_there_is_pruned(world: World, disk: Disk) -> None:
    list(walk(disk.root))
    (world.root / "nas" / "2019" / "a.jpg").unlink()
    (world.root / "nas" / "2019").rmdir()

    assert await absent(world, disk.root, "nas/2019/a.jpg", "nas/2020/b.jpg") == ["nas/2019/a.jpg"]


async def absent(world: World, root: FolderRoot, *paths: str) -> list[str]:
    """Which of these photos `--prune` would remove."""
    patience = impatience("search")
    survey = Survey(Plan(Selection()), Tally(), Quarantine("photos", world.search, patience, Failures("photos")))
    for path in paths:
        survey.add_gone(GonePhoto(path, path, must_be_absent=True))
    return [photo.relative_path async for batch in absent_photos(root, survey) for photo in batch]
