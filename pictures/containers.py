"""What is checked in a file's bytes because its decoder would tell it too late or never."""

import re
from collections.abc import Iterator
from dataclasses import replace

from PIL import Image

from pictures.errors import Undecodable
from pictures.formats import PictureFormat
from pictures.limits import Limits
from pictures.tiff import longest_list, read_directory, read_header

_SECTOR = bytes(512)
_SCAN, _END = b"\xff\xda", b"\xff\xd9"
# In pixels FF stands before 00 or a restart's number.
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
# Of frames that are coded in one go, and of what may stand between with its length: tables, comments, applications'.
_SEQUENTIAL = frozenset({0xC0, 0xC1})
_WITH_LENGTH = frozenset({0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})
# Encoders write up to about 15.
_MAX_JPEG_SCANS = 100
# A TIFF of as many pixels as are allowed has fewer strips or tiles, unless they are tiny.
_MAX_TIFF_LIST = 1_000_000
_TIFF_TILE_WIDTH, _TIFF_TILE_HEIGHT = 0x142, 0x143


def check_end(format_: PictureFormat, data: bytes) -> None:
    """Raises Undecodable if the rest of a file is nothing but zeros, as a copy leaves it that was interrupted.

    The decoders take the zeros for pixels.
    """
    if not data.endswith(_SECTOR):
        return
    last = len(data.rstrip(b"\x00"))
    match format_:
        case PictureFormat.JPEG:
            ended = data.find(b"\xff\xd9", _start_of_pixels(data)) >= 0
        case PictureFormat.PNG:
            ended = b"IEND" in data
        case PictureFormat.WEBP:
            ended = last >= int.from_bytes(data[4:8], "little")
        case PictureFormat.HEIC | PictureFormat.AVIF:
            ended = last + len(_SECTOR) > _end_of_media_data(data, last)
        case _:
            return
    if not ended:
        raise Undecodable(f"The {format_.label} picture is cut off: the rest of the file holds only zeros.")


def check_container(format_: PictureFormat, data: bytes, limits: Limits) -> None:
    """Raises TooLarge if the headers of a GIF, WebP or TIFF say so, Undecodable if what they say makes no sense.

    What it can't read is left for the decoder.

    Pillow counts a GIF's frames by reading them, takes the memory of a WebP's pixels when it opens it, and makes a list
    of all numbers in a field of a TIFF.
    """
    # Pillow's own bound, which it holds for these two formats alone when they are opened.
    if Image.MAX_IMAGE_PIXELS is not None:
        limits = replace(limits, max_pixels=min(limits.max_pixels, 2 * Image.MAX_IMAGE_PIXELS))
    if format_ is PictureFormat.GIF:
        size, frames = _scan_gif(data)
        limits.check_pixels(size)
        limits.check_frames(frames)
    elif format_ is PictureFormat.WEBP:
        limits.check_pixels(_webp_size(data))
    elif format_ is PictureFormat.TIFF:
        _check_tiff(data, limits)
    elif format_ is PictureFormat.JPEG:
        _check_jpeg(data)


def _check_jpeg(data: bytes) -> None:
    # Each scan goes over the whole picture, whatever it holds: thousands of empty ones would take minutes.
    if _has_one_scan(data):
        return
    if data.count(_SCAN) > _MAX_JPEG_SCANS and _count_scans(data) > _MAX_JPEG_SCANS:
        raise Undecodable(f"The JPEG picture is broken: it has more than {_MAX_JPEG_SCANS} scans.")


def _has_one_scan(data: bytes) -> bool:
    """Whether libjpeg takes a second scan for an error: in a sequential JPEG whose first one holds all components.

    Most JPEGs are so, and counting takes a fifteenth of the time of decoding. False if the headers are unusual.
    """
    components = 0
    for marker, position in _header_segments(data):
        if position + 10 > len(data):
            return False
        if marker == _SCAN[1]:
            return data[position + 4] == components > 0
        if marker in _SEQUENTIAL:
            components = data[position + 9]
        elif marker not in _WITH_LENGTH:
            return False
    return False


def _count_scans(data: bytes) -> int:
    """The scans up to the picture's end: other data may follow, such as a film."""
    scans = 0
    position = _start_of_pixels(data)
    while found := _MARKER.search(data, position):
        position = found.start()
        if found[0] == _END:
            break
        scans += found[0] == _SCAN
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return scans


def _check_tiff(data: bytes, limits: Limits) -> None:
    header = read_header(data)
    if header is None:
        raise Undecodable("The TIFF picture is broken or cut off: its header can't be read.")
    if longest_list(data, header, header.first) > _MAX_TIFF_LIST:
        raise Undecodable("The TIFF picture is broken: a field of its directory holds more than a picture can need.")
    tile = read_directory(data, header, header.first, frozenset({_TIFF_TILE_WIDTH, _TIFF_TILE_HEIGHT}))
    limits.check_pixels((tile.number(_TIFF_TILE_WIDTH) or 0, tile.number(_TIFF_TILE_HEIGHT) or 0))


def _start_of_pixels(data: bytes) -> int:
    """Where the first scan of a JPEG begins, behind its metadata and the thumbnail in there; 0 if there is none."""
    return next((position for marker, position in _header_segments(data) if marker == _SCAN[1]), 0)


def _header_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """The marker of each segment of a JPEG up to its pixels, and where it begins."""
    position = 2
    while position + 2 <= len(data) and data[position] == 0xFF:
        yield data[position + 1], position
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")


def _end_of_media_data(data: bytes, position: int) -> int:
    """Where the box of pixels ends that holds `position`; 0 if there is none."""
    start = 0
    while start < position:
        size = int.from_bytes(data[start : start + 4], "big")
        if size == 1:
            size = int.from_bytes(data[start + 8 : start + 16], "big")
        if size < 8:  # 0: up to the end of the file, wherever that was meant to be
            return 0
        if data[start + 4 : start + 8] == b"mdat" and position <= start + size:
            return start + size
        start += size
    return 0


def _scan_gif(data: bytes) -> tuple[tuple[int, int], int]:
    """The size that Pillow gives a GIF (the screen, or more if the first frame is larger) and its number of frames."""
    width, height = _u16(data, 6), _u16(data, 8)
    frames = 0
    position = 13 + _colour_table_bytes(data, 10)
    while position < len(data):
        kind = data[position]
        if kind == 0x2C:
            if frames == 0:
                width = max(width, _u16(data, position + 1) + _u16(data, position + 5))
                height = max(height, _u16(data, position + 3) + _u16(data, position + 7))
            frames += 1
            position += 11 + _colour_table_bytes(data, position + 9)
        elif kind == 0x21:
            position += 2
        else:
            break
        while position < len(data) and data[position]:
            position += 1 + data[position]
        position += 1
    return (width, height), frames


def _colour_table_bytes(data: bytes, flags_at: int) -> int:
    flags = int.from_bytes(data[flags_at : flags_at + 1], "little")
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _webp_size(data: bytes) -> tuple[int, int]:
    """The canvas of a WebP (RFC 9649); (0, 0) if its first chunk is unknown."""
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8 ":
        return _u16(data, 26) & 0x3FFF, _u16(data, 28) & 0x3FFF
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return 0, 0


def _u16(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 2], "little")
