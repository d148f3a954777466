"""What filters and orders may not be: each refusal names it as the caller wrote it, and the way out."""

import json

import aiohttp
import pytest

from tests.gateway.conftest import Gateway, Services
from tests.gateway.made_up_photos import draw, encoded

SEARCH, IMAGES = "/api/v1/search", "/api/v1/images"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("bbox=1,2,3", "bbox"),
        ("bbox=1,2,3,4,5", "bbox"),
        ("bbox=,,,", "bbox"),
        ("bbox=%20", "bbox"),
        ("bbox=a,2,3,4", "bbox"),
        ("bbox=nan,2,3,4", "bbox"),
        ("bbox=1,2,3,inf", "bbox"),
        ("bbox=1,2,3,-Infinity", "bbox"),
        ("bbox=1,2,3,1e999", "bbox"),
        (f"bbox=1,2,3,{'9' * 5000}", "bbox"),
        ("bbox=1,2,3,0x4", "bbox"),
        ("bbox=1,2,1_0,4", "bbox"),
        ("bbox=1,2,3,%D9%A4", "bbox"),
        ("bbox=1,2,3,4%0A", "bbox"),
        ("bbox=181,2,3,4", "bbox"),
        ("bbox=1,2,-180.5,4", "bbox"),
        ("bbox=1,-91,3,4", "bbox"),
        ("bbox=1,2,3,90.001", "bbox"),
        ("bbox=1,5,3,4", "bbox"),
        ("bbox=1,2,3,4&bbox=1,2,3,4", "bbox"),
        ("near=48,11", "near"),
        ("near=48,11&radius=", "near"),
        ("radius=100", "radius"),
        ("radius=100&near=", "radius"),
        ("near=48&radius=100", "near"),
        ("near=48,11,0&radius=100", "near"),
        ("near=91,11&radius=100", "near"),
        ("near=11,181&radius=100", "near"),
        ("near=NaN,11&radius=100", "near"),
        ("near=48,11&radius=0", "radius"),
        ("near=48,11&radius=-1", "radius"),
        ("near=48,11&radius=nan", "radius"),
        ("near=48,11&radius=inf", "radius"),
        ("near=48,11&radius=1e999", "radius"),
        ("near=48,11&radius=1e-999", "radius"),
        ("near=48,11&radius=1,000", "radius"),
        ("near=48,11&radius=5km", "radius"),
        ("near=48,11&radius=%D9%A5", "radius"),
        ("camera_make=a&camera_make=b", "camera_make"),
        ("camera=X-T5", "camera"),
        ("media_type=image/jpeg&media_type=image/png", "media_type"),
        ("order=oldest", "order"),
        ("order=", "order"),
        ("order=newest&order=newest", "order"),
    ],
)
@pytest.mark.parametrize("path", [f"{SEARCH}?q=red&", f"{IMAGES}?"])
async def test_a_wrong_parameter_is_named_and_asks_nobody(
    gateway: Gateway, services: Services, path: str, query: str, field: str
) -> None:
    answer = await gateway.get(path + query)

    problem = await answer.json()
    assert (answer.status, problem["reason"], problem["field"]) == (400, "INVALID_FIELD", field)
    assert problem["detail"].startswith(f"{field}: ")
    assert problem["detail"].endswith(".")
    assert not services.search.calls.request_ids


