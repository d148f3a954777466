"""Which photos each facet counts, and which of its values it has."""

from collections.abc import Mapping
from dataclasses import replace

from search_service.facets import CameraCount, FolderCount, MediaTypeCount, MonthCount, TileCount
from search_service.images import Filter, Folder
from search_service.photo_facts import Camera, Location

# So many of the folders that a filter names have the folders under them counted.
MAX_OPENED_FOLDERS = 20


def without_folders(keep: Filter) -> Filter:
    """The filter for the folders."""
    return replace(keep, folders=())


def without_times(keep: Filter) -> Filter:
    """The filter for the months."""
    return replace(keep, taken_from=None, taken_before=None)


def without_cameras(keep: Filter) -> Filter:
    """The filter for the cameras."""
    return replace(keep, cameras=())


def without_media_types(keep: Filter) -> Filter:
    """The filter for the formats."""
    return replace(keep, media_types=())


def without_places(keep: Filter) -> Filter:
    """The filter for the tiles."""
    return replace(keep, bounding_box=None, nearby=None)


def opened_folders(keep: Filter) -> list[Folder]:
    """The folders that the filter names, in so far as what lies right under them is counted of itself."""
    named = dict.fromkeys(folder for folder in keep.folders if folder.path)
    return list(named)[:MAX_OPENED_FOLDERS]


def folder_values(outer: Mapping[Folder, int], opened: Mapping[Folder, int], limit: int) -> list[FolderCount]:
    """Of the sources with the folders right under them, and of those under opened ones, which go first."""
    chosen = [*_most(opened, limit), *_most(outer, limit)]
    counts = [FolderCount(folder.source, folder.path, count) for folder, count in chosen[:limit]]
    return sorted(counts, key=lambda one: (-one.image_count, one.source, one.path))


def month_values(counts: Mapping[tuple[int, int], int], limit: int) -> list[MonthCount]:
    """The newest months of these, (year, month), newest first."""
    newest = sorted(counts.items(), reverse=True)[:limit]
    return [MonthCount(year, month, count) for (year, month), count in newest]


def camera_values(counts: Mapping[Camera, int], limit: int) -> list[CameraCount]:
    """The cameras of the most photos."""
    values = [CameraCount(camera, count) for camera, count in counts.items()]
    return sorted(values, key=lambda one: (-one.image_count, one.camera.make, one.camera.model))[:limit]


def media_type_values(counts: Mapping[str, int], limit: int) -> list[MediaTypeCount]:
    """The formats of the most photos."""
    values = [MediaTypeCount(media_type, count) for media_type, count in counts.items()]
    return sorted(values, key=lambda one: (-one.image_count, one.media_type))[:limit]


def tile_values(counts: Mapping[tuple[int, int], tuple[int, Location]], limit: int) -> list[TileCount]:
    """The tiles, (x, y), of the most photos."""
    values = [TileCount(x, y, count, center) for (x, y), (count, center) in counts.items()]
    return sorted(values, key=lambda one: (-one.image_count, one.y, one.x))[:limit]


def _most(counts: Mapping[Folder, int], limit: int) -> list[tuple[Folder, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0].source, item[0].path))[:limit]
