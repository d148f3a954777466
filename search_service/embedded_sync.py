"""Durability of a table's files. Lance writes each commit to new files and never calls fsync, so this does."""

import os
from contextlib import suppress
from pathlib import Path

from search_service.embedded_state import sync_path


class FolderSync:
    """Knows which files of a folder are on the disk already."""

    def __init__(self, folder: Path, *, synced: bool) -> None:
        """`synced` tells whether what is there now is on the disk."""
        self._folder = folder
        self._synced = {path: stamp for path, stamp, _ in _files(folder)} if synced else {}

    def sync(self) -> None:
        """Waits until all that was written since the last call is on the disk. Raises OSError."""
        present: dict[str, tuple[int, int]] = {}
        changed_folders: set[str] = set()
        for path, stamp, parent in _files(self._folder):
            present[path] = stamp
            if self._synced.get(path) != stamp:
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
