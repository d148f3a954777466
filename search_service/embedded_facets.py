"""Counts of photos by what they have in common, from a table's columns.

Each facet is one pass over a few columns of the photos that its filter keeps; nothing is kept between two calls.
"""

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from search_service.embedded_table import EmbeddedTable
from search_service.facet_values import (
    camera_values,
    folder_values,
    media_type_values,
    month_values,
    opened_folders,
    tile_values,
    without_cameras,
    without_folders,
    without_media_types,
    without_places,
    without_times,
)
from search_service.facets import FacetOptions, Facets
from search_service.folders import enclosing_folders
from search_service.images import Filter, Folder
from search_service.photo_facts import Camera, Location

# Where the Web Mercator map ends.
_LAST_LATITUDE = 85.0511287798066
_NAME = "/[^/]*$"
_CAMERA = ["camera_make", "camera_model"]


async def count_facets(table: EmbeddedTable, keep: Filter, options: FacetOptions) -> Facets:
    """As Images.facets."""
    limit = options.max_values
    outer, opened = await _folders(table, keep)
    months, without_time = await _months(table, without_times(keep))
    tiles, without_place = await _tiles(table, without_places(keep), options.tile_zoom)
    return Facets(
        image_count=await table.count(keep),
        folders=folder_values(outer, opened, limit),
        months=month_values(months, limit),
        cameras=camera_values(await _cameras(table, without_cameras(keep)), limit),
        media_types=media_type_values(await _media_types(table, without_media_types(keep)), limit),
        tiles=tile_values(tiles, limit),
        without_time_count=without_time,
        without_place_count=without_place,
    )


async def _folders(table: EmbeddedTable, keep: Filter) -> tuple[dict[Folder, int], dict[Folder, int]]:
    """The sources with the folders right under them, and those right under the opened ones."""
    innermost: Counter[tuple[str, str]] = Counter()
    async for batch in table.columns(["source", "relative_path"], without_folders(keep)):
        paths = batch.column("relative_path")
        folders = pc.if_else(pc.match_substring(paths, "/"), pc.replace_substring_regex(paths, _NAME, ""), "")
        innermost.update(zip(batch.column("source").to_pylist(), folders.to_pylist(), strict=True))
    counts: Counter[Folder] = Counter()
    for (source, innermost_path), count in innermost.items():
        for path in ("", *enclosing_folders(f"{innermost_path}/")):
            counts[Folder(source, path)] += count
    parents = set(opened_folders(keep))
    outer = {folder: count for folder, count in counts.items() if "/" not in folder.path}
    opened = {folder: count for folder, count in counts.items() if _parent(folder) in parents}
    return outer, opened


async def _months(table: EmbeddedTable, keep: Filter) -> tuple[dict[tuple[int, int], int], int]:
    """Counts by year and month, and how many photos have no time."""
    counts: Counter[int] = Counter()
    without_time = 0
    async for batch in table.columns(["taken_at_us"], keep):
        times = batch.column("taken_at_us").drop_null().cast(pa.timestamp("us"))
        counts.update(_value_counts(pc.add(pc.multiply(pc.year(times), 12), pc.month(times))))
        without_time += batch.num_rows - len(times)
    return {((month - 1) // 12, (month - 1) % 12 + 1): count for month, count in counts.items()}, without_time


async def _cameras(table: EmbeddedTable, keep: Filter) -> dict[Camera, int]:
    counts: Counter[tuple[str | None, str]] = Counter()
    async for batch in table.columns(_CAMERA, keep):
        counts.update(zip(*(batch.column(name).to_pylist() for name in _CAMERA), strict=True))
    return {Camera(make, model): count for (make, model), count in counts.items() if make is not None}


async def _media_types(table: EmbeddedTable, keep: Filter) -> dict[str, int]:
    counts: Counter[str] = Counter()
    async for batch in table.columns(["media_type"], keep):
        counts.update(_value_counts(batch.column("media_type")))
    return {media_type: count for media_type, count in counts.items() if media_type}


async def _tiles(
    table: EmbeddedTable, keep: Filter, zoom: int
) -> tuple[dict[tuple[int, int], tuple[int, Location]], int]:
    """Counts and centers by tile, and how many photos have no place."""
    batches = [batch async for batch in table.columns(["latitude", "longitude"], keep)]
    latitudes, longitudes = (_degrees(batches, name) for name in ("latitude", "longitude"))
    x, y = _tiles_of(latitudes, longitudes, zoom)
    tiles, number, counts = np.unique(y << zoom | x, return_inverse=True, return_counts=True)
    centers = [np.bincount(number, weights=degrees) / counts for degrees in (latitudes, longitudes)]
    found = {
        (int(tile) & ((1 << zoom) - 1), int(tile) >> zoom): (int(count), Location(float(latitude), float(longitude)))
        for tile, count, latitude, longitude in zip(tiles, counts, *centers, strict=True)
    }
    return found, sum(batch.num_rows for batch in batches) - len(latitudes)


def _tiles_of(
    latitudes: NDArray[np.float64], longitudes: NDArray[np.float64], zoom: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The columns and rows of the tiles that these places lie in."""
    count = 1 << zoom
    sines = np.sin(np.radians(np.clip(latitudes, -_LAST_LATITUDE, _LAST_LATITUDE)))
    x = np.floor((longitudes + 180) / 360 * count)
    y = np.floor((0.5 - np.arctanh(sines) / (2 * np.pi)) * count)
    return np.clip(x, 0, count - 1).astype(np.int64), np.clip(y, 0, count - 1).astype(np.int64)


def _degrees(batches: list[Any], column: str) -> NDArray[np.float64]:
    parts = [batch.column(column).drop_null().to_numpy(zero_copy_only=False) for batch in batches]
    return np.concatenate([np.zeros(0), *parts])


def _value_counts(values: Any) -> dict[Any, int]:
    return {entry["values"]: entry["counts"] for entry in values.value_counts().to_pylist()}


def _parent(folder: Folder) -> Folder:
    return Folder(folder.source, folder.path.rpartition("/")[0])
