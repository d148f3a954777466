"""Counts of photos, one by one."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeVar

from google.type.latlng_pb2 import LatLng

from imagesearch.search.v1 import search_pb2
from imagesearch.type.v1 import image_pb2
from tests.gateway.fake_filter import matches

_DEFAULT_ZOOM = 3
_DEFAULT_VALUES = 100

_Value = TypeVar("_Value")


def count_facets(
    photos: Sequence[image_pb2.Image], request: search_pb2.GetFacetsRequest
) -> search_pb2.GetFacetsResponse:
    """What GetFacets answers."""
    zoom = request.tile_zoom if request.HasField("tile_zoom") else _DEFAULT_ZOOM
    most = request.max_values or _DEFAULT_VALUES

    def kept(*without: str) -> list[image_pb2.Image]:
        keep = search_pb2.Filter.FromString(request.filter.SerializeToString())
        for name in without:
            keep.ClearField(name)  # type: ignore[arg-type]
        return [photo for photo in photos if matches(photo, keep)]

    folders = Counter(folder for photo in kept("folders") for folder in _folders(photo, request.filter))
    timed = kept("taken_from", "taken_before")
    months = Counter((photo.taken_at.year, photo.taken_at.month) for photo in timed if photo.taken_at.year)
    cameras = Counter((photo.camera.make, photo.camera.model) for photo in kept("cameras") if photo.HasField("camera"))
    media_types = Counter(photo.media_type for photo in kept("media_types"))
    placed = kept("bounding_box", "nearby")
    tiles: dict[tuple[int, int], list[LatLng]] = {}
    for photo in placed:
        if photo.HasField("location"):
            tiles.setdefault(_tile(photo.location, zoom), []).append(photo.location)
    return search_pb2.GetFacetsResponse(
        image_count=len(kept()),
        folders=[
            search_pb2.FolderCount(folder=search_pb2.Folder(source=source, path=path), image_count=count)
            for (source, path), count in _most_first(folders, most)
        ],
        months=[
            search_pb2.MonthCount(year=year, month=month, image_count=count)
            for (year, month), count in sorted(months.items(), reverse=True)[:most]
        ],
        cameras=[
            search_pb2.CameraCount(camera=image_pb2.Camera(make=make, model=model), image_count=count)
            for (make, model), count in _most_first(cameras, most)
        ],
        media_types=[
            search_pb2.MediaTypeCount(media_type=media_type, image_count=count)
            for media_type, count in _most_first(media_types, most)
        ],
        tiles=[
            search_pb2.TileCount(zoom=zoom, x=x, y=y, image_count=count, center=_center(tiles[x, y]))
            for (x, y), count in _most_first(Counter({tile: len(places) for tile, places in tiles.items()}), most)
        ],
        without_time_count=sum(not photo.taken_at.year for photo in timed),
        without_place_count=sum(not photo.HasField("location") for photo in placed),
    )


def _most_first(counts: Counter[_Value], most: int) -> list[tuple[_Value, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]


def _folders(photo: image_pb2.Image, kept: search_pb2.Filter) -> Iterator[tuple[str, str]]:
    """The photo's source, its folder right under that, and those right under the folders that the filter names."""
    yield photo.source, ""
    parts = photo.relative_path.split("/")[:-1]
    opened = {folder.path for folder in kept.folders if folder.source == photo.source} | {""}
    for depth in range(len(parts)):
        if "/".join(parts[:depth]) in opened:
            yield photo.source, "/".join(parts[: depth + 1])


def _tile(place: LatLng, zoom: int) -> tuple[int, int]:
    count = 2**zoom
    x = math.floor((place.longitude + 180) / 360 * count)
    y = math.floor((1 - math.asinh(math.tan(math.radians(place.latitude))) / math.pi) / 2 * count)
    return min(max(x, 0), count - 1), min(max(y, 0), count - 1)


def _center(places: Sequence[LatLng]) -> LatLng:
    return LatLng(
        latitude=sum(place.latitude for place in places) / len(places),
        longitude=sum(place.longitude for place in places) / len(places),
    )
