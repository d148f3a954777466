"""Which photos a filter keeps, one by one."""

import math
from typing import Any

from imagesearch.search.v1 import search_pb2
from imagesearch.type.v1 import image_pb2

_EARTH_RADIUS_METERS = 6_371_008.77


def matches(photo: image_pb2.Image, kept: search_pb2.Filter) -> bool:
    """Whether the photo meets every part."""
    return (
        _taken_in_time(photo, kept)
        and (not kept.folders or any(_lies_in(photo, folder) for folder in kept.folders))
        and (not kept.HasField("bounding_box") or _in_box(photo, kept.bounding_box))
        and (not kept.HasField("nearby") or _near(photo, kept.nearby))
        and (not kept.cameras or any(_taken_with(photo, camera) for camera in kept.cameras))
        and (not kept.media_types or photo.media_type in kept.media_types)
    )


def civil_time(photo: image_pb2.Image) -> tuple[int, ...]:
    """When it was taken, to the minute; zeros if that is not known."""
    taken = photo.taken_at
    return taken.year, taken.month, taken.day, taken.hours, taken.minutes


def _taken_in_time(photo: image_pb2.Image, kept: search_pb2.Filter) -> bool:
    if kept.HasField("taken_from") and not (photo.taken_at.year and civil_time(photo) >= _bound(kept.taken_from)):
        return False
    return not kept.HasField("taken_before") or bool(
        photo.taken_at.year and civil_time(photo) < _bound(kept.taken_before)
    )


def _bound(time: Any) -> tuple[int, ...]:
    return time.year, time.month or 1, time.day or 1, 0, 0


def _taken_with(photo: image_pb2.Image, camera: image_pb2.Camera) -> bool:
    return photo.HasField("camera") and (photo.camera.make, photo.camera.model) == (camera.make, camera.model)


def _lies_in(photo: image_pb2.Image, folder: search_pb2.Folder) -> bool:
    inside = not folder.path or photo.relative_path.startswith(f"{folder.path}/")
    return inside and photo.source == folder.source


def _in_box(photo: image_pb2.Image, box: search_pb2.BoundingBox) -> bool:
    if not photo.HasField("location") or not box.south <= photo.location.latitude <= box.north:
        return False
    meets = photo.location.longitude >= box.west, photo.location.longitude <= box.east
    return any(meets) if box.west > box.east else all(meets)


def _near(photo: image_pb2.Image, nearby: search_pb2.Nearby) -> bool:
    """By the haversine formula."""
    if not photo.HasField("location"):
        return False
    here, there = photo.location, nearby.center
    latitudes = math.radians(here.latitude), math.radians(there.latitude)
    north, east = latitudes[0] - latitudes[1], math.radians(here.longitude - there.longitude)
    chord = math.sin(north / 2) ** 2 + math.cos(latitudes[0]) * math.cos(latitudes[1]) * math.sin(east / 2) ** 2
    return 2 * _EARTH_RADIUS_METERS * math.asin(math.sqrt(chord)) <= nearby.radius_meters
