"""The tiles of a web map: the world as a square in Web Mercator, cut into 2^zoom columns and as many rows.

The formulae are those of https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames.
"""

import math

from gateway.filter import MAX_LATITUDE, BoundingBox


def tile_bounds(zoom: int, x: int, y: int) -> BoundingBox:
    """The part of the Earth whose places belong to the tile in column x from the west and row y from the north.

    The map ends at 85.05 degrees; the first and the last row here go on to the poles, since what lies beyond is theirs.
    """
    count = 1 << zoom
    return BoundingBox(
        south=-MAX_LATITUDE if y == count - 1 else _latitude(y + 1, count),
        west=_longitude(x, count),
        north=MAX_LATITUDE if y == 0 else _latitude(y, count),
        east=_longitude(x + 1, count),
    )


def _longitude(column: int, count: int) -> float:
    return column / count * 360 - 180


def _latitude(row: int, count: int) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / count))))
