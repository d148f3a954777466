"""Reads the few EXIF fields that this project needs, from the TIFF structure that all formats carry them in.

Pillow has a reader too; this one works in bounded time on hostile files (it touches only the fields asked for), gives
texts as bytes (cameras write many encodings) and prints no warnings on broken ones.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MAKE: Final = 0x010F
MODEL: Final = 0x0110
ORIENTATION: Final = 0x0112
DATE_TIME: Final = 0x0132
DATE_TIME_ORIGINAL: Final = 0x9003
DATE_TIME_DIGITIZED: Final = 0x9004
OFFSET_TIME: Final = 0x9010
OFFSET_TIME_ORIGINAL: Final = 0x9011
OFFSET_TIME_DIGITIZED: Final = 0x9012
GPS_LATITUDE_REF: Final = 1
GPS_LATITUDE: Final = 2
GPS_LONGITUDE_REF: Final = 3
GPS_LONGITUDE: Final = 4

_EXIF_DIRECTORY = 0x8769
_GPS_DIRECTORY = 0x8825
_MAIN_FIELDS = frozenset({MAKE, MODEL, ORIENTATION, DATE_TIME, _EXIF_DIRECTORY, _GPS_DIRECTORY})
_EXIF_FIELDS = frozenset(
    {DATE_TIME_ORIGINAL, DATE_TIME_DIGITIZED, OFFSET_TIME, OFFSET_TIME_ORIGINAL, OFFSET_TIME_DIGITIZED}
)
_GPS_FIELDS = frozenset({GPS_LATITUDE_REF, GPS_LATITUDE, GPS_LONGITUDE_REF, GPS_LONGITUDE})

_MAX_ENTRIES = 4096
_MAX_VALUE_BYTES = 4096
# TIFF 6.0, section 2: bytes of one value and its struct format; None: kept as bytes.
_TYPES: Mapping[int, tuple[int, str | None]] = {
    1: (1, None),
    2: (1, None),
    3: (2, "H"),
    4: (4, "L"),
    5: (8, "LL"),
    7: (1, None),
    8: (2, "h"),
    9: (4, "l"),
    10: (8, "ll"),
    13: (4, "L"),
}

# Bytes of a text, or numbers; a rational is two of them, the numerator first.
Value = bytes | tuple[int, ...]


@dataclass(frozen=True)
class Exif:
    """The fields found, by tag. What is broken or of an unknown type is left out."""

    main: Mapping[int, Value] = field(default_factory=dict)
    exif: Mapping[int, Value] = field(default_factory=dict)
    gps: Mapping[int, Value] = field(default_factory=dict)

    @property
    def orientation(self) -> int:
        """1 to 8 as EXIF counts them; 1 (upright) if it is missing or makes no sense."""
        value = self.main.get(ORIENTATION)
        return value[0] if isinstance(value, tuple) and value and 1 <= value[0] <= 8 else 1


def read_exif(block: bytes) -> Exif:
    """Reads an EXIF block, with or without the letters "Exif" before it. Never fails: what is broken is left out."""
    while block.startswith(b"Exif\x00"):
        block = block[6:]
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return Exif()
    main = _read_directory(block, order, struct.unpack_from(order + "L", block, 4)[0], _MAIN_FIELDS)
    return Exif(
        main,
        _read_directory(block, order, _pointer(main, _EXIF_DIRECTORY), _EXIF_FIELDS),
        _read_directory(block, order, _pointer(main, _GPS_DIRECTORY), _GPS_FIELDS),
    )


def _pointer(directory: Mapping[int, Value], tag: int) -> int:
    value = directory.get(tag)
    return value[0] if isinstance(value, tuple) and value else 0


def _read_directory(block: bytes, order: str, start: int, wanted: frozenset[int]) -> dict[int, Value]:
    fields: dict[int, Value] = {}
    if not 8 <= start <= len(block) - 2:
        return fields
    count = min(struct.unpack_from(order + "H", block, start)[0], _MAX_ENTRIES, (len(block) - start - 2) // 12)
    for number in range(count):
        position = start + 2 + 12 * number
        tag, kind, length = struct.unpack_from(order + "HHL", block, position)
        if tag in wanted and tag not in fields:
            value = _read_value(block, order, position + 8, kind, length)
            if value is not None:
                fields[tag] = value
    return fields


def _read_value(block: bytes, order: str, position: int, kind: int, length: int) -> Value | None:
    width, code = _TYPES.get(kind, (0, None))
    size = width * length
    if not 0 < size <= _MAX_VALUE_BYTES:
        return None
    if size > 4:
        position = struct.unpack_from(order + "L", block, position)[0]
    if position + size > len(block):
        return None
    if code is None:
        return block[position : position + size]
    return struct.unpack_from(order + code * length, block, position)
