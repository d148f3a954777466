"""What a picture's file tells of itself: when, where and with what it was taken."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from pictures import exif
from pictures.exif import Exif, Value

_DATE = re.compile(r"(\d{4})[:/-](\d{1,2})[:/-](\d{1,2})[ T](\d{1,2}):(\d{1,2}):(\d{1,2})")
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")
_FIRST_YEAR = 1800  # before photography; an earlier date is a fault of the file
_MAX_OFFSET = timedelta(hours=14)


@dataclass(frozen=True)
class Metadata:
    """The facts of a photo; None or "" where the file does not tell them or tells nonsense."""

    taken_at: datetime | None = None
    """Civil time as the camera's clock showed it, without a time zone."""
    utc_offset: timedelta | None = None
    """That of `taken_at`, where the file tells it. Time zones are never guessed."""
    latitude: float | None = None
    """Degrees (WGS 84), north positive, -90 to 90. Present if and only if the longitude is."""
    longitude: float | None = None
    """Degrees (WGS 84), east positive, -180 to 180."""
    camera_make: str = ""
    camera_model: str = ""


def read_metadata(block: Exif) -> Metadata:
    """The facts that an EXIF block tells."""
    taken_at, utc_offset = _taken_at(block)
    latitude, longitude = _position(block)
    return Metadata(
        taken_at,
        utc_offset,
        latitude,
        longitude,
        _text(block.main.get(exif.MAKE)),
        _text(block.main.get(exif.MODEL)),
    )


def _taken_at(block: Exif) -> tuple[datetime | None, timedelta | None]:
    """The time of exposure; where the file lacks it that of digitizing, then that of the last change."""
    candidates = (
        (block.exif.get(exif.DATE_TIME_ORIGINAL), block.exif.get(exif.OFFSET_TIME_ORIGINAL)),
        (block.exif.get(exif.DATE_TIME_DIGITIZED), block.exif.get(exif.OFFSET_TIME_DIGITIZED)),
        (block.main.get(exif.DATE_TIME), block.exif.get(exif.OFFSET_TIME)),
    )
    for time, offset in candidates:
        taken_at = _date(_text(time))
        if taken_at is not None:
            return taken_at, _offset(_text(offset))
    return None, None


def _date(text: str) -> datetime | None:
    match = _DATE.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups())
    if year < _FIRST_YEAR:
        return None
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - civil time has no zone
    except ValueError:
        return None


def _offset(text: str) -> timedelta | None:
    if text == "Z":
        return timedelta()
    match = _OFFSET.fullmatch(text)
    if match is None or int(match[3]) > 59:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    if offset > _MAX_OFFSET:
        return None
    return -offset if match[1] == "-" else offset


def _position(block: Exif) -> tuple[float | None, float | None]:
    """Latitude and longitude. Exactly (0, 0) counts as missing: it is what devices write that had no fix."""
    latitude = _degrees(block.gps.get(exif.GPS_LATITUDE), block.gps.get(exif.GPS_LATITUDE_REF), "N", "S", 90)
    longitude = _degrees(block.gps.get(exif.GPS_LONGITUDE), block.gps.get(exif.GPS_LONGITUDE_REF), "E", "W", 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None, None
    return latitude, longitude


def _degrees(value: Value | None, hemisphere: Value | None, positive: str, negative: str, limit: int) -> float | None:
    """Degrees, minutes and seconds as rationals; minutes and seconds may be left out."""
    letter = _text(hemisphere)[:1].upper()
    if not isinstance(value, tuple) or not 2 <= len(value) <= 6 or len(value) % 2 or letter not in (positive, negative):
        return None
    degrees = 0.0
    for part, (numerator, denominator) in enumerate(zip(value[::2], value[1::2], strict=True)):
        if denominator == 0 or numerator < 0 or denominator < 0:
            return None
        degrees += numerator / denominator / 60**part
    if degrees > limit:
        return None
    return -degrees if letter == negative and degrees else degrees


def _text(value: Value | None) -> str:
    """A text up to its first NUL, in UTF-8 or else Latin-1, without control characters and outer blanks."""
    if not isinstance(value, bytes):
        return ""
    value = value.split(b"\x00", 1)[0]
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return "".join(character for character in text if unicodedata.category(character) != "Cc").strip()
