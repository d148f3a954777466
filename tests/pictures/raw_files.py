"""TIFF structures and cameras' raw files made for the tests, laid out as each maker's cameras lay them out."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pictures.formats import PictureFormat
from tests.pictures.files import encoded, four_colours

EDGES = (480, 240)
ORIGINAL, CFA = 0x9003, 32803


@dataclass(frozen=True)
class Place:
    """Content that lies elsewhere in the file; the field holds where."""

    content: bytes


Field = int | bytes | Place | Sequence[tuple[int, int]] | Sequence["Fields"]
Fields = Mapping[int, Field]

RAW_FORMATS = [format_ for format_ in PictureFormat if format_.is_raw]
_MAKES = {
    PictureFormat.DNG: b"Leica\x00",
    PictureFormat.CR2: b"Canon\x00",
    PictureFormat.NEF: b"NIKON CORPORATION\x00",
    PictureFormat.ARW: b"SONY\x00",
    PictureFormat.ORF: b"OLYMPUS\x00",
    PictureFormat.PEF: b"PENTAX\x00",
    PictureFormat.RW2: b"Panasonic\x00",
    PictureFormat.SRW: b"SAMSUNG\x00",
    PictureFormat.OTHER_RAW: b"Hasselblad\x00",
}


def tiff_file(chain: Sequence[Fields], *, head: bytes = b"II*\x00", behind_head: bytes = b"") -> bytes:
    """A TIFF structure of the directories in `chain`, one behind the other."""
    order = "<" if head.startswith(b"I") else ">"
    data = bytearray(head + bytes(4) + behind_head)
    following = 0
    for fields in reversed(chain):
        following = _put_directory(data, fields, following, order)
    data[4:8] = struct.pack(order + "L", following)
    return bytes(data)


def preview(size: tuple[int, int] = EDGES) -> bytes:
    """The JPEG that a camera puts into its raw file."""
    return encoded(four_colours(*size), "JPEG", quality=85)


def raw_file(
    format_: PictureFormat, jpeg: bytes | None = None, *, orientation: int = 1, extra: Fields | None = None
) -> bytes:
    """A raw file with the JPEG where cameras of this maker put it, a thumbnail, and sensor pixels that nobody reads."""
    jpeg = preview() if jpeg is None else jpeg
    pixels = bytes(range(256)) * 8
    thumbnail = preview((160, 120))
    exif: Fields = {ORIGINAL: b"2024:07:01 12:30:45\x00", 0x9291: b"25\x00"}
    main: dict[int, Field] = {
        0x10F: _MAKES.get(format_, b"x\x00"),
        0x110: b"Model 1\x00",
        0x112: orientation,
        **(extra or {}),
    }
    sensor: Fields = {0x100: 4000, 0x101: 3000, 0x103: 1, 0x106: CFA, 0x111: Place(pixels), 0x117: len(pixels)}
    as_jpeg: Fields = {0x103: 6, 0x201: Place(jpeg), 0x202: len(jpeg)}
    strip: Fields = {0xFE: 1, 0x103: 7, 0x106: 6, 0x111: Place(jpeg), 0x117: len(jpeg)}
    small: Fields = {0x103: 6, 0x201: Place(thumbnail), 0x202: len(thumbnail)}
    match format_:
        case PictureFormat.DNG:
            return tiff_file([{**main, 0xC612: b"\x01\x04\x00\x00", 0x14A: [sensor, strip], 0x8769: [exif]}])
        case PictureFormat.CR2:
            first: Fields = {**main, 0x103: 6, 0x111: Place(jpeg), 0x117: len(jpeg), 0x8769: [exif]}
            return tiff_file([first, small, sensor], behind_head=b"CR\x02\x00\x00\x00\x00\x00")
        case PictureFormat.ARW:
            return tiff_file([{**main, **as_jpeg, 0x14A: [sensor], 0x8769: [exif]}, small])
        case PictureFormat.RW2:
            return tiff_file([{**main, 0x2E: jpeg, 0x8769: [exif]}], head=b"IIU\x00")
        case PictureFormat.ORF | PictureFormat.PEF:
            notes: Fields = {**exif, 0x927C: b"MAKER\x00" + jpeg}
            head = b"IIRO" if format_ is PictureFormat.ORF else b"MM\x00*"
            return tiff_file([{**main, **sensor, 0x8769: [notes]}, small], head=head)
        case PictureFormat.RAF:
            start = struct.pack(">LL", 148, len(jpeg))
            return b"FUJIFILMCCD-RAW 0201FF159502".ljust(84, b"\x00") + start + bytes(56) + jpeg + pixels
        case PictureFormat.CR3:
            return _cr3(tiff_file([main]), tiff_file([exif]), thumbnail, jpeg)
        case _:
            return tiff_file([{**main, 0x14A: [as_jpeg, sensor], 0x8769: [exif]}])


def _cr3(main: bytes, exif: bytes, thumbnail: bytes, jpeg: bytes) -> bytes:
    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    tables = (
        _box(b"CMT1", main)
        + _box(b"CMT2", exif)
        + _box(b"CMT4", tiff_file([{}]))
        + _box(b"THMB", bytes(16) + thumbnail)
    )
    file_type = _box(b"ftyp", b"crx " + bytes(4) + b"crx isom")
    return file_type + _box(b"moov", _box(b"uuid", canon + tables)) + _box(b"mdat", bytes(100) + jpeg + bytes(1000))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", 8 + len(content)) + kind + content


def _put_directory(data: bytearray, fields: Fields, following: int, order: str) -> int:
    """Appends what the fields need, then the directory; returns where that begins."""
    entries = b"".join(_entry(data, tag, value, order) for tag, value in sorted(fields.items()))
    data += bytes(len(data) % 2)
    start = len(data)
    data += struct.pack(order + "H", len(fields)) + entries + struct.pack(order + "L", following)
    return start


def _entry(data: bytearray, tag: int, value: Field, order: str) -> bytes:
    kind, count, content = _content(data, value, order)
    if len(content) > 4:
        data += content
        content = struct.pack(order + "L", len(data) - len(content))
    return struct.pack(order + "HHL", tag, kind, count) + content.ljust(4, b"\x00")


def _content(data: bytearray, value: Field, order: str) -> tuple[int, int, bytes]:
    if isinstance(value, Place):
        data += value.content
        return 4, 1, struct.pack(order + "L", len(data) - len(value.content))
    if isinstance(value, int):
        return 4, 1, struct.pack(order + "L", value)
    if isinstance(value, bytes):
        return 7, len(value), value
    below = [_put_directory(data, part, 0, order) for part in value if isinstance(part, Mapping)]
    if below:
        return 4, len(below), struct.pack(f"{order}{len(below)}L", *below)
    numbers = [number for part in value if isinstance(part, tuple) for number in part]
    return 5, len(numbers) // 2, struct.pack(f"{order}{len(numbers)}L", *numbers)
