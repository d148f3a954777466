"""The picture that is sent to the embedder in place of the original."""

import io

from PIL import Image

_LONGEST_EDGE = 16  # times useful_edge; only pictures longer than 8:1 get there
_JPEG_LONGEST_EDGE = 65_000


def reduced_picture(image: Image.Image, useful_edge: int) -> bytes:
    """An encoded picture, without metadata, which a model that needs `useful_edge` pixels embeds like the original.

    The shortest edge is reduced to twice `useful_edge`, if it is longer.
    """
    size = _reduced_size(image.size, useful_edge)
    reduced = image.resize(size, Image.Resampling.BICUBIC) if size != image.size else image.copy()
    reduced.info.clear()
    encoded = io.BytesIO()
    if min(size) <= useful_edge:
        reduced.save(encoded, "PNG", compress_level=3)
    else:
        reduced.save(encoded, "JPEG", quality=95, subsampling="4:4:4")
    return encoded.getvalue()


def _reduced_size(size: tuple[int, int], useful_edge: int) -> tuple[int, int]:
    shortest, longest = min(size), max(size)
    scale = 2 * useful_edge / shortest
    scale = min(scale, max(_LONGEST_EDGE * useful_edge / longest, useful_edge / shortest))
    scale = min(scale, _JPEG_LONGEST_EDGE / longest)
    if scale >= 1:
        return size
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
