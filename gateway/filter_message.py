"""Filters as the search service takes them."""

from google.type.datetime_pb2 import DateTime
from google.type.latlng_pb2 import LatLng

from gateway.filter import BoundingBox, CivilTime, Filter, Nearby
from imagesearch.search.v1 import search_pb2
from imagesearch.type.v1 import image_pb2


def filter_message(keep: Filter) -> search_pb2.Filter:
    """The filter as a message."""
    return search_pb2.Filter(
        taken_from=_civil_time(keep.taken_from) if keep.taken_from else None,
        taken_before=_civil_time(keep.taken_before) if keep.taken_before else None,
        folders=[search_pb2.Folder(source=folder.source, path=folder.path) for folder in keep.folders],
        bounding_box=_bounding_box(keep.bounding_box) if keep.bounding_box else None,
        nearby=_nearby(keep.nearby) if keep.nearby else None,
        cameras=[image_pb2.Camera(make=camera.make, model=camera.model) for camera in keep.cameras],
        media_types=keep.media_types,
    )


def _civil_time(time: CivilTime) -> DateTime:
    return DateTime(year=time.year, month=time.month, day=time.day)


def _bounding_box(box: BoundingBox) -> search_pb2.BoundingBox:
    return search_pb2.BoundingBox(south=box.south, west=box.west, north=box.north, east=box.east)


def _nearby(nearby: Nearby) -> search_pb2.Nearby:
    center = LatLng(latitude=nearby.latitude, longitude=nearby.longitude)
    return search_pb2.Nearby(center=center, radius_meters=nearby.radius_meters)
