"""Filters as they stand in an address: ?taken_from=2024-07&near=48.137,11.575&radius=2000."""

import math
import re
from datetime import date

from multidict import MultiMapping

from gateway.errors import InvalidField
from gateway.filter import MAX_LATITUDE, MAX_LONGITUDE, BoundingBox, Camera, CivilTime, Filter, Folder, Nearby

FILTER_NAMES = (
    *("taken_from", "taken_before", "source", "folder"),
    *("bbox", "near", "radius", "camera_make", "camera_model", "media_type"),
)

_RANGES = "latitudes are between -90 and 90 degrees, longitudes between -180 and 180"
_CIVIL_TIME = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
# float() alone would take nan, inf, 1_0 and the digits of every script.
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


def read_filter(parameters: MultiMapping[str]) -> Filter:
    """The filter that the parameters name; an empty one is as good as none. Raises InvalidField."""
    return Filter(
        taken_from=_civil_time(parameters, "taken_from"),
        taken_before=_civil_time(parameters, "taken_before"),
        folders=(folder,) if (folder := read_folder(parameters)) else (),
        bounding_box=_bounding_box(parameters),
        nearby=_nearby(parameters),
        cameras=_cameras(parameters),
        media_types=_media_types(parameters),
    )


def read_civil_time(name: str, text: str) -> CivilTime:
    """YYYY, YYYY-MM or YYYY-MM-DD. Raises InvalidField under this name."""
    match = _CIVIL_TIME.fullmatch(text)
    if match is None:
        raise InvalidField(name, "write a year, month or day, such as 2024, 2024-07 or 2024-07-01.")
    year, month, day = (int(part or 0) for part in match.groups())
    try:
        date(year, month if match[2] else 1, day if match[3] else 1)
    except ValueError:
        raise InvalidField(name, f"{text} is no date of the calendar.") from None
    return CivilTime(year, month, day)


def read_folder(parameters: MultiMapping[str]) -> Folder | None:
    """The folder, or the whole source, that the parameters name. Raises InvalidField."""
    source, path = parameters.get("source", ""), parameters.get("folder", "").strip("/")
    if path and not source:
        raise InvalidField("folder", "name its source too, in the parameter source.")
    return Folder(source, path) if source else None


def _civil_time(parameters: MultiMapping[str], name: str) -> CivilTime | None:
    text = parameters.get(name, "")
    return read_civil_time(name, text) if text else None


def _bounding_box(parameters: MultiMapping[str]) -> BoundingBox | None:
    text = parameters.get("bbox", "")
    if not text:
        return None
    numbers = _numbers(text)
    if len(numbers) != 4:
        raise InvalidField("bbox", "write WEST,SOUTH,EAST,NORTH in degrees, such as 5.9,45.8,10.5,47.8.")
    west, south, east, north = numbers
    if max(abs(south), abs(north)) > MAX_LATITUDE or max(abs(west), abs(east)) > MAX_LONGITUDE:
        raise InvalidField("bbox", f"{_RANGES}; its order is WEST,SOUTH,EAST,NORTH.")
    if south > north:
        raise InvalidField("bbox", "its south lies north of its north; its order is WEST,SOUTH,EAST,NORTH.")
    return BoundingBox(south, west, north, east)


def _nearby(parameters: MultiMapping[str]) -> Nearby | None:
    near, radius = parameters.get("near", ""), parameters.get("radius", "")
    if not near and not radius:
        return None
    if not radius:
        raise InvalidField("near", "say how far around it too, in metres, in the parameter radius.")
    if not near:
        raise InvalidField("radius", "say around which place too, as LATITUDE,LONGITUDE in the parameter near.")
    return Nearby(*_place(near), _radius(radius))


def _place(text: str) -> tuple[float, float]:
    numbers = _numbers(text)
    if len(numbers) != 2:
        raise InvalidField("near", "write LATITUDE,LONGITUDE in degrees, such as 48.137,11.575.")
    latitude, longitude = numbers
    if abs(latitude) > MAX_LATITUDE or abs(longitude) > MAX_LONGITUDE:
        raise InvalidField("near", f"{_RANGES}; its order is LATITUDE,LONGITUDE.")
    return latitude, longitude


def _radius(text: str) -> float:
    numbers = _numbers(text)
    if len(numbers) != 1 or not 0 < numbers[0] < math.inf:
        raise InvalidField("radius", "write a number of metres above 0, such as 2000.")
    return numbers[0]


def _cameras(parameters: MultiMapping[str]) -> tuple[Camera, ...]:
    make, model = parameters.get("camera_make", ""), parameters.get("camera_model", "")
    return (Camera(make, model),) if make or model else ()


def _media_types(parameters: MultiMapping[str]) -> tuple[str, ...]:
    media_type = parameters.get("media_type", "")
    return (media_type,) if media_type else ()


def _numbers(text: str) -> tuple[float, ...]:
    """The numbers between the commas, or none if one of them is no number."""
    parts = [part.strip(" ") for part in text.split(",")]
    return tuple(map(float, parts)) if all(map(_NUMBER.fullmatch, parts)) else ()
