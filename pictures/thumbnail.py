"""Small pictures for the page."""

import io
from typing import Final

from PIL import Image

THUMBNAIL_MEDIA_TYPE: Final = "image/webp"

_WEBP_LONGEST_EDGE = 16_383


def thumbnail(image: Image.Image, longest_edge: int) -> bytes:
    """An encoded picture whose longest edge has at most `longest_edge` pixels (never more than the picture has)."""
    longest_edge = min(longest_edge, _WEBP_LONGEST_EDGE)
    small = image.copy()
    small.thumbnail((longest_edge, longest_edge), Image.Resampling.LANCZOS)
    small.info.clear()
    encoded = io.BytesIO()
    small.save(encoded, "WEBP", quality=80, method=4)
    return encoded.getvalue()
