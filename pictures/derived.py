"""Thumbnails and previews as they are kept: under the content of the photo, wherever and by whom they were made."""

import re
from enum import Enum

# Raise it when the same photo would give another picture: what was kept before is then not used any more.
VERSION = 1

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Size(Enum):
    """The longest edge in pixels."""

    THUMBNAIL = 400
    PREVIEW = 1600

    @property
    def useful_edge(self) -> int:
        """What to ask of `read_picture`, which delivers at least twice of it."""
        return self.value // 2


def derived_key(content_sha256: str, size: Size) -> str | None:
    """Where the picture is kept. None if the hash is none: it becomes a part of a path."""
    if not _SHA256.fullmatch(content_sha256):
        return None
    return f"{VERSION}/{size.value}/{content_sha256[:2]}/{content_sha256}"
