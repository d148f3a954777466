"""Sees to it that thumbnails are not written where photos are looked for: the next run would index them."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from indexer.errors import SetupTrouble
from pictures.object_store import is_store_url


def check_apart(photos: Path | str, thumbnails: str) -> None:
    """Raises SetupTrouble if the place for thumbnails, if there is one, lies in the folder or URL of the photos.

    Links are followed, and so is another spelling of the same folder. Blocks.
    """
    if not thumbnails:
        return
    if is_store_url(thumbnails) or isinstance(photos, str):
        inside = is_store_url(thumbnails) and isinstance(photos, str) and _is_url_inside(thumbnails, photos)
    else:
        inside = _is_folder_inside(thumbnails, photos)
    if inside:
        raise SetupTrouble(
            f"{thumbnails} lies in {os.fsdecode(photos)}, so the thumbnails would be indexed as photos. Name a place "
            "outside of it for --thumbnails."
        )


def _is_folder_inside(folder: str, root: Path) -> bool:
    resolved = Path(os.path.realpath(os.path.expanduser(folder)))  # noqa: PTH111 Path's raises where there is no home
    return any(_is_same(place, root) for place in (resolved, *resolved.parents))


def _is_same(folder: Path, root: Path) -> bool:
    try:
        return folder.samefile(root)
    except OSError:
        return False


def _is_url_inside(url: str, root: str) -> bool:
    try:
        parts, root_parts = _parts(url), _parts(root)
    except ValueError:  # no URL, as is told when it is opened
        return False
    return parts[: len(root_parts)] == root_parts


def _parts(url: str) -> list[str]:
    """The scheme, the bucket, and what stands between slashes."""
    split = urlsplit(url)
    return [split.scheme.lower(), split.netloc.lower(), *filter(None, unquote(split.path).split("/"))]
