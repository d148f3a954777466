"""Reads the few EXIF fields that this project needs, from the TIFF structure that all formats carry them in.

Pillow has a reader too; this one works in bounded time on hostile files (it touches only the fields asked for), gives
texts as bytes (cameras write many encodings) and prints no warnings on broken ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pictures.tiff import Header, Value, read_directory, read_header

IMAGE_DESCRIPTION: Final = 0x010E
MAKE: Final = 0x010F
MODEL: Final = 0x0110
ORIENTATION: Final = 0x0112
DATE_TIME: Final = 0x0132
RATING: Final = 0x4746
LENS_INFO: Final = 0xC630
DATE_TIME_ORIGINAL: Final = 0x9003
DATE_TIME_DIGITIZED: Final = 0x9004
OFFSET_TIME: Final = 0x9010
OFFSET_TIME_ORIGINAL: Final = 0x9011
OFFSET_TIME_DIGITIZED: Final = 0x9012
USER_COMMENT: Final = 0x9286
SUB_SECONDS: Final = 0x9290
SUB_SECONDS_ORIGINAL: Final = 0x9291
SUB_SECONDS_DIGITIZED: Final = 0x9292
LENS_SPECIFICATION: Final = 0xA432
LENS_MAKE: Final = 0xA433
LENS_MODEL: Final = 0xA434
GPS_LATITUDE_REF: Final = 1
GPS_LATITUDE: Final = 2
GPS_LONGITUDE_REF: Final = 3
GPS_LONGITUDE: Final = 4
GPS_ALTITUDE_REF: Final = 5
GPS_ALTITUDE: Final = 6

_EXIF_DIRECTORY = 0x8769
_GPS_DIRECTORY = 0x8825
_MAIN_FIELDS = frozenset(
    {IMAGE_DESCRIPTION, MAKE, MODEL, ORIENTATION, DATE_TIME, RATING, LENS_INFO, _EXIF_DIRECTORY, _GPS_DIRECTORY}
)
_EXIF_FIELDS = frozenset(
    {
        DATE_TIME_ORIGINAL,
        DATE_TIME_DIGITIZED,
        OFFSET_TIME,
        OFFSET_TIME_ORIGINAL,
        OFFSET_TIME_DIGITIZED,
        USER_COMMENT,
        SUB_SECONDS,
        SUB_SECONDS_ORIGINAL,
        SUB_SECONDS_DIGITIZED,
        LENS_SPECIFICATION,
        LENS_MAKE,
        LENS_MODEL,
    }
)
_GPS_FIELDS = frozenset(range(GPS_LATITUDE_REF, GPS_ALTITUDE + 1))


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

    def filled_from(self, other: "Exif") -> "Exif":
        """The same with what it lacks taken from `other`. A place is taken whole or not at all."""
        return Exif({**other.main, **self.main}, {**other.exif, **self.exif}, self.gps or other.gps)


def read_exif(block: bytes) -> Exif:
    """Reads an EXIF block, with or without the letters "Exif" before it, or a TIFF file.

    Never fails: what is broken is left out.
    """
    start = 0
    while block.startswith(b"Exif\x00", start) and start < 60:
        start += 6
    block = block[start:] if start else block
    header = read_header(block)
    if header is None:
        return Exif()
    main = read_directory(block, header, header.first, _MAIN_FIELDS)
    return Exif(
        main.fields,
        read_directory(block, header, main.number(_EXIF_DIRECTORY) or 0, _EXIF_FIELDS).fields,
        read_directory(block, header, main.number(_GPS_DIRECTORY) or 0, _GPS_FIELDS).fields,
    )


def join_exif(main: bytes, exif: bytes, gps: bytes) -> Exif:
    """The same of three blocks, each of whose first directory is one of the three, as CR3 has them."""
    return Exif(_first(main, _MAIN_FIELDS), _first(exif, _EXIF_FIELDS), _first(gps, _GPS_FIELDS))


def _first(block: bytes, wanted: frozenset[int]) -> Mapping[int, Value]:
    header: Header | None = read_header(block)
    return read_directory(block, header, header.first, wanted).fields if header is not None else {}