@pytest.mark.parametrize(
    ("query", "field", "way_out"),
    [
        ("bbox=48,11", "bbox", "WEST,SOUTH,EAST,NORTH"),
        ("bbox=1,100,2,101", "bbox", "WEST,SOUTH,EAST,NORTH"),
        ("near=11;48&radius=5", "near", "LATITUDE,LONGITUDE"),
        ("near=150,-33&radius=5", "near", "LATITUDE,LONGITUDE"),
        ("near=48,11", "near", "radius"),
        ("radius=5", "radius", "near"),
        ("near=48,11&radius=5km", "radius", "metres"),
        ("order=date", "order", "newest or sample"),
    ],
)
async def test_a_refusal_says_the_way_out(gateway: Gateway, query: str, field: str, way_out: str) -> None:
    problem = await (await gateway.get(f"{IMAGES}?{query}")).json()

    assert problem["field"] == field
    assert way_out in problem["detail"].removeprefix(f"{field}: ")


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ('"bounding_box": {"south": 1, "west": 2, "north": 3}', "filter.bounding_box.east"),
        ('"bounding_box": {"south": -91, "west": 2, "north": 3, "east": 4}', "filter.bounding_box.south"),
        ('"bounding_box": {"south": 1, "west": 2, "north": 3, "east": 180.1}', "filter.bounding_box.east"),
        ('"bounding_box": {"south": 3, "west": 2, "north": 1, "east": 4}', "filter.bounding_box"),
        ('"bounding_box": {"south": 1, "west": "2", "north": 3, "east": 4}', "filter.bounding_box.west"),
        ('"bounding_box": {"south": 1, "west": true, "north": 3, "east": 4}', "filter.bounding_box.west"),
        ('"bounding_box": {"south": 1, "west": 2, "north": 1e999, "east": 4}', "filter.bounding_box.north"),
        ('"bounding_box": [1, 2, 3, 4]', "filter.bounding_box"),
        ('"bbox": "1,2,3,4"', "filter.bbox"),
        ('"nearby": {"latitude": 48, "longitude": 11}', "filter.nearby.radius_meters"),
        ('"nearby": {"radius_meters": 11}', "filter.nearby.latitude"),
        ('"nearby": {"latitude": 90.5, "longitude": 11, "radius_meters": 5}', "filter.nearby.latitude"),
        ('"nearby": {"latitude": 48, "longitude": -181, "radius_meters": 5}', "filter.nearby.longitude"),
        ('"nearby": {"latitude": 48, "longitude": 11, "radius_meters": 0}', "filter.nearby.radius_meters"),
        ('"nearby": {"latitude": 48, "longitude": 11, "radius_meters": 1e999}', "filter.nearby.radius_meters"),
        (
            f'"nearby": {{"latitude": 48, "longitude": 11, "radius_meters": 1{"0" * 400}}}',
            "filter.nearby.radius_meters",
        ),
        ('"nearby": {"latitude": 48, "longitude": NaN, "radius_meters": 5}', "body"),
        ('"cameras": [{}]', "filter.cameras[0]"),
        ('"cameras": [{"make": "a"}, {"model": 5}]', "filter.cameras[1].model"),
        ('"cameras": [{"make": "\\ud800"}]', "filter.cameras[0].make"),
        ('"cameras": "X-T5"', "filter.cameras"),
        (f'"cameras": {json.dumps([{"make": "a"}] * 101)}', "filter.cameras"),
        ('"media_types": [""]', "filter.media_types[0]"),
        ('"media_types": "image/jpeg"', "filter.media_types"),
        (f'"media_types": {json.dumps(["a"] * 101)}', "filter.media_types"),
    ],
)
async def test_a_wrong_part_of_a_bodys_filter_is_named(
    gateway: Gateway, services: Services, members: str, field: str
) -> None:
    body = f'{{"terms": [{{"text": "red"}}], "filter": {{{members}}}}}'

    answer = await gateway.post(SEARCH, data=body, headers={"Content-Type": "application/json"})

    problem = await answer.json()
    assert (answer.status, problem["reason"], problem["field"]) == (400, "INVALID_FIELD", field)
    assert not services.search.calls.request_ids


@pytest.mark.parametrize(
    ("members", "detail"),
    [
        ('"bbox": "1,2,3,4"', "filter.bbox: there is no such member here."),
        ('"bounding_box": [1, 2, 3, 4]', "filter.bounding_box: give a JSON object."),
        ('"nearby": {"latitude": 48, "longitude": 11}', "filter.nearby.radius_meters: it is missing."),
        ('"media_types": [""]', "filter.media_types[0]: it must not be empty."),
        ('"folders": [{"source": ""}]', "filter.folders[0].source: it must not be empty."),
    ],
)
async def test_a_refused_part_of_a_body_is_told_in_words_of_json(gateway: Gateway, members: str, detail: str) -> None:
    body = f'{{"terms": [{{"text": "red"}}], "filter": {{{members}}}}}'

    answer = await gateway.post(SEARCH, data=body, headers={"Content-Type": "application/json"})

    assert (await answer.json())["detail"] == detail


@pytest.mark.parametrize("order", ["oldest", "", 1])
async def test_a_wrong_order_of_a_body_is_named(gateway: Gateway, order: str | int) -> None:
    answer = await gateway.post(SEARCH, json={"terms": [{"text": "red"}], "order": order})

    problem = await answer.json()
    assert (answer.status, problem["reason"], problem["field"]) == (400, "INVALID_FIELD", "order")
    assert "'score' or 'newest'" in problem["detail"]


@pytest.mark.parametrize("fields", [{"bbox": "1"}, {"near": "1,1"}, {"order": "sample"}])
async def test_a_wrong_field_beside_a_picture_is_named(
    gateway: Gateway, services: Services, fields: dict[str, str]
) -> None:
    form = aiohttp.FormData(fields)
    form.add_field("image", encoded(draw("red", "ring")), filename="a.jpg")

    answer = await gateway.post(SEARCH, data=form)

    assert (answer.status, (await answer.json())["field"]) == (400, *fields)
    assert not services.embedder.pictures
