"""Which photos may be found, in plain values."""

from dataclasses import dataclass

MAX_FILTER_VALUES = 100
MAX_LATITUDE = 90.0
MAX_LONGITUDE = 180.0


@dataclass(frozen=True, slots=True)
class CivilTime:
    """A year, a month or a day; what is not said is 0."""

    year: int
    month: int = 0
    day: int = 0


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of a source; an empty path is the whole source."""

    source: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """Between two parallels and two meridians, in degrees. With west > east it crosses the 180th meridian."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True)
class Nearby:
    """At most `radius_meters`, above 0, away from a place in degrees."""

    latitude: float
    longitude: float
    radius_meters: float


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera as it stands in photos. Either may be empty."""

    make: str
    model: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Photos that meet every part: taken from (inclusive) and before (exclusive) these times, in any of the folders, in
    the box, near the place, with any of the cameras, of any of the formats. What is None or empty keeps all.
    """

    taken_from: CivilTime | None = None
    taken_before: CivilTime | None = None
    folders: tuple[Folder, ...] = ()
    bounding_box: BoundingBox | None = None
    nearby: Nearby | None = None
    cameras: tuple[Camera, ...] = ()
    media_types: tuple[str, ...] = ()
