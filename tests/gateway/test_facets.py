"""GET /api/v1/facets."""

from typing import Any

import pytest
from google.type.latlng_pb2 import LatLng

from imagesearch.type.v1 import image_pb2
from tests.gateway.conftest import Gateway, Services
from tests.gateway.fake_services import refusal
from tests.gateway.made_up_photos import SOURCE

FACETS, IMAGES = "/api/v1/facets", "/api/v1/images"


async def _get(gateway: Gateway, path: str = FACETS, **parameters: str | int) -> Any:
    answer = await gateway.get(path, params=parameters)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def test_every_facet_is_counted(gateway: Gateway) -> None:
    facets = await _get(gateway, tile_zoom=0, max_values=2)

    assert facets == {
        "image_count": 48,
        "folders": [
            {"source": SOURCE, "path": "", "image_count": 48},
            {"source": SOURCE, "path": "2024", "image_count": 27},
        ],
        "months": [{"month": "2025-06", "image_count": 4}, {"month": "2025-05", "image_count": 3}],
        "cameras": [
            {"make": "Example", "model": "EX-0", "image_count": 12},
            {"make": "Example", "model": "EX-2", "image_count": 12},
        ],
        "media_types": [
            {"media_type": "image/jpeg", "image_count": 40},
            {"media_type": "image/png", "image_count": 8},
        ],
        "tiles": [
            {
                "zoom": 0,
                "x": 0,
                "y": 0,
                "bounding_box": {"south": -90, "west": -180, "north": 90, "east": 180},
                "center": {"latitude": pytest.approx(48.36, abs=0.001), "longitude": 11.575},
                "image_count": 14,
            }
        ],
        "without_time_count": 4,
        "without_place_count": 34,
    }


async def test_a_facet_is_counted_without_its_own_filter(gateway: Gateway) -> None:
    facets = await _get(gateway, camera_make="Example", camera_model="EX-2")

    assert facets["image_count"] == 12
    assert [camera["image_count"] for camera in facets["cameras"]] == [12, 12]
    assert sum(kind["image_count"] for kind in facets["media_types"]) == 12


async def test_what_is_not_said_is_left_to_the_service(gateway: Gateway, services: Services) -> None:
    await _get(gateway)
    await _get(gateway, tile_zoom=0, max_values=1000)

    first, second = services.search.facets
    assert (first.HasField("tile_zoom"), first.max_values) == (False, 0)
    assert (second.HasField("tile_zoom"), second.tile_zoom, second.max_values) == (True, 0, 1000)


PLACES = {
    "Munich": (48.137, 11.575),
    "Suva": (-18.14, 178.44),
    "Null Island": (0.0, 0.0),
    "on the 180th meridian": (10.0, 180.0),
    "west of it": (10.0, -180.0),
    "North Pole": (90.0, 12.0),
    "South Pole": (-90.0, -12.0),
    "the map's edge": (85.0511287798066, -179.99),
}


@pytest.fixture
def placed(services: Services) -> None:
    """An index with a photo of each place, and no others."""
    services.search.photos = {
        name: image_pb2.Image(
            id=name, source=SOURCE, name=name, location=LatLng(latitude=latitude, longitude=longitude)
        )
        for name, (latitude, longitude) in PLACES.items()
    }


@pytest.mark.usefixtures("placed")
@pytest.mark.parametrize("zoom", [0, 1, 2, 7, 13, 20])
async def test_a_tiles_box_as_a_filter_finds_the_photos_that_it_counts(gateway: Gateway, zoom: int) -> None:
    tiles = (await _get(gateway, tile_zoom=zoom))["tiles"]

    assert sum(tile["image_count"] for tile in tiles) == len(PLACES)
    for tile in tiles:
        box, center = tile["bounding_box"], tile["center"]
        edges = ",".join(str(box[edge]) for edge in ("west", "south", "east", "north"))
        found = (await _get(gateway, IMAGES, bbox=edges))["images"]
        assert len(found) >= tile["image_count"]
        assert box["south"] <= center["latitude"] <= box["north"]
        assert box["west"] <= center["longitude"] <= box["east"]


@pytest.mark.usefixtures("placed")
async def test_tiles_are_those_of_a_web_map(gateway: Gateway) -> None:
    tiles = (await _get(gateway, tile_zoom=10))["tiles"]

    munich = next(tile for tile in tiles if 48 < tile["center"]["latitude"] < 49)
    assert (munich["zoom"], munich["x"], munich["y"]) == (10, 544, 355)
    assert munich["bounding_box"] == pytest.approx(
        {"south": 47.98992, "west": 11.25, "north": 48.22467, "east": 11.60156}, abs=1e-5
    )


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("tile_zoom=-1", "tile_zoom"),
        ("tile_zoom=21", "tile_zoom"),
        ("tile_zoom=", "tile_zoom"),
        ("tile_zoom=1.5", "tile_zoom"),
        ("tile_zoom=%D9%A3", "tile_zoom"),
        (f"tile_zoom={'9' * 5000}", "tile_zoom"),
        ("tile_zoom=3&tile_zoom=3", "tile_zoom"),
        ("max_values=0", "max_values"),
        ("max_values=1001", "max_values"),
        ("max_values=99999999999", "max_values"),
        ("max_values=ten", "max_values"),
        ("bbox=1,2", "bbox"),
        ("near=1,2", "near"),
        ("order=newest", "order"),
        ("page_size=5", "page_size"),
        ("q=red", "q"),
    ],
)
async def test_a_wrong_parameter_is_named(gateway: Gateway, services: Services, query: str, field: str) -> None:
    answer = await gateway.get(f"{FACETS}?{query}")

    problem = await answer.json()
    assert (answer.status, problem["reason"], problem["field"]) == (400, "INVALID_FIELD", field)
    assert not services.search.facets


async def test_an_index_that_does_not_exist_yet_is_told(gateway: Gateway, services: Services) -> None:
    services.search.photos.clear()

    answer = await gateway.get(FACETS)

    assert (answer.status, (await answer.json())["reason"]) == (409, "INDEX_MISSING")


async def test_counts_are_asked_for_again_while_the_service_can_not_answer(
    gateway: Gateway, services: Services
) -> None:
    services.search.calls.refuse_with = refusal("STORAGE_UNAVAILABLE", "The disk is full. Make room.")

    answer = await gateway.get(FACETS)

    assert (answer.status, (await answer.json())["reason"]) == (503, "STORAGE_UNAVAILABLE")
    assert len(services.search.calls.request_ids) > 1
