"""Why a file can't be used as a picture.

PictureError
 ├── Undecodable   it is no picture that can be read
 └── TooLarge      it has more bytes, pixels or frames than the limit
"""

from typing import Literal


class PictureError(Exception):
    """A file can't be used as a picture. Its text is a sentence for a person."""


class Undecodable(PictureError):
    """The bytes are no picture that can be read: not an image, broken, cut off or of a rare kind."""


class TooLarge(PictureError):
    """The picture is beyond a limit. It was not decoded."""

    def __init__(self, limit: int, actual: int, unit: Literal["bytes", "pixels", "frames"]) -> None:
        """`limit` and `actual` are counts of `unit`."""
        super().__init__(f"The picture has {actual:,} {unit}, more than the limit of {limit:,}. Reduce it.")
        self.limit = limit
        self.actual = actual
        self.unit = unit
