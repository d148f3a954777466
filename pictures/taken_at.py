"""When a picture was taken, as its file tells it."""

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from pictures import exif, xmp
from pictures.exif import Exif
from pictures.tiff import Value
from pictures.wording import decoded
from pictures.xmp import Xmp

_DATE = re.compile(r"(\d{4})[:/-](\d{1,2})[:/-](\d{1,2})[ T](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,12}))?")
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")
_DIGITS = re.compile(r"\d{1,12}")
_FIRST_YEAR = 1800  # before photography; an earlier date is a fault of the file
_MAX_OFFSET = timedelta(hours=14)

_Taken = tuple[datetime | None, timedelta | None]


def read_taken_at(block: Exif, packet: Xmp, png_creation_time: str) -> _Taken:
    """Civil time, and its offset from UTC where the file tells it.

    It is the time of exposure; where the file lacks it that of digitizing, then that of the last change, by EXIF.
    Without any of these it is what XMP or a PNG's text tell.
    """
    fields, main = block.exif, block.main
    for time, fraction, offset in (
        (fields.get(exif.DATE_TIME_ORIGINAL), exif.SUB_SECONDS_ORIGINAL, exif.OFFSET_TIME_ORIGINAL),
        (fields.get(exif.DATE_TIME_DIGITIZED), exif.SUB_SECONDS_DIGITIZED, exif.OFFSET_TIME_DIGITIZED),
        (main.get(exif.DATE_TIME), exif.SUB_SECONDS, exif.OFFSET_TIME),
    ):
        taken_at, _ = _read(decoded(time))
        if taken_at is not None:
            if not taken_at.microsecond:
                taken_at = taken_at.replace(microsecond=_microseconds(fields.get(fraction)))
            return taken_at, _offset(decoded(fields.get(offset)))
    for text in (*map(packet.first, xmp.TAKEN_AT), png_creation_time):
        taken_at, utc_offset = _read(text.strip())
        if taken_at is not None:
            return taken_at, utc_offset
    return _read_mail_date(png_creation_time)


def _read(text: str) -> _Taken:
    match = _DATE.match(text)
    if match is None:
        return None, None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if year < _FIRST_YEAR:
        return None, None
    fraction = int((match[7] or "0").ljust(6, "0")[:6])
    try:
        taken_at = datetime(year, month, day, hour, minute, second, fraction)  # noqa: DTZ001 - civil time has no zone
    except ValueError:
        return None, None
    return taken_at, _offset(text[match.end() :].strip())


def _read_mail_date(text: str) -> _Taken:
    """The form of RFC 1123, which PNG's specification suggests."""
    if len(text) > 64:
        return None, None
    try:
        read = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None, None
    return (read.replace(tzinfo=None), read.utcoffset()) if read.year >= _FIRST_YEAR else (None, None)


def _microseconds(value: Value | None) -> int:
    match = _DIGITS.match(decoded(value))
    return int(match[0].ljust(6, "0")[:6]) if match else 0


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
