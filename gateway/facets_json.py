"""Counts of photos as the HTTP API shows them, from the messages of the search service."""

from gateway.image_json import Json
from gateway.tiles import tile_bounds
from imagesearch.search.v1 import search_pb2


def facets_json(facets: search_pb2.GetFacetsResponse) -> Json:
    """All facets, each in the order that the service gives them in."""
    return {
        "image_count": facets.image_count,
        "folders": [
            {"source": one.folder.source, "path": one.folder.path, "image_count": one.image_count}
            for one in facets.folders
        ],
        "months": [{"month": f"{one.year:04}-{one.month:02}", "image_count": one.image_count} for one in facets.months],
        "cameras": [
            {"make": one.camera.make, "model": one.camera.model, "image_count": one.image_count}
            for one in facets.cameras
        ],
        "media_types": [{"media_type": one.media_type, "image_count": one.image_count} for one in facets.media_types],
        "tiles": [_tile(one) for one in facets.tiles],
        "without_time_count": facets.without_time_count,
        "without_place_count": facets.without_place_count,
    }


def _tile(tile: search_pb2.TileCount) -> Json:
    bounds = tile_bounds(tile.zoom, tile.x, tile.y)
    return {
        "zoom": tile.zoom,
        "x": tile.x,
        "y": tile.y,
        "bounding_box": {
            "south": bounds.south,
            "west": bounds.west,
            "north": bounds.north,
            "east": bounds.east,
        },
        "center": {"latitude": tile.center.latitude, "longitude": tile.center.longitude},
        "image_count": tile.image_count,
    }
