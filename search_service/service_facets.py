"""The facets of the contract, from and to the domain. Part of service.py, as service_messages.py is."""

from google.type import latlng_pb2

from imagesearch.search.v1 import search_pb2
from imagesearch.type.v1 import image_pb2
from search_service.errors import InvalidField
from search_service.facets import MAX_TILE_ZOOM, FacetOptions, Facets

_DEFAULTS = FacetOptions()
_MOST_VALUES = 1_000


def read_facet_options(message: search_pb2.GetFacetsRequest) -> FacetOptions:
    """What is asked for. Raises InvalidField."""
    zoom = message.tile_zoom if message.HasField("tile_zoom") else _DEFAULTS.tile_zoom
    if not 0 <= zoom <= MAX_TILE_ZOOM:
        raise InvalidField("tile_zoom", f"It is between 0 and {MAX_TILE_ZOOM}.")
    if message.max_values < 0:
        raise InvalidField("max_values", "It can't be negative.")
    return FacetOptions(zoom, min(message.max_values or _DEFAULTS.max_values, _MOST_VALUES))


def write_facets(facets: Facets, tile_zoom: int) -> search_pb2.GetFacetsResponse:
    """The facets as a message."""
    return search_pb2.GetFacetsResponse(
        image_count=facets.image_count,
        folders=[
            search_pb2.FolderCount(
                folder=search_pb2.Folder(source=one.source, path=one.path), image_count=one.image_count
            )
            for one in facets.folders
        ],
        months=[
            search_pb2.MonthCount(year=one.year, month=one.month, image_count=one.image_count) for one in facets.months
        ],
        cameras=[
            search_pb2.CameraCount(
                camera=image_pb2.Camera(make=one.camera.make, model=one.camera.model), image_count=one.image_count
            )
            for one in facets.cameras
        ],
        media_types=[
            search_pb2.MediaTypeCount(media_type=one.media_type, image_count=one.image_count)
            for one in facets.media_types
        ],
        tiles=[
            search_pb2.TileCount(
                zoom=tile_zoom,
                x=one.x,
                y=one.y,
                image_count=one.image_count,
                center=latlng_pb2.LatLng(latitude=one.center.latitude, longitude=one.center.longitude),
            )
            for one in facets.tiles
        ],
        without_time_count=facets.without_time_count,
        without_place_count=facets.without_place_count,
    )
