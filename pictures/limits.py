"""How large a picture may be. What lies beyond is refused before its pixels are decoded."""

from dataclasses import dataclass

from pictures.errors import TooLarge


@dataclass(frozen=True)
class Limits:
    """The most bytes, pixels (width times height of the whole file) and frames that a picture may have."""

    max_bytes: int
    max_pixels: int
    max_frames: int

    def check_bytes(self, count: int) -> None:
        """Raises TooLarge."""
        if count > self.max_bytes:
            raise TooLarge(self.max_bytes, count, "bytes")

    def check_pixels(self, size: tuple[int, int]) -> None:
        """Raises TooLarge; `size` is width and height."""
        if size[0] * size[1] > self.max_pixels:
            raise TooLarge(self.max_pixels, size[0] * size[1], "pixels")

    def check_frames(self, count: int) -> None:
        """Raises TooLarge."""
        if count > self.max_frames:
            raise TooLarge(self.max_frames, count, "frames")


# Room for the largest photos of phones (200 megapixels). While one is decoded it takes up to 11 bytes a pixel (a PNG
# mostly 8), or 17 if it is a WebP, whose decoder keeps frames of its own. A JPEG read for a model takes far less.
DEFAULT_LIMITS = Limits(max_bytes=256 * 1024 * 1024, max_pixels=200_000_000, max_frames=10_000)
