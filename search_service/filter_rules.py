"""What the parts of a filter may be."""

import math

from search_service.errors import InvalidField
from search_service.image_rules import check_degrees, check_location
from search_service.images import Filter
from search_service.places import BoundingBox, Nearby

MAX_FOLDERS = 100
MAX_CAMERAS = 100
MAX_MEDIA_TYPES = 100


def check_filter(keep: Filter) -> None:
    """Raises InvalidField, naming the field, unless the filter makes sense."""
    if keep.bounding_box:
        _check_bounding_box(keep.bounding_box)
    if keep.nearby:
        _check_nearby(keep.nearby)
    _check_count("filter.folders", len(keep.folders), MAX_FOLDERS)
    _check_count("filter.cameras", len(keep.cameras), MAX_CAMERAS)
    _check_count("filter.media_types", len(keep.media_types), MAX_MEDIA_TYPES)
    for position, media_type in enumerate(keep.media_types):
        if not media_type:
            raise InvalidField(f"filter.media_types[{position}]", "It can't be empty.")


def _check_bounding_box(box: BoundingBox) -> None:
    field = "filter.bounding_box"
    for edge, limit in (("south", 90), ("west", 180), ("north", 90), ("east", 180)):
        check_degrees(f"{field}.{edge}", getattr(box, edge), limit)
    if box.south > box.north:
        raise InvalidField(field, "Its south lies north of its north. Exchange the two.")


def _check_nearby(nearby: Nearby) -> None:
    check_location("filter.nearby.center", nearby.center)
    if not math.isfinite(nearby.radius_meters) or nearby.radius_meters <= 0:
        raise InvalidField("filter.nearby.radius_meters", "It is a number of metres above 0.")


def _check_count(field: str, count: int, limit: int) -> None:
    if count > limit:
        raise InvalidField(field, f"At most {limit} are allowed, {count} were sent.")
