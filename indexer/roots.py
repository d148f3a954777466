"""Which kind of photo root a person means."""

from pathlib import Path

from indexer.folder_root import FolderRoot
from indexer.photo_root import PhotoRoot


def open_root(location: Path | str) -> PhotoRoot:
    """The folder at a path. Raises SetupTrouble if it can't be used."""
    return FolderRoot(Path(location))
