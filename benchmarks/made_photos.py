"""Photos made up for an index: their facts, and filters that keep a known share of them.

Times, cameras and folders are drawn by lot. Places are not: each cluster of vectors has one, as photos of one place
look alike. A filter of a place keeps only photos far from most queries, which is the hardest kind for a graph.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from google.type import datetime_pb2, latlng_pb2
from numpy.typing import NDArray

from imagesearch.search.v1 import search_pb2
from imagesearch.type.v1 import image_pb2

SOURCE = "photos"
_FIRST_DAY = datetime(2014, 1, 1)  # noqa: DTZ001 - civil times have no zone
_DAYS = 4_000
_HALF = _DAYS // 2
_SECONDS_A_DAY = 86_400
_CAMERAS = 10
_FOLDERS = 100
_SUBFOLDERS = 10
_PLACES = 100
_NAME = "IMG_{:08}.jpg"
_MEDIA_TYPES = ("image/jpeg", "image/jpeg", "image/jpeg", "image/heic", "image/png")

Kept = NDArray[np.bool_]


class MadePhotos:
    """As many photos as there are clusters' numbers. More of them begin with the same ones."""

    def __init__(self, clusters: NDArray[np.int64]) -> None:
        def drawn(attribute: int, below: int) -> NDArray[np.int64]:
            return np.random.default_rng((2, attribute)).integers(0, below, len(clusters))

        self.count = len(clusters)
        self.seconds = drawn(0, _DAYS * _SECONDS_A_DAY)
        self.cameras = drawn(1, _CAMERAS)
        self.folders = drawn(2, _FOLDERS * _SUBFOLDERS)
        self.places = clusters % _PLACES

    def message(self, row: int) -> image_pb2.Image:
        """The photo of a row."""
        taken_at = _FIRST_DAY + timedelta(seconds=int(self.seconds[row]))
        name = _NAME.format(row)
        key = photo_id(row)
        west, south = _corner(int(self.places[row]))
        image = image_pb2.Image(
            id=key,
            source=SOURCE,
            relative_path=f"{_folder(int(self.folders[row]))}/{name}",
            name=name,
            content_sha256=key + key,
            size_bytes=2_000_000 + row,
            media_type=_MEDIA_TYPES[row % len(_MEDIA_TYPES)],
            width=4032,
            height=3024,
            taken_at=_time(taken_at),
            taken_at_source=image_pb2.TAKEN_AT_SOURCE_EXIF,
            location=latlng_pb2.LatLng(latitude=south + 0.5, longitude=west + 0.5),
            camera=image_pb2.Camera(make="Maker", model=f"Model {self.cameras[row]}"),
            extractor_version=1,
        )
        image.modified_at.FromSeconds(1_400_000_000 + int(self.seconds[row]))
        return image


@dataclass(frozen=True)
class Selection:
    """A kind of filter. Searches with different numbers use different ones that keep about the same share.

    `keeps` takes the photos, the number and rows, and tells which of those rows the filter keeps.
    """

    title: str
    filter: Callable[[int], search_pb2.Filter]
    keeps: Callable[[MadePhotos, int, slice], Kept]


def _half_of_the_time(number: int) -> search_pb2.Filter:
    first = _FIRST_DAY + timedelta(days=_first_day(number))
    return search_pb2.Filter(taken_from=_time(first), taken_before=_time(first + timedelta(days=_HALF)))


def _is_in_half(photos: MadePhotos, number: int, rows: slice) -> Kept:
    days = photos.seconds[rows] // _SECONDS_A_DAY - _first_day(number)
    return (days >= 0) & (days < _HALF)


def _one_camera(number: int) -> search_pb2.Filter:
    return search_pb2.Filter(cameras=[image_pb2.Camera(make="Maker", model=f"Model {number % _CAMERAS}")])


def _is_of_camera(photos: MadePhotos, number: int, rows: slice) -> Kept:
    return np.equal(photos.cameras[rows], number % _CAMERAS)


def _one_journey(number: int) -> search_pb2.Filter:
    return _in_folder(_folder(number % _FOLDERS * _SUBFOLDERS).partition("/")[0])


def _is_of_journey(photos: MadePhotos, number: int, rows: slice) -> Kept:
    return np.equal(photos.folders[rows] // _SUBFOLDERS, number % _FOLDERS)


def _one_place(number: int) -> search_pb2.Filter:
    west, south = _corner(number % _PLACES)
    box = search_pb2.BoundingBox(south=south, west=west, north=south + 1, east=west + 1)
    return search_pb2.Filter(bounding_box=box)


def _is_at_place(photos: MadePhotos, number: int, rows: slice) -> Kept:
    return np.equal(photos.places[rows], number % _PLACES)


def _one_day(number: int) -> search_pb2.Filter:
    return _in_folder(_folder(_subfolder(number)))


def _is_of_day(photos: MadePhotos, number: int, rows: slice) -> Kept:
    return np.equal(photos.folders[rows], _subfolder(number))


SELECTIONS: Sequence[Selection] = (
    Selection(
        "none",
        lambda _: search_pb2.Filter(),
        lambda photos, _, rows: np.ones(len(photos.places[rows]), np.bool_),
    ),
    Selection("taken_from, taken_before", _half_of_the_time, _is_in_half),
    Selection("cameras", _one_camera, _is_of_camera),
    Selection("folders", _one_journey, _is_of_journey),
    Selection("bounding_box, alike photos", _one_place, _is_at_place),
    Selection("folders, two deep", _one_day, _is_of_day),
)


def photo_id(row: int) -> str:
    """The id of a row's photo."""
    return hashlib.sha256(str(row).encode()).hexdigest()[:32]


def photo_row(path: str) -> int:
    """The row of the photo with this path, or this name."""
    return int(path.rpartition("_")[2].removesuffix(".jpg"))


def _in_folder(path: str) -> search_pb2.Filter:
    return search_pb2.Filter(folders=[search_pb2.Folder(source=SOURCE, path=path)])


def _folder(number: int) -> str:
    return f"journey {number // _SUBFOLDERS:02}/day {number % _SUBFOLDERS}"


def _subfolder(number: int) -> int:
    return number * 7 % (_FOLDERS * _SUBFOLDERS)


def _first_day(number: int) -> int:
    return number * 37 % _HALF


def _corner(place: int) -> tuple[float, float]:
    """West and south of a place's square, which is a degree wide; between squares there is room."""
    return -170.0 + 30 * (place % 10), -70.0 + 14 * (place // 10)


def _time(moment: datetime) -> Any:
    return datetime_pb2.DateTime(
        year=moment.year,
        month=moment.month,
        day=moment.day,
        hours=moment.hour,
        minutes=moment.minute,
        seconds=moment.second,
    )
