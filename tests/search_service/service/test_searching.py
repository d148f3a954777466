import math
from typing import Any

import pytest
from google.type import datetime_pb2, latlng_pb2
from grpc import StatusCode

from grpc_runtime.errors import read_status
from imagesearch.search.v1 import search_pb2
from imagesearch.type.v1 import image_pb2
from search_service.images import Vector
from tests.search_service.photos import MODEL, random_unit, unit
from tests.search_service.service.conftest import WINDOW, Client, embedding, item, refusal


def near(vector: Vector, weight: float | None = None, model: str = MODEL) -> search_pb2.SearchTerm:
    return search_pb2.SearchTerm(embedding=embedding(vector, model), weight=weight)


def like(image_id: str, weight: float | None = None) -> search_pb2.SearchTerm:
    return search_pb2.SearchTerm(image_id=image_id, weight=weight)


def search(*terms: search_pb2.SearchTerm, **fields: object) -> search_pb2.SearchImagesRequest:
    return search_pb2.SearchImagesRequest(terms=terms, **fields)  # type: ignore[arg-type]


def ids(*pages: search_pb2.SearchImagesResponse) -> list[str]:
    return [hit.image.id for page in pages for hit in page.hits]


async def test_a_vector_finds_the_nearest(client: Client) -> None:
    await client.index(item("far", unit(-1)), item("near", unit(3, 4)), item("same", unit(1)))

    answer = await client.stub.SearchImages(search(near(unit(1))))

    assert ids(answer) == ["same", "near", "far"]
    assert [hit.score for hit in answer.hits] == pytest.approx([1, 0.6, -1], abs=1e-5)
    assert answer.next_page_token == ""


async def test_hits_come_newest_first_where_that_is_asked_for(client: Client) -> None:
    items = [item(f"y{year}", random_unit(year)) for year in range(1990, 2020)]
    for one in items:
        one.image.taken_at.CopyFrom(datetime_pb2.DateTime(year=int(one.image.id[1:]), month=1, day=1))
    await client.index(*items)

    pages = await client.pages(search(near(unit(1)), page_size=7, order=search_pb2.SEARCH_ORDER_NEWEST_FIRST))

    assert ids(*pages) == [f"y{year}" for year in reversed(range(1990, 2020))]


async def test_a_photo_finds_others_like_it_but_not_itself(client: Client) -> None:
    await client.index(item("cat", unit(1)), item("kitten", unit(5, 1)), item("car", unit(0, 1)))

    assert ids(await client.stub.SearchImages(search(like("cat")))) == ["kitten", "car"]


async def test_terms_add_and_subtract_and_an_absent_weight_is_one(client: Client) -> None:
    await client.index(item("a", unit(1)), item("b", unit(0, 1)), item("a-b", unit(1, -1)), item("a+b", unit(1, 1)))

    added = await client.stub.SearchImages(search(near(unit(1)), near(unit(0, 1))))
    subtracted = await client.stub.SearchImages(search(like("a"), like("b", -1)))

    assert ids(added)[0] == "a+b"
    assert ids(subtracted) == ["a-b", "a+b"]


async def test_the_pages_together_are_the_window_without_repeats(client: Client) -> None:
    await client.index(*[item(f"n{number:03}", random_unit(number)) for number in range(250)])
    query = near(random_unit(1_000))
    whole = ids(*await client.pages(search(query, page_size=500)))

    for page_size in (7, 50, 99, 100, 10_000):
        pages = await client.pages(search(query, page_size=page_size))
        assert ids(*pages) == whole
        assert all(len(page.hits) == min(page_size, 500, WINDOW.size) for page in pages[:-1])
    assert len(whole) == len(set(whole)) == WINDOW.size


async def test_the_page_size_may_change_between_pages(client: Client) -> None:
    await client.index(*[item(f"n{number:02}", random_unit(number)) for number in range(30)])
    query = near(random_unit(1_000))
    whole = ids(*await client.pages(search(query)))

    first = await client.stub.SearchImages(search(query, page_size=4))
    second = await client.stub.SearchImages(search(query, page_size=20, page_token=first.next_page_token))

    assert ids(first, second) == whole[:24]


async def test_a_page_holds_fifty_unless_said_otherwise(client: Client) -> None:
    await client.index(*[item(f"n{number:03}") for number in range(60)])

    assert len((await client.stub.SearchImages(search(near(unit(1))))).hits) == 50


