"""Which kind of photo root a person means."""

from pathlib import Path

from indexer.folder_root import FolderRoot
from indexer.photo_root import PhotoRoot
from indexer.store_root import StoreRoot
from pictures.object_store import is_store_url


def open_root(location: Path | str, wait_seconds: float) -> PhotoRoot:
    """The folder at a path, or what lies below a URL in an object store, which is waited for so long.

    Raises SetupTrouble if it can't be used, ServiceUnreachable if the store does not answer.
    """
    if isinstance(location, str) and is_store_url(location):
        return StoreRoot(location, wait_seconds)
    return FolderRoot(Path(location))
