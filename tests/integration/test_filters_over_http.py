"""Filters, orders and counts by HTTP, answered by a real search service."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from google.type.datetime_pb2 import DateTime
from google.type.latlng_pb2 import LatLng

from gateway.app import init_app
from gateway.config import Config
from imagesearch.search.v1 import search_pb2
from imagesearch.type.v1 import image_pb2
from tests.integration.index_contents import Stub, read_index
from tests.integration.made_photos import make_picture
from tests.integration.plain_embedder import embed
from tests.integration.processes import Services

Gateway = TestClient[web.Request, web.Application]

SEARCH, IMAGES, FACETS = "/api/v1/search", "/api/v1/images", "/api/v1/facets"
CAMERA = {"make": "O'Neill & Söhne", "model": 'X "1"'}

# By name: folder, when, where, what with, format.
PHOTOS: dict[str, tuple[str, tuple[int, int] | None, tuple[float, float] | None, dict[str, str] | None, str]] = {
    "munich": ("2024", (2024, 7), (48.137, 11.575), CAMERA, "image/jpeg"),
    "garching": ("2024", (2024, 8), (48.249, 11.651), {"make": "", "model": "X"}, "image/jpeg"),
    "suva": ("2023/fiji", (2023, 1), (-18.14, 178.44), CAMERA, "image/heic"),
    "samoa": ("2023/samoa", (2023, 2), (-13.83, -171.77), None, "image/jpeg"),
    "north-pole": ("2023", (2023, 3), (90.0, 5.0), None, "image/png"),
    "south-pole": ("2023", (2023, 4), (-90.0, 175.0), None, "image/png"),
    "unknown": ("", None, None, None, "image/gif"),
}


def _photo(name: str) -> image_pb2.Image:
    folder, month, place, camera, media_type = PHOTOS[name]
    image = image_pb2.Image(
        id=name, source="travels", relative_path=f"{folder}/{name}".lstrip("/"), name=name, media_type=media_type
    )
    if month:
        image.taken_at.CopyFrom(DateTime(year=month[0], month=month[1], day=1))
    if place:
        image.location.CopyFrom(LatLng(latitude=place[0], longitude=place[1]))
    if camera is not None:
        image.camera.CopyFrom(image_pb2.Camera(**camera))
    return image


@pytest.fixture
async def gateway(services: Services, search_stub: Stub, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway over an index of the photos above, which the first test writes."""
    if (await read_index(search_stub)).image_count < len(PHOTOS):
        requests = [
            search_pb2.IndexImagesRequest(image=_photo(name), embedding=embed(make_picture(name))) for name in PHOTOS
        ]
        async for written in search_stub.IndexImages(iter(requests)):
            assert not written.status.code, written
    config = Config(embedder=services.embedder.address, search=services.search.address, cache_dir=tmp_path)
    async with TestClient(TestServer(init_app(config))) as client:
        yield client


async def _get(gateway: Gateway, path: str, **parameters: str) -> Any:
    answer = await gateway.get(path, params=parameters)
    assert answer.status == 200, await answer.text()
    return await answer.json()


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"bbox": "11,48,12,49"}, {"munich", "garching"}),
        ({"bbox": "177,-20,-171,-13"}, {"suva", "samoa"}),
        ({"near": "48.137,11.575", "radius": "1000"}, {"munich"}),
        ({"near": "48.137,11.575", "radius": "20000"}, {"munich", "garching"}),
        ({"near": "-16,-176", "radius": "1e6"}, {"suva", "samoa"}),
        ({"near": "0,0", "radius": "1e308"}, set(PHOTOS) - {"unknown"}),
        ({"camera_make": CAMERA["make"], "camera_model": CAMERA["model"]}, {"munich", "suva"}),
        ({"camera_model": "X"}, {"garching"}),
        ({"camera_make": CAMERA["make"]}, set()),
        ({"camera_make": "\0'; DROP"}, set()),
        ({"media_type": "image/png"}, {"north-pole", "south-pole"}),
        ({"media_type": "image/jpeg", "taken_from": "2024", "bbox": "-180,-90,180,48.2"}, {"munich"}),
    ],
)
async def test_a_filter_finds_its_photos(gateway: Gateway, parameters: dict[str, str], found: set[str]) -> None:
    listed = (await _get(gateway, IMAGES, **parameters))["images"]
    hits = (await _get(gateway, SEARCH, like="unknown", **parameters))["results"]
    counted = (await _get(gateway, FACETS, **parameters))["image_count"]

    assert {image["name"] for image in listed} == found
    assert {hit["image"]["name"] for hit in hits} == found
    assert counted == len(found)


