"""Picture files made for the tests: encoded pictures, EXIF blocks, a HEIC and an ICC profile."""

import base64
import io
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 60), (30, 60, 200), (255, 255, 255)

# What a camera does to the upright pixels before it writes them with an orientation of 2 to 8.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}

UPRIGHT_CORNERS = [RED, GREEN, BLUE, WHITE]

ExifValue = bytes | int | Sequence[tuple[int, int]]


def four_colours(width: int = 128, height: int = 64) -> Image.Image:
    """Red, green, blue and white in the four quarters: every turn and flip of it looks different."""
    image = Image.new("RGB", (width, height), WHITE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def corners(image: Image.Image) -> list[tuple[int, int, int]]:
    """The colours in the middle of the four quarters, in reading order, each the nearest of the four."""
    width, height = image.size
    found = []
    for x, y in ((1, 1), (3, 1), (1, 3), (3, 3)):
        pixel = image.getpixel((x * width // 4, y * height // 4))
        assert isinstance(pixel, tuple)
        found.append(min((RED, GREEN, BLUE, WHITE), key=lambda colour: _distance(colour, pixel)))
    return found


def encoded(image: Image.Image, format_: str, **options: Any) -> bytes:
    """The picture as a file of one of Pillow's formats."""
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def exif_block(
    main: Mapping[int, ExifValue] | None = None,
    exif: Mapping[int, ExifValue] | None = None,
    gps: Mapping[int, ExifValue] | None = None,
    *,
    order: str = "<",
) -> bytes:
    """An EXIF block as JPEG carries it, byte by byte, so that it may hold nonsense that no library writes."""
    directories = [dict(main or {}), dict(exif or {}), dict(gps or {})]
    starts = [8]
    directories[0][0x8769] = directories[0][0x8825] = 0  # room for the pointers
    for directory in directories:
        starts.append(starts[-1] + len(_directory(directory, order, 0)))
    directories[0][0x8769], directories[0][0x8825] = starts[1], starts[2]
    head = b"II*\x00" if order == "<" else b"MM\x00*"
    body = b"".join(_directory(directory, order, start) for directory, start in zip(directories, starts, strict=False))
    return b"Exif\x00\x00" + head + struct.pack(order + "L", 8) + body


def display_p3_profile() -> bytes:
    """An ICC profile with Display P3's primaries, adapted to D50, and a gamma of 2.2."""
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">L", 11) + b"Wide gamut\x00" + bytes(78),
        b"wtpt": _xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": _xyz(0.5151, 0.2412, -0.0011),
        b"gXYZ": _xyz(0.2920, 0.6922, 0.0419),
        b"bXYZ": _xyz(0.1571, 0.0666, 0.7841),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"curv" + bytes(4) + struct.pack(">LH", 1, round(2.2 * 256))),
    }
    table, body, start = struct.pack(">L", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        padded = content + bytes(-len(content) % 4)
        table += name + struct.pack(">LL", start + len(body), len(content))
        body += padded
    size = struct.pack(">L", start + len(body))
    header = size + bytes(4) + b"\x02\x40\x00\x00mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
    header += struct.pack(">lll", *(round(value * 65536) for value in (0.9642, 1.0, 0.8249)))
    return header.ljust(128, b"\x00") + table + body


def heic(*, turns: int = 0, exif: bytes | None = None, primary: int = 1) -> bytes:
    """A HEIC of two pictures: 1 is `four_colours()`, 2 is dark grey. `turns` are quarter turns to the left (box irot).

    The container is written here; the two pictures were encoded beforehand, since no package here encodes HEVC.
    """
    contents = [_HEVC_FOUR_COLOURS, _HEVC_GREY] + ([struct.pack(">L", 6) + exif] if exif else [])
    kinds = [b"hvc1", b"hvc1", b"Exif"][: len(contents)]
    items = [
        _box(b"infe", struct.pack(">HH", number, 0) + kind + b"\x00", version=2) for number, kind in enumerate(kinds, 1)
    ]
    properties = _box(b"hvcC", _HEVC_CONFIGURATION) + _box(b"ispe", struct.pack(">LL", 128, 64), version=0)
    properties += _box(b"irot", bytes([turns]))
    associations = struct.pack(">L", 2) + b"".join(struct.pack(">HB3B", n, 3, 0x81, 2, 0x83) for n in (1, 2))
    boxes = [
        _box(b"hdlr", bytes(4) + b"pict" + bytes(13), version=0),
        _box(b"pitm", struct.pack(">H", primary), version=0),
        _box(b"iinf", struct.pack(">H", len(items)) + b"".join(items), version=0),
        _box(b"iprp", _box(b"ipco", properties) + _box(b"ipma", associations, version=0)),
    ]
    if exif:
        boxes.append(_box(b"iref", _box(b"cdsc", struct.pack(">HHH", 3, 1, primary)), version=0))
    file_type = _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    location_size = 16 + 14 * len(contents)
    start = len(file_type) + 12 + sum(map(len, boxes)) + location_size + 8
    entries = b""
    for number, content in enumerate(contents, 1):
        entries += struct.pack(">HHHLL", number, 0, 1, start, len(content))
        start += len(content)
    boxes.append(_box(b"iloc", b"\x44\x00" + struct.pack(">H", len(contents)) + entries, version=0))
    assert len(boxes[-1]) == location_size
    return file_type + _box(b"meta", b"".join(boxes), version=0) + _box(b"mdat", b"".join(contents))


def _box(kind: bytes, content: bytes, *, version: int | None = None) -> bytes:
    if version is not None:
        content = bytes([version, 0, 0, 0]) + content
    return struct.pack(">L", 8 + len(content)) + kind + content


def _xyz(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">lll", *(round(value * 65536) for value in values))


def _directory(fields: Mapping[int, ExifValue], order: str, start: int) -> bytes:
    """A TIFF directory that begins at `start`, with the values that need room behind it."""
    entries, values = b"", b""
    room = start + 2 + 12 * len(fields) + 4
    for tag, value in sorted(fields.items()):
        if isinstance(value, int):
            kind, count, content = (
                (4, 1, struct.pack(order + "L", value)) if tag > 0x8000 else (3, 1, _short(value, order))
            )
        elif isinstance(value, bytes):
            kind, count, content = 2, len(value), value
        else:
            kind, count = 5, len(value)
            content = b"".join(struct.pack(order + "LL", *part) for part in value)
        if len(content) > 4:
            values += content
            content = struct.pack(order + "L", room + len(values) - len(content))
        entries += struct.pack(order + "HHL", tag, kind, count) + content.ljust(4, b"\x00")
    return struct.pack(order + "H", len(fields)) + entries + bytes(4) + values


def _short(value: int, order: str) -> bytes:
    return struct.pack(order + "H", value)


def _distance(first: Sequence[float], second: Sequence[float]) -> float:
    return sum((a - b) ** 2 for a, b in zip(first, second, strict=True))


_HEVC_CONFIGURATION = base64.b64decode(
    "AQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoBAgQWW6kkprm4CG"
    "gwIAAAMAMgAAAwACEGIAAQAHRAHBcrAiQA=="
)
_HEVC_FOUR_COLOURS = base64.b64decode(
    "AAAAdSgBrw7g6DMAwHJ1/u3tf//MkPIfyi2oNreSf9SZbT/AK1//4vBTLhhiOFrfFSErufau+Fll/x9E6gZg13eUkEesEyYnqML4LJbhxDGbx3K0dpZ2"
    "HMEuhxPp8jOB6f/7jNqxy8S/+XZfH+ZCCr7IvjPEf7gY3g=="
)
_HEVC_GREY = base64.b64decode("AAAAGCgBrw7gNPMa0J1/3FufJe7EdUUEEho7gA==")
