"""Folders of very many small photos, made quickly: few pictures, each in many files whose bytes differ."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

_PICTURES = 200
_EDGE = 64
_IN_A_FOLDER = 500
_START = b"\xff\xd8"
_COMMENT = b"\xff\xfe"


def write_small_photos(folder: Path, count: int) -> None:
    """`count` JPEGs of 64x64 pixels, 500 in a folder, no two of the same content."""
    pictures = [_picture(number) for number in range(_PICTURES)]
    for number in range(count):
        if number % _IN_A_FOLDER == 0:
            (folder / _folder(number)).mkdir(parents=True)
        data = with_comment(pictures[number % _PICTURES], f"{folder.name} {number}")
        (folder / _folder(number) / f"IMG_{number:06}.jpg").write_bytes(data)


def with_comment(jpeg: bytes, comment: str) -> bytes:
    """The same picture with a comment segment (ITU-T T.81, B.2.4.5) before all others."""
    text = comment.encode()
    return _START + _COMMENT + (len(text) + 2).to_bytes(2, "big") + text + jpeg.removeprefix(_START)


def _folder(number: int) -> str:
    return f"{number // _IN_A_FOLDER:04}"


def _picture(number: int) -> bytes:
    colours = np.random.default_rng(number).integers(0, 256, (4, 4, 3), np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(colours).resize((_EDGE, _EDGE), Image.Resampling.BICUBIC).save(encoded, "JPEG", quality=85)
    return encoded.getvalue()
