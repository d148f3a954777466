"""The filter and the order of searches, lists and uploads, as they reach the search service."""

from typing import Any

import aiohttp
import pytest

from imagesearch.search.v1 import search_pb2
from tests.gateway.conftest import Gateway, Services
from tests.gateway.made_up_photos import SOURCE, draw, encoded

SEARCH, IMAGES, FACETS = "/api/v1/search", "/api/v1/images", "/api/v1/facets"


async def _get(gateway: Gateway, path: str, **parameters: str) -> Any:
    answer = await gateway.get(path, params=parameters)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def _post(gateway: Gateway, **members: Any) -> Any:
    answer = await gateway.post(SEARCH, json={"terms": [{"text": "red"}], **members})
    assert answer.status == 200, await answer.text()
    return await answer.json()


def _form(**fields: str) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("image", encoded(draw("red", "ring")), filename="a.jpg")
    for name, value in fields.items():
        form.add_field(name, value)
    return form


def _box(kept: search_pb2.Filter) -> tuple[float, float, float, float]:
    box = kept.bounding_box
    return box.south, box.west, box.north, box.east


def _nearby(kept: search_pb2.Filter) -> tuple[float, float, float]:
    return kept.nearby.center.latitude, kept.nearby.center.longitude, kept.nearby.radius_meters


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("5.9,45.8,10.5,47.8", (45.8, 5.9, 47.8, 10.5)),
        ("177,-20,-178,-16", (-20, 177, -16, -178)),
        ("-180,-90,180,90", (-90, -180, 90, 180)),
        ("11, 48, 12, 49", (48, 11, 49, 12)),
        ("1e1,-4.5E-1,1.1e1,0", (-0.45, 10, 0, 11)),
        ("11,48,11,48", (48, 11, 48, 11)),
    ],
)
async def test_a_box_is_west_south_east_north(
    gateway: Gateway, services: Services, text: str, box: tuple[float, float, float, float]
) -> None:
    await _get(gateway, IMAGES, bbox=text)

    assert _box(services.search.lists[-1].filter) == box


@pytest.mark.parametrize(
    ("near", "radius", "nearby"),
    [
        ("48.137,11.575", "2000", (48.137, 11.575, 2000)),
        ("-90,180", "0.5", (-90, 180, 0.5)),
        ("48.137, 11.575", "1e300", (48.137, 11.575, 1e300)),
    ],
)
async def test_a_place_is_latitude_longitude(
    gateway: Gateway, services: Services, near: str, radius: str, nearby: tuple[float, float, float]
) -> None:
    await _get(gateway, IMAGES, near=near, radius=radius)

    assert _nearby(services.search.lists[-1].filter) == nearby


@pytest.mark.parametrize(
    ("parameters", "camera"),
    [
        ({"camera_make": "Example", "camera_model": "EX-2"}, ("Example", "EX-2")),
        ({"camera_make": " Example "}, (" Example ", "")),
        ({"camera_model": "EX-2", "camera_make": ""}, ("", "EX-2")),
    ],
)
async def test_a_camera_is_make_and_model_as_they_were_written(
    gateway: Gateway, services: Services, parameters: dict[str, str], camera: tuple[str, str]
) -> None:
    await _get(gateway, IMAGES, **parameters)

    assert [(one.make, one.model) for one in services.search.lists[-1].filter.cameras] == [camera]


async def test_every_way_of_asking_takes_the_whole_filter(gateway: Gateway, services: Services) -> None:
    parameters = {
        "taken_from": "2024-07",
        "source": SOURCE,
        "bbox": "11,48,12,49",
        "near": "48.137,11.575",
        "radius": "2000",
        "camera_make": "Example",
        "camera_model": "EX-2",
        "media_type": "image/jpeg",
    }
    body = {
        "taken_from": "2024-07",
        "folders": [{"source": SOURCE}],
        "bounding_box": {"south": 48, "west": 11, "north": 49, "east": 12},
        "nearby": {"latitude": 48.137, "longitude": 11.575, "radius_meters": 2000},
        "cameras": [{"make": "Example", "model": "EX-2"}],
        "media_types": ["image/jpeg"],
    }

    await _get(gateway, SEARCH, q="red", **parameters)
    await _post(gateway, filter=body)
    assert (await gateway.post(SEARCH, data=_form(**parameters))).status == 200
    await _get(gateway, IMAGES, **parameters)
    await _get(gateway, FACETS, **parameters)

    sent = [request.filter for request in services.search.searches]
    sent += [request.filter for request in services.search.lists]
    sent += [request.filter for request in services.search.facets]
    assert len(sent) == 5
    assert all(kept == sent[0] for kept in sent)
    assert (_box(sent[0]), _nearby(sent[0])) == ((48, 11, 49, 12), (48.137, 11.575, 2000))
    assert (sent[0].cameras[0].model, list(sent[0].media_types)) == ("EX-2", ["image/jpeg"])


async def test_what_is_found_meets_the_filter(gateway: Gateway, services: Services) -> None:
    page = await _get(gateway, IMAGES, near="48.137,11.575", radius="5000", media_type="image/jpeg")

    found = {image["id"] for image in page["images"]}
    assert found == {services.photos[number].id for number in (0, 3)}


async def test_a_parameter_without_a_value_is_as_good_as_none(gateway: Gateway, services: Services) -> None:
    names = ("bbox", "near", "radius", "camera_make", "camera_model", "media_type", "taken_from", "source")

    await _get(gateway, IMAGES, **dict.fromkeys(names, ""))

    assert services.search.lists[-1].filter == search_pb2.Filter()


async def test_a_body_takes_several_cameras_and_formats(gateway: Gateway, services: Services) -> None:
    cameras = [{"make": "Example", "model": "EX-2"}, {"model": "X"}, {"make": ""}]

    await _post(gateway, filter={"cameras": cameras, "media_types": ["image/jpeg", "image/png"]})

    sent = services.search.searches[-1].filter
    assert [(one.make, one.model) for one in sent.cameras] == [("Example", "EX-2"), ("", "X"), ("", "")]
    assert list(sent.media_types) == ["image/jpeg", "image/png"]


async def test_hits_come_best_first_or_newest_first(gateway: Gateway) -> None:
    best = await _get(gateway, SEARCH, q="red circle", page_size="10")
    newest = await _get(gateway, SEARCH, q="red circle", page_size="10", order="newest")

    scores = [result["score"] for result in best["results"]]
    times = [result["image"]["taken_at"] for result in newest["results"]]
    assert scores == sorted(scores, reverse=True)
    assert times == sorted(times, reverse=True)
    assert [result["score"] for result in newest["results"]] != scores


async def test_every_way_of_searching_takes_an_order(gateway: Gateway, services: Services) -> None:
    for named in ({}, {"order": "score"}, {"order": "newest"}):
        await _get(gateway, SEARCH, q="red", **named)
        await _post(gateway, **named)
        await gateway.post(SEARCH, data=_form(**named))

    by_score, newest = search_pb2.SEARCH_ORDER_SCORE, search_pb2.SEARCH_ORDER_NEWEST_FIRST
    assert [search.order for search in services.search.searches] == [by_score] * 6 + [newest] * 3
