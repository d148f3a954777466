"""What there is to choose from: counts of photos by folder, month, camera, format and place."""

from dataclasses import dataclass

from search_service.photo_facts import Camera, Location

MAX_TILE_ZOOM = 20


@dataclass(frozen=True, slots=True)
class FacetOptions:
    """How fine the map's tiles are (0 to MAX_TILE_ZOOM) and how many values each facet has at most."""

    tile_zoom: int = 3
    max_values: int = 100


@dataclass(frozen=True, slots=True)
class FolderCount:
    """Photos in a folder at any depth; without a path in the whole source."""

    source: str
    path: str
    image_count: int


@dataclass(frozen=True, slots=True)
class MonthCount:
    """Photos taken in a month by the camera's clock."""

    year: int
    month: int
    image_count: int


@dataclass(frozen=True, slots=True)
class CameraCount:
    """Photos taken with a camera."""

    camera: Camera
    image_count: int


@dataclass(frozen=True, slots=True)
class MediaTypeCount:
    """Photos of a format."""

    media_type: str
    image_count: int


@dataclass(frozen=True, slots=True)
class TileCount:
    """Photos in a tile of the map (Web Mercator; y from the north), and the mean of their latitudes and longitudes.

    What lies beyond the map's 85.05 degrees belongs to the first or last row.
    """

    x: int
    y: int
    image_count: int
    center: Location


@dataclass(frozen=True, slots=True)
class Facets:
    """Each facet has its values with the most photos, these first, then by name; months are the newest, newest first.

    A facet counts what the filter keeps without its own part. `image_count` is of the whole filter.
    """

    image_count: int
    folders: list[FolderCount]
    months: list[MonthCount]
    cameras: list[CameraCount]
    media_types: list[MediaTypeCount]
    tiles: list[TileCount]
    without_time_count: int
    without_place_count: int
