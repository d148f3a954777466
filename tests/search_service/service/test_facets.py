import pytest
from google.type import datetime_pb2, latlng_pb2
from grpc import StatusCode

from imagesearch.search.v1 import search_pb2
from imagesearch.type.v1 import image_pb2
from tests.search_service.service.conftest import Client, item, refusal


async def test_facets_count_what_the_filter_keeps(client: Client) -> None:
    one, other = item("one"), item("other")
    one.image.relative_path = "2024/Crete/one.jpg"
    one.image.taken_at.CopyFrom(datetime_pb2.DateTime(year=2024, month=7, day=1))
    one.image.location.CopyFrom(latlng_pb2.LatLng(latitude=35.5, longitude=24))
    one.image.camera.CopyFrom(image_pb2.Camera(make="Canon", model="R5"))
    one.image.media_type = other.image.media_type = "image/jpeg"
    await client.index(one, other)
    keep = search_pb2.Filter(folders=[search_pb2.Folder(source="photos", path="2024")])

    facets = await client.stub.GetFacets(search_pb2.GetFacetsRequest(filter=keep, tile_zoom=5))

    (tile,) = facets.tiles
    assert (tile.center.latitude, tile.center.longitude) == pytest.approx((35.5, 24))
    tile.ClearField("center")
    assert facets == search_pb2.GetFacetsResponse(
        image_count=1,
        folders=[
            search_pb2.FolderCount(folder=search_pb2.Folder(source="photos"), image_count=2),
            search_pb2.FolderCount(folder=search_pb2.Folder(source="photos", path="2024"), image_count=1),
            search_pb2.FolderCount(folder=search_pb2.Folder(source="photos", path="2024/Crete"), image_count=1),
        ],
        months=[search_pb2.MonthCount(year=2024, month=7, image_count=1)],
        cameras=[search_pb2.CameraCount(camera=image_pb2.Camera(make="Canon", model="R5"), image_count=1)],
        media_types=[search_pb2.MediaTypeCount(media_type="image/jpeg", image_count=1)],
        tiles=[search_pb2.TileCount(zoom=5, x=18, y=12, image_count=1)],
    )


async def test_what_has_no_time_or_place_is_counted_too(client: Client) -> None:
    await client.index(item("a"), item("b"))

    facets = await client.stub.GetFacets(search_pb2.GetFacetsRequest())

    assert (facets.image_count, facets.without_time_count, facets.without_place_count) == (2, 2, 2)


async def test_the_tiles_zoom_is_three_unless_said_otherwise_and_may_be_zero(client: Client) -> None:
    one = item("one")
    one.image.location.CopyFrom(latlng_pb2.LatLng(latitude=-80, longitude=179))
    await client.index(one)

    requests = [search_pb2.GetFacetsRequest(), search_pb2.GetFacetsRequest(tile_zoom=0)]
    tiles = [(await client.stub.GetFacets(request)).tiles[0] for request in requests]

    assert [(tile.zoom, tile.x, tile.y) for tile in tiles] == [(3, 7, 7), (0, 0, 0)]


async def test_the_number_of_values_is_a_hundred_unless_said_otherwise_and_clamped(client: Client) -> None:
    items = [item(f"n{number:04}") for number in range(1_100)]
    for one in items:
        one.image.relative_path = f"{one.image.id}/x.jpg"
    await client.index(*items)

    for max_values, expected in ((0, 100), (7, 7), (10_000, 1_000)):
        facets = await client.stub.GetFacets(search_pb2.GetFacetsRequest(max_values=max_values))
        assert len(facets.folders) == expected
        assert facets.folders[0] == search_pb2.FolderCount(
            folder=search_pb2.Folder(source="photos"), image_count=len(items)
        )


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (search_pb2.GetFacetsRequest(tile_zoom=-1), "tile_zoom"),
        (search_pb2.GetFacetsRequest(tile_zoom=21), "tile_zoom"),
        (search_pb2.GetFacetsRequest(max_values=-1), "max_values"),
        (
            search_pb2.GetFacetsRequest(filter=search_pb2.Filter(nearby=search_pb2.Nearby(radius_meters=1))),
            "filter.nearby.center",
        ),
    ],
    ids=str,
)
async def test_a_bad_request_is_refused_by_its_field(
    client: Client, request_: search_pb2.GetFacetsRequest, field: str
) -> None:
    await client.index(item("a"))

    error = await refusal(client.stub.GetFacets(request_))

    assert (error.code, error.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert error.metadata == {"field": field}


async def test_without_an_index_facets_say_so(client: Client) -> None:
    error = await refusal(client.stub.GetFacets(search_pb2.GetFacetsRequest()))

    assert (error.code, error.reason) == (StatusCode.FAILED_PRECONDITION, "INDEX_MISSING")
