"""Which kind of photo root a person means."""

from collections.abc import Callable
from pathlib import Path

from indexer.folder_root import FolderRoot
from indexer.patience import Patience
from indexer.photo_root import PhotoRoot
from indexer.store_root import StoreRoot
from pictures.object_store import is_store_url


def open_root(location: Path | str, patience: Callable[[str], Patience]) -> PhotoRoot:
    """The folder at a path, or what lies below a URL in an object store, with the patience that it is waited for with.

    Raises SetupTrouble if it can't be used. Whether a store answers tells `check_still_there`.
    """
    if isinstance(location, str) and is_store_url(location):
        return StoreRoot(location, patience)
    return FolderRoot(Path(location))
