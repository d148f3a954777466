"""Filters as they stand in a JSON body."""

from typing import Annotated

from pydantic import Field

from gateway.body_parts import Number, Part, Text
from gateway.errors import InvalidField
from gateway.filter import (
    MAX_FILTER_VALUES,
    MAX_LATITUDE,
    MAX_LONGITUDE,
    BoundingBox,
    Camera,
    Filter,
    Folder,
    Nearby,
)
from gateway.filter_parameters import read_civil_time

_Latitude = Annotated[Number, Field(ge=-MAX_LATITUDE, le=MAX_LATITUDE)]
_Longitude = Annotated[Number, Field(ge=-MAX_LONGITUDE, le=MAX_LONGITUDE)]


class _Folder(Part):
    source: Text = Field(min_length=1)
    path: Text = ""


class _BoundingBox(Part):
    south: _Latitude
    west: _Longitude
    north: _Latitude
    east: _Longitude


class _Nearby(Part):
    latitude: _Latitude
    longitude: _Longitude
    radius_meters: Number = Field(gt=0)


class _Camera(Part):
    make: Text = ""
    model: Text = ""


class FilterPart(Part):
    """The member `filter` of a body."""

    taken_from: str | None = None
    taken_before: str | None = None
    folders: list[_Folder] = Field(default_factory=list, max_length=MAX_FILTER_VALUES)
    bounding_box: _BoundingBox | None = None
    nearby: _Nearby | None = None
    cameras: list[_Camera] = Field(default_factory=list, max_length=MAX_FILTER_VALUES)
    media_types: list[Annotated[Text, Field(min_length=1)]] = Field(default_factory=list, max_length=MAX_FILTER_VALUES)


def read_filter_part(part: FilterPart) -> Filter:
    """The filter that the member names. Raises InvalidField."""
    return Filter(
        taken_from=read_civil_time("filter.taken_from", part.taken_from) if part.taken_from else None,
        taken_before=read_civil_time("filter.taken_before", part.taken_before) if part.taken_before else None,
        folders=tuple(Folder(folder.source, folder.path.strip("/")) for folder in part.folders),
        bounding_box=_bounding_box(part.bounding_box) if part.bounding_box else None,
        nearby=Nearby(part.nearby.latitude, part.nearby.longitude, part.nearby.radius_meters) if part.nearby else None,
        cameras=tuple(_camera(f"filter.cameras[{number}]", camera) for number, camera in enumerate(part.cameras)),
        media_types=tuple(part.media_types),
    )


def _bounding_box(box: _BoundingBox) -> BoundingBox:
    if box.south > box.north:
        raise InvalidField("filter.bounding_box", "its south lies north of its north. Exchange the two.")
    return BoundingBox(box.south, box.west, box.north, box.east)


def _camera(name: str, camera: _Camera) -> Camera:
    if not camera.model_fields_set:
        raise InvalidField(name, "give its make or model, or both, as they stand in a photo.")
    return Camera(camera.make, camera.model)