async def test_a_body_filters_as_parameters_do(gateway: Gateway) -> None:
    kept = {
        "bounding_box": {"south": -20, "west": 177, "north": 90, "east": 12},
        "nearby": {"latitude": -16, "longitude": -176, "radius_meters": 1e6},
        "cameras": [CAMERA, {"model": "X"}],
        "media_types": ["image/heic", "image/jpeg"],
    }

    answer = await gateway.post(SEARCH, json={"terms": [{"image_id": "unknown"}], "filter": kept, "order": "newest"})

    assert [hit["image"]["name"] for hit in (await answer.json())["results"]] == ["suva"]


async def test_hits_come_newest_first(gateway: Gateway) -> None:
    hits = (await _get(gateway, SEARCH, like="samoa", order="newest"))["results"]

    names = ["garching", "munich", "south-pole", "north-pole", "suva", "unknown"]
    assert [hit["image"]["name"] for hit in hits] == names


async def test_counts_tell_what_else_there_is(gateway: Gateway) -> None:
    facets = await _get(gateway, FACETS, source="travels", folder="2023", media_type="image/png", tile_zoom="1")

    assert facets.pop("tiles") == [
        {
            "zoom": 1,
            "x": 1,
            "y": 0,
            "bounding_box": {"south": 0.0, "west": 0.0, "north": 90.0, "east": 180.0},
            "center": {"latitude": 90.0, "longitude": 5.0},
            "image_count": 1,
        },
        {
            "zoom": 1,
            "x": 1,
            "y": 1,
            "bounding_box": {"south": -90.0, "west": 0.0, "north": 0.0, "east": 180.0},
            "center": {"latitude": -90.0, "longitude": 175.0},
            "image_count": 1,
        },
    ]
    assert facets == {
        "image_count": 2,
        "folders": [
            {"source": "travels", "path": "", "image_count": 2},
            {"source": "travels", "path": "2023", "image_count": 2},
        ],
        "months": [{"month": "2023-04", "image_count": 1}, {"month": "2023-03", "image_count": 1}],
        "cameras": [],
        "media_types": [
            {"media_type": "image/png", "image_count": 2},
            {"media_type": "image/heic", "image_count": 1},
            {"media_type": "image/jpeg", "image_count": 1},
        ],
        "without_time_count": 0,
        "without_place_count": 0,
    }


async def test_a_camera_of_the_counts_is_a_filter(gateway: Gateway) -> None:
    cameras = (await _get(gateway, FACETS))["cameras"]

    assert cameras == [{**CAMERA, "image_count": 2}, {"make": "", "model": "X", "image_count": 1}]
    for camera in cameras:
        kept = {"camera_make": camera["make"], "camera_model": camera["model"]}
        assert len((await _get(gateway, IMAGES, **kept))["images"]) == camera["image_count"]


@pytest.mark.parametrize("zoom", ["0", "1", "3", "9", "20"])
async def test_a_tiles_box_as_a_filter_keeps_the_photos_that_it_counts(gateway: Gateway, zoom: str) -> None:
    tiles = (await _get(gateway, FACETS, tile_zoom=zoom))["tiles"]

    assert sum(tile["image_count"] for tile in tiles) == 6
    for tile in tiles:
        box = tile["bounding_box"]
        edges = ",".join(str(box[edge]) for edge in ("west", "south", "east", "north"))
        assert (await _get(gateway, FACETS, bbox=edges))["image_count"] == tile["image_count"]


@pytest.mark.parametrize(
    ("path", "first", "other"),
    [
        (SEARCH, {"like": "munich"}, {"order": "newest"}),
        (SEARCH, {"like": "munich", "order": "newest"}, {"order": "score"}),
        (SEARCH, {"like": "munich"}, {"bbox": "-180,-90,180,90"}),
        (SEARCH, {"like": "munich", "near": "0,0", "radius": "2e7"}, {"radius": "3e7"}),
        (SEARCH, {"like": "munich", "media_type": "image/jpeg"}, {"media_type": "image/png"}),
        (IMAGES, {}, {"order": "sample"}),
        (IMAGES, {"bbox": "-180,-90,180,90"}, {"bbox": "-180,-90,180,89"}),
        (IMAGES, {"camera_make": CAMERA["make"], "camera_model": CAMERA["model"]}, {"camera_model": "X"}),
    ],
)
async def test_a_page_token_fits_its_own_order_and_filter_alone(
    gateway: Gateway, path: str, first: dict[str, str], other: dict[str, str]
) -> None:
    token = (await _get(gateway, path, page_size="1", **first))["next_page_token"]

    assert token
    await _get(gateway, path, page_size="2", page_token=token, **first)
    answer = await gateway.get(path, params={**first, **other, "page_token": token})
    problem = await answer.json()
    assert (answer.status, problem["reason"]) == (400, "STALE_PAGE_TOKEN")
    assert problem["detail"] == (
        "The page token is broken or belongs to another query. Start again from the first page."
    )