async def test_a_token_of_another_query_is_stale(client: Client) -> None:
    await client.index(*[item(f"n{number}") for number in range(5)])
    token = (await client.stub.SearchImages(search(near(unit(1)), page_size=2))).next_page_token

    for request in (
        search(near(unit(0, 1)), page_size=2, page_token=token),
        search(near(unit(1), 2.0), page_size=2, page_token=token),
        search(
            near(unit(1)),
            page_size=2,
            page_token=token,
            filter=search_pb2.Filter(folders=[search_pb2.Folder(source="photos")]),
        ),
        search(near(unit(1)), page_size=2, page_token=token, order=search_pb2.SEARCH_ORDER_NEWEST_FIRST),
        search(near(unit(1)), page_token="no token"),
    ):
        error = await refusal(client.stub.SearchImages(request))
        assert (error.code, error.reason) == (StatusCode.INVALID_ARGUMENT, "STALE_PAGE_TOKEN")


@pytest.mark.parametrize(
    ("request_", "code", "reason"),
    [
        (search(), StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        (search(search_pb2.SearchTerm(weight=1)), StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        (search(near(unit(1), math.nan)), StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        (search(*[near(unit(1))] * 33), StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        (search(near(unit(1)), page_size=-1), StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        (search(near(unit(1)), order=7), StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        (search(near(unit(1) * 2)), StatusCode.INVALID_ARGUMENT, "INVALID_EMBEDDING"),
        (search(near(unit(1) * math.nan)), StatusCode.INVALID_ARGUMENT, "INVALID_EMBEDDING"),
        (search(near(unit(1)[:4])), StatusCode.INVALID_ARGUMENT, "INVALID_EMBEDDING"),
        (search(near(unit(1)), like("a", -1)), StatusCode.INVALID_ARGUMENT, "ZERO_VECTOR"),
        (search(near(unit(1), model="other@1")), StatusCode.FAILED_PRECONDITION, "MODEL_MISMATCH"),
        (search(like("unknown")), StatusCode.NOT_FOUND, "IMAGE_NOT_FOUND"),
        (search(like("")), StatusCode.NOT_FOUND, "IMAGE_NOT_FOUND"),
        (
            search(near(unit(1)), filter=search_pb2.Filter(folders=[search_pb2.Folder(path="a")])),
            StatusCode.INVALID_ARGUMENT,
            "INVALID_FIELD",
        ),
        (
            search(near(unit(1)), filter=search_pb2.Filter(folders=[search_pb2.Folder(source="a", path="a/")])),
            StatusCode.INVALID_ARGUMENT,
            "INVALID_FIELD",
        ),
        (
            search(near(unit(1)), filter=search_pb2.Filter(taken_from=datetime_pb2.DateTime(year=2024, month=13))),
            StatusCode.INVALID_ARGUMENT,
            "INVALID_FIELD",
        ),
    ],
)
async def test_a_bad_search_gets_its_documented_error(
    client: Client, request_: search_pb2.SearchImagesRequest, code: StatusCode, reason: str
) -> None:
    await client.index(item("a", unit(1)))

    error = await refusal(client.stub.SearchImages(request_))

    assert (error.code, error.reason) == (code, reason)
    assert ids(await client.stub.SearchImages(search(near(unit(1))))) == ["a"]


@pytest.mark.parametrize(
    ("keep", "field"),
    [
        ({"bounding_box": {"south": -90.1}}, "filter.bounding_box.south"),
        ({"bounding_box": {"north": math.nan}}, "filter.bounding_box.north"),
        ({"bounding_box": {"west": -181}}, "filter.bounding_box.west"),
        ({"bounding_box": {"east": math.inf}}, "filter.bounding_box.east"),
        ({"bounding_box": {"south": 1, "north": 0.9}}, "filter.bounding_box"),
        ({"nearby": {"radius_meters": 5}}, "filter.nearby.center"),
        ({"nearby": {"center": {"latitude": 91}, "radius_meters": 5}}, "filter.nearby.center.latitude"),
        ({"nearby": {"center": {"longitude": math.nan}, "radius_meters": 5}}, "filter.nearby.center.longitude"),
        ({"nearby": {"center": {}}}, "filter.nearby.radius_meters"),
        ({"nearby": {"center": {}, "radius_meters": -1}}, "filter.nearby.radius_meters"),
        ({"nearby": {"center": {}, "radius_meters": math.nan}}, "filter.nearby.radius_meters"),
        ({"nearby": {"center": {}, "radius_meters": math.inf}}, "filter.nearby.radius_meters"),
        ({"folders": [{"source": "a", "path": "b"}] * 101}, "filter.folders"),
        ({"cameras": [{}] * 101}, "filter.cameras"),
        ({"media_types": ["image/jpeg"] * 101}, "filter.media_types"),
        ({"media_types": ["image/jpeg", ""]}, "filter.media_types[1]"),
    ],
    ids=str,
)
async def test_a_filter_that_makes_no_sense_is_refused_by_its_field(
    client: Client, keep: dict[str, Any], field: str
) -> None:
    message = search_pb2.Filter(**keep)

    for call in (
        client.stub.SearchImages(search(near(unit(1)), filter=message)),
        client.stub.ListImages(search_pb2.ListImagesRequest(filter=message)),
    ):
        error = await refusal(call)
        assert (error.code, error.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
        assert error.metadata == {"field": field}


async def test_photos_are_found_by_place_camera_and_format(client: Client) -> None:
    here, there = item("here"), item("there")
    here.image.location.CopyFrom(latlng_pb2.LatLng(latitude=-17.7, longitude=178))
    here.image.camera.CopyFrom(image_pb2.Camera(make="Canon", model="R5"))
    here.image.media_type = "image/heic"
    there.image.location.CopyFrom(latlng_pb2.LatLng(latitude=-13.8, longitude=-170))
    await client.index(here, there)

    keeps: list[dict[str, Any]] = [
        {"bounding_box": {"south": -20, "west": 177, "north": 0, "east": -175}},
        {"nearby": {"center": {"latitude": -17.7, "longitude": -180}, "radius_meters": 300_000}},
        {"cameras": [{"make": "Sony"}, {"make": "Canon", "model": "R5"}]},
        {"media_types": ["image/heic"]},
    ]
    for keep in keeps:
        assert ids(await client.stub.SearchImages(search(near(unit(1)), filter=search_pb2.Filter(**keep)))) == ["here"]


async def test_a_model_mismatch_names_both_models(client: Client) -> None:
    await client.index(item("a"))

    error = await refusal(client.stub.SearchImages(search(near(unit(1), model="other@1"))))

    assert error.metadata == {"expected": MODEL, "actual": "other@1"}


async def test_without_an_index_a_search_says_so(client: Client) -> None:
    error = await refusal(client.stub.SearchImages(search(near(unit(1)))))

    assert (error.code, error.reason) == (StatusCode.FAILED_PRECONDITION, "INDEX_MISSING")


async def test_an_absent_month_or_day_of_a_filter_is_the_first_and_offsets_are_left_aside(client: Client) -> None:
    old, new = item("old"), item("new")
    old.image.taken_at.CopyFrom(datetime_pb2.DateTime(year=2023, month=12, day=31, hours=23))
    new.image.taken_at.CopyFrom(datetime_pb2.DateTime(year=2024, month=1, day=1))
    new.image.taken_at.utc_offset.FromSeconds(-7 * 3600)
    answers = await client.index(old, new)
    assert [read_status(answer.status).code for answer in answers] == [StatusCode.OK] * 2

    year = datetime_pb2.DateTime(year=2024)
    year.time_zone.id = "Asia/Tokyo"
    since = await client.stub.SearchImages(search(near(unit(1)), filter=search_pb2.Filter(taken_from=year)))
    until = await client.stub.SearchImages(search(near(unit(1)), filter=search_pb2.Filter(taken_before=year)))

    assert (ids(since), ids(until)) == (["new"], ["old"])


async def test_photos_that_look_alike_are_hidden_on_demand(client: Client) -> None:
    items = [item(f"n{number}", unit(10, number)) for number in range(6)]
    for number, one in enumerate(items):
        one.image.content_sha256 = f"{number}" * 64
        one.image.perceptual_hash = 2**64 - 1 if number % 2 else 7
    await client.index(*items)
    request = search_pb2.SearchImagesRequest(terms=[search_pb2.SearchTerm(embedding=embedding(unit(1)))], page_size=1)

    assert len(await client.pages(search_pb2.SearchImagesRequest(terms=request.terms, page_size=2))) == 3
    first, second = await client.pages(
        search_pb2.SearchImagesRequest(terms=request.terms, page_size=1, hide_similar=True)
    )

    for page, number in ((first, 0), (second, 1)):
        (hit,) = page.hits
        assert hit.image.id == f"n{number}"
        assert (hit.similar_count, list(hit.similar_ids)) == (2, [f"n{number + 2}", f"n{number + 4}"])
    request.page_token = first.next_page_token
    assert (await refusal(client.stub.SearchImages(request))).reason == "STALE_PAGE_TOKEN"
