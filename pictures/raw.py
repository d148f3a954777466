"""The picture in a camera's raw file: the largest JPEG that the camera put there for itself, and the file's EXIF data.

What the sensor saw is not developed. Most raw files are TIFF structures whose directories name their JPEGs; some hide
the largest one in what only their maker describes, or are no TIFF, and are searched for what begins like a JPEG.
"""

from dataclasses import dataclass

from pictures.errors import Undecodable
from pictures.exif import Exif, join_exif, read_exif
from pictures.formats import PictureFormat
from pictures.jpeg_search import find_jpegs, jpeg_size
from pictures.tiff import Directory, Header, read_directory, read_header

# The longest edge in pixels that a preview needs to be worth showing. Thumbnails have 160, often with black bars.
_SMALLEST_EDGE = 300
# What falls short of this is searched for a larger one.
_GOOD_EDGE = 1000
_MAX_DIRECTORIES = 64

_WIDTH, _COMPRESSION, _PHOTOMETRIC, _MAKE, _SUB_DIRECTORIES = 0x100, 0x103, 0x106, 0x10F, 0x14A
_STRIP_OFFSETS, _STRIP_SIZES, _JPEG_OFFSET, _JPEG_SIZE = 0x111, 0x117, 0x201, 0x202
_PANASONIC_JPEG, _DNG_VERSION = 0x2E, 0xC612
_FIELDS = frozenset(
    {_WIDTH, _COMPRESSION, _PHOTOMETRIC, _MAKE, _SUB_DIRECTORIES, _STRIP_OFFSETS, _STRIP_SIZES, _JPEG_OFFSET}
    | {_JPEG_SIZE, _DNG_VERSION}
)
_JPEG_COMPRESSIONS = (6, 7)
# TIFF/EP and DNG: a mosaic of filters, or its colours before they are developed.
_SENSOR_PIXELS = (32803, 34892)
_MAKERS = {
    b"NIKON": PictureFormat.NEF,
    b"SONY": PictureFormat.ARW,
    b"PENTAX": PictureFormat.PEF,
    b"RICOH": PictureFormat.PEF,
    b"SAMSUNG": PictureFormat.SRW,
    b"CANON": PictureFormat.CR2,
}
# Of a CR3: Canon's box of metadata (its tables CMT1, CMT2 and CMT4 are the directories of EXIF).
_CANON_BOX = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")


@dataclass(frozen=True)
class RawPreview:
    """The JPEG to show, and what the raw file itself tells of the photo."""

    jpeg: bytes
    exif: Exif


def told_from_tiff(data: bytes) -> PictureFormat:
    """What a TIFF structure is: a raw file of some maker, or a TIFF picture."""
    directories = _directories(data)
    if not directories:
        return PictureFormat.TIFF
    if data[8:12] in (b"IIII", b"MMMM"):  # Phase One and Leaf
        return PictureFormat.OTHER_RAW
    if _DNG_VERSION in directories[0].fields:
        return PictureFormat.DNG
    if not any(directory.number(_PHOTOMETRIC) in _SENSOR_PIXELS for directory in directories):
        return PictureFormat.TIFF
    make = directories[0].fields.get(_MAKE)
    name = make.upper() if isinstance(make, bytes) else b""
    return next((kind for start, kind in _MAKERS.items() if name.startswith(start)), PictureFormat.OTHER_RAW)


def read_preview(format_: PictureFormat, data: bytes) -> RawPreview:
    """The largest JPEG of a raw file. Raises Undecodable if it has none of a useful size."""
    named = _fuji_jpegs(data) if format_ is PictureFormat.RAF else _named_jpegs(data)
    best = max(named, key=_pixels, default=None)
    # The tiles of a DNG may be JPEGs of their own: only its directories tell which JPEG is a picture.
    if format_ is not PictureFormat.DNG and (best is None or max(best[1]) < _GOOD_EDGE):
        best = max([*named, *find_jpegs(data)], key=_pixels, default=None)
    if best is None or max(best[1]) < _SMALLEST_EDGE:
        raise Undecodable(
            f"This {format_.label} file is cut off or holds no preview of at least {_SMALLEST_EDGE} pixels, and what "
            "the sensor saw is not developed here. Convert it to JPEG or to a DNG with a preview."
        )
    start, _, end = best
    return RawPreview(data[start:end], _canon_exif(data) if format_ is PictureFormat.CR3 else read_exif(data))


# Where a JPEG starts, its width and height, and where it ends at the latest.
_Found = tuple[int, tuple[int, int], int]


def _pixels(found: _Found) -> int:
    return found[1][0] * found[1][1]


def _named_jpegs(data: bytes) -> list[_Found]:
    places: list[tuple[int, int]] = []
    for directory in _directories(data):
        start, size = directory.number(_JPEG_OFFSET), directory.number(_JPEG_SIZE)
        if start and size:
            places.append((start, size))
        starts, sizes = directory.numbers(_STRIP_OFFSETS), directory.numbers(_STRIP_SIZES)
        if directory.number(_COMPRESSION) in _JPEG_COMPRESSIONS and len(starts) == len(sizes) == 1:
            places.append((starts[0], sizes[0]))
    found = []
    for start, length in places:
        size_of_picture = jpeg_size(data, start)
        if size_of_picture is not None and start + length <= len(data):
            found.append((start, size_of_picture, start + length))
    return found


def _fuji_jpegs(data: bytes) -> list[_Found]:
    start, length = int.from_bytes(data[84:88], "big"), int.from_bytes(data[88:92], "big")
    size = jpeg_size(data, start)
    return [(start, size, start + length)] if size is not None and start + length <= len(data) else []


def _directories(data: bytes) -> list[Directory]:
    """The directories of the chain and those below them, each once."""
    header = read_header(data)
    if header is None:
        return []
    found: list[Directory] = []
    seen: set[int] = set()
    left = [header.first]
    while left and len(found) < _MAX_DIRECTORIES:
        start = left.pop(0)
        if start in seen or start == 0:
            continue
        seen.add(start)
        directory = _read(data, header, start)
        found.append(directory)
        left += [directory.next, *directory.numbers(_SUB_DIRECTORIES)[:_MAX_DIRECTORIES]]
    return found


def _read(data: bytes, header: Header, start: int) -> Directory:
    return read_directory(data, header, start, _FIELDS, max_value_bytes=1024)


def _canon_exif(data: bytes) -> Exif:
    tables: dict[bytes, bytes] = {}
    for kind, start, end in _boxes(data, 0, len(data)):
        if kind == b"moov":
            for inner, inner_start, inner_end in _boxes(data, start, end):
                if inner == b"uuid" and data[inner_start : inner_start + 16] == _CANON_BOX:
                    tables = {name: data[a:b] for name, a, b in _boxes(data, inner_start + 16, inner_end)}
    return join_exif(tables.get(b"CMT1", b""), tables.get(b"CMT2", b""), tables.get(b"CMT4", b""))


def _boxes(data: bytes, start: int, end: int) -> list[tuple[bytes, int, int]]:
    """Kind, start and end of the contents of an ISO base media file's boxes, at most the first 64."""
    found: list[tuple[bytes, int, int]] = []
    while start + 8 <= end and len(found) < _MAX_DIRECTORIES:
        size, head = int.from_bytes(data[start : start + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        if size < head or start + size > end:
            break
        found.append((data[start + 4 : start + 8], start + head, start + size))
        start += size
    return found
