"""Which kind of photo root a person means."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from indexer.apart import check_apart
from indexer.folder_root import FolderRoot
from indexer.patience import Patience
from indexer.photo_root import PhotoRoot
from indexer.store_root import StoreRoot
from pictures.object_store import is_store_url


async def open_photos(location: Path | str, thumbnails: str, patience: Callable[[str], Patience]) -> PhotoRoot:
    """See open_root. A disk that does not answer holds nothing else up.

    Raises SetupTrouble also if the place for thumbnails, if there is one, lies in it.
    """
    await asyncio.to_thread(check_apart, location, thumbnails)
    return await asyncio.to_thread(open_root, location, patience)


def open_root(location: Path | str, patience: Callable[[str], Patience]) -> PhotoRoot:
    """The folder at a path, or what lies below a URL in an object store, with the patience that it is waited for with.

    Blocks. Raises SetupTrouble if it can't be used. Whether a store answers tells `check_still_there`.
    """
    if isinstance(location, str) and is_store_url(location):
        return StoreRoot(location, patience)
    return FolderRoot(location if isinstance(location, Path) else Path(location))
