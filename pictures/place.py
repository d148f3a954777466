"""Where a picture was taken, from EXIF's GPS fields."""

from collections.abc import Mapping

from pictures import exif
from pictures.tiff import Value
from pictures.wording import decoded

# No photo comes from below the deepest mine or ocean, or from above where air and balloons end.
_LOWEST, _HIGHEST = -12_000, 100_000


def read_position(gps: Mapping[int, Value]) -> tuple[float | None, float | None]:
    """Latitude and longitude. Exactly (0, 0) counts as missing: it is what devices write that had no fix."""
    latitude = _degrees(gps.get(exif.GPS_LATITUDE), gps.get(exif.GPS_LATITUDE_REF), "N", "S", 90)
    longitude = _degrees(gps.get(exif.GPS_LONGITUDE), gps.get(exif.GPS_LONGITUDE_REF), "E", "W", 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None, None
    return latitude, longitude


def read_altitude(gps: Mapping[int, Value]) -> float | None:
    """Metres above sea level, negative below."""
    value = gps.get(exif.GPS_ALTITUDE)
    if not isinstance(value, tuple) or len(value) != 2 or value[1] <= 0:
        return None
    altitude = value[0] / value[1]
    if gps.get(exif.GPS_ALTITUDE_REF) in (b"\x01", b"1", b"1\x00"):
        altitude = -altitude
    return altitude if _LOWEST <= altitude <= _HIGHEST else None


def _degrees(value: Value | None, hemisphere: Value | None, positive: str, negative: str, limit: int) -> float | None:
    """Degrees, minutes and seconds as rationals; minutes and seconds may be left out."""
    letter = decoded(hemisphere)[:1].upper()
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
