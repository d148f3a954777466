"""What makes a commit of Lance durable and whole.

Lance writes each commit to new files. It never calls fsync, and on a disk that fills up it can commit a file that was
cut off without an error. So after each commit its files are looked at and synced; a commit that is not whole is undone
before anyone relies on it, and before the files that it replaces are removed.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog
from lancedb.table import AsyncTable

from search_service.embedded_state import sync_path
from search_service.errors import StorageUnavailable

_log = structlog.stdlib.get_logger("embedded")

# How files of these kinds end if they are whole.
_ENDINGS = {".lance": b"LANC", ".manifest": b"LANC", ".idx": b"LANC", ".arrow": b"ARROW1"}


class CutOff(StorageUnavailable):
    """A file that the engine wrote lacks its end."""

    def __init__(self) -> None:
        super().__init__("The index can't be written: a file was cut off. The disk is probably full: make room.")


class FolderSync:
    """Knows which files of a folder are whole and on the disk."""

    def __init__(self, folder: Path) -> None:
        """Nothing is known at first."""
        self._folder = folder
        self._synced: dict[str, tuple[int, int]] = {}

    def assume_synced(self) -> bool:
        """Takes what is there as synced. Returns whether all of it is whole."""
        files = _files(self._folder)
        self._synced = {path: stamp for path, stamp, _ in files}
        return all(_is_whole(path) for path, _, _ in files)

    def excuse_broken(self) -> None:
        """Leaves aside what a commit that failed left behind: nothing refers to it."""
        self._synced |= {path: stamp for path, stamp, _ in _files(self._folder) if not _is_whole(path)}

    def sync(self) -> None:
        """Waits until all that was written since the last call is on the disk. Raises CutOff or OSError."""
        present: dict[str, tuple[int, int]] = {}
        changed_folders: set[str] = set()
        for path, stamp, parent in _files(self._folder):
            present[path] = stamp
            if self._synced.get(path) != stamp:
                if not _is_whole(path):
                    raise CutOff
                with suppress(FileNotFoundError):
                    sync_path(Path(path))
                changed_folders.add(parent)
        for parent in changed_folders:
            # A folder's own name is on the disk only once its parent's list is.
            folder = Path(parent)
            while folder != self._folder:
                sync_path(folder)
                folder = folder.parent
        if changed_folders:
            sync_path(self._folder)
            sync_path(self._folder.parent)
        self._synced = present


class Commits:
    """The commits of one table."""

    def __init__(self, table: AsyncTable, folder: Path) -> None:
        """Call `sync_new` or `recover` first."""
        self._table = table
        self._sync = FolderSync(folder)
        self._undone_to: int | None = None

    async def sync_new(self) -> None:
        """For a table that was just made."""
        await asyncio.to_thread(self._sync.sync)

    async def recover(self) -> None:
        """For a table that was opened: leaves a commit behind that a process before could not undo."""
        if await asyncio.to_thread(self._sync.assume_synced):
            return
        known = await self._table.list_versions()  # type: ignore[no-untyped-call]
        versions = sorted((int(version["version"]) for version in known), reverse=True)
        for version in versions:
            await self._table.checkout(version)
            with suppress(RuntimeError, OSError, ValueError):
                await self._table.query().select(["id"]).to_arrow()
                break
        else:
            raise CutOff
        if version == versions[0]:
            await self._table.checkout_latest()  # type: ignore[no-untyped-call]
            return
        _log.error("left a commit behind that was cut off", version=versions[0], restored=version)
        self._undone_to = version
        with suppress(RuntimeError, OSError, ValueError):  # it may wait for room on the disk
            await self._restore()

    @asynccontextmanager
    async def committing(self) -> AsyncIterator[None]:
        """What is committed within is whole and on the disk afterwards, or undone. Raises CutOff or Lance's errors."""
        await self._restore()
        before = await self._table.version()
        try:
            yield
        except BaseException:
            await asyncio.to_thread(self._sync.excuse_broken)
            raise
        try:
            await asyncio.to_thread(self._sync.sync)
        except CutOff:
            # Reads go on at the version before, even if there is no room yet to write that this is the latest one.
            await self._table.checkout(before)
            self._undone_to = before
            with suppress(RuntimeError, OSError, ValueError):
                await self._restore()
            raise

    async def _restore(self) -> None:
        if self._undone_to is not None:
            await self._table.restore(self._undone_to)
            await asyncio.to_thread(self._sync.excuse_broken)
            await asyncio.to_thread(self._sync.sync)
            self._undone_to = None


def set_broken_manifests_aside(folder: Path) -> None:
    """Renames the manifests that were cut off: no commit that was answered has one, and the table can't be opened."""
    for manifest in (folder / "_versions").glob("*.manifest"):
        if not _is_whole(str(manifest)):
            _log.error("set a manifest aside that was cut off", manifest=manifest.name)
            manifest.rename(manifest.with_suffix(".broken"))


def _is_whole(path: str) -> bool:
    ending = _ENDINGS.get(os.path.splitext(path)[1])  # noqa: PTH122 - on all files of a folder, Path is slow
    if ending is None:
        return True
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            if file.seek(0, os.SEEK_END) < len(ending):
                return False
            file.seek(-len(ending), os.SEEK_END)
            return file.read() == ending
    except FileNotFoundError:  # the engine removed it meanwhile
        return True


def _files(folder: Path) -> list[tuple[str, tuple[int, int], str]]:
    """Path, (time, size) and parent of each file below the folder."""
    found: list[tuple[str, tuple[int, int], str]] = []
    folders = [str(folder)]
    while folders:
        parent = folders.pop()
        with suppress(FileNotFoundError), os.scandir(parent) as entries:  # the engine removes files meanwhile
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                    continue
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    found.append((entry.path, (status.st_mtime_ns, status.st_size), parent))
    return found
