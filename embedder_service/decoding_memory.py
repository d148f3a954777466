"""How much memory it takes to decode a picture, by what its first bytes tell."""

from dataclasses import replace
from typing import IO, cast

from PIL.ImageFile import ImageFile

from pictures.decode import read_picture
from pictures.decoders import open_file
from pictures.errors import PictureError, TooLarge
from pictures.formats import SNIFF_BYTES, PictureFormat, sniff
from pictures.limits import Limits

# Bytes a pixel while a picture is decoded: see pictures/limits.py.
_PIXEL = 11
_WEBP_PIXEL = 17
# The coefficients of a JPEG in several scans, such as a progressive one, are kept for the whole picture, whatever scale
# it is decoded at: two bytes for each of up to four colours.
_COEFFICIENTS_PIXEL = 8


def decoding_bytes(data: bytes, *, limits: Limits, useful_edge: int) -> int:
    """The most that `read_picture` takes with these arguments; 0 for what it refuses without decoding it.

    Reads no pixels. MemoryError passes.
    """
    format_ = sniff(data[:SNIFF_BYTES])
    if format_ is PictureFormat.JPEG:
        return _jpeg_bytes(data, limits, useful_edge)
    pixels = _pixels(data, limits)
    return pixels * (_WEBP_PIXEL if format_ is PictureFormat.WEBP else _PIXEL)


def _jpeg_bytes(data: bytes, limits: Limits, useful_edge: int) -> int:
    try:
        with open_file(PictureFormat.JPEG, data) as file:
            whole = file.width * file.height
            if whole > limits.max_pixels:
                return 0
            kept = _COEFFICIENTS_PIXEL * whole if _has_several_scans(file, data) else 0
            file.draft(None, (2 * useful_edge, 2 * useful_edge))
            return kept + _PIXEL * file.width * file.height
    except MemoryError:
        raise
    except Exception:  # what the decoder raises for a broken header, it raises again when the picture is read
        return 0


def _has_several_scans(file: ImageFile, data: bytes) -> bool:
    """Whether it is progressive, or the first scan, whose header the file was opened up to, holds not all colours."""
    colours = len(file.getbands())
    header = bytes((0xFF, 0xDA, 0, 6 + 2 * colours, colours))
    end = cast("IO[bytes]", file.fp).tell()
    return "progressive" in file.info or not data.startswith(header, end - 8 - 2 * colours)


def _pixels(data: bytes, limits: Limits) -> int:
    """Found by asking for a picture without any: every format is refused before its pixels are decoded."""
    try:
        read_picture(data, limits=replace(limits, max_pixels=0))
    except TooLarge as error:
        return error.actual if error.unit == "pixels" and error.actual <= limits.max_pixels else 0
    except PictureError:
        pass
    return 0
