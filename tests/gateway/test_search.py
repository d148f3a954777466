"""GET and POST /api/v1/search with words, photos of the index and vectors."""

import asyncio
import json
from typing import Any

import pytest
from google.type.datetime_pb2 import DateTime

from imagesearch.type.v1 import image_pb2
from tests.gateway.conftest import Gateway, Services, StartGateway
from tests.gateway.fake_services import MODEL, refusal
from tests.gateway.made_up_photos import DIMENSIONS, SOURCE, text_vector

SEARCH = "/api/v1/search"


async def _get(gateway: Gateway, **parameters: str | int) -> Any:
    answer = await gateway.get(SEARCH, params=parameters)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def _post(gateway: Gateway, body: Any) -> Any:
    answer = await gateway.post(SEARCH, json=body)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def _refused(gateway: Gateway, body: str) -> Any:
    answer = await gateway.post(SEARCH, data=body, headers={"Content-Type": "application/json"})
    assert answer.status == 400
    assert answer.content_type == "application/problem+json"
    return await answer.json()


async def test_words_find_the_photos_that_they_describe(gateway: Gateway) -> None:
    found = await _get(gateway, q="a red circle", page_size=2)

    assert all(result["image"]["name"].startswith("red-circle") for result in found["results"])
    assert [round(result["score"], 1) for result in found["results"]] == [1.0, 1.0]
    assert found["query"] == {"truncated": False}


async def test_a_photo_finds_others_and_not_itself(gateway: Gateway, services: Services) -> None:
    like = services.photos[0]

    found = await _get(gateway, like=like.id)

    assert like.id not in [result["image"]["id"] for result in found["results"]]
    assert found["results"][0]["image"]["name"].startswith("red-circle")


async def test_pages_follow_each_other_without_a_gap(gateway: Gateway, services: Services) -> None:
    seen: list[str] = []
    token = ""
    while True:
        page = await _get(gateway, q="blue", page_size=20, page_token=token)
        seen += [result["image"]["id"] for result in page["results"]]
        token = page["next_page_token"]
        if not token:
            break

    assert sorted(seen) == sorted(photo.id for photo in services.photos)


async def test_a_further_page_needs_no_second_embedding(gateway: Gateway, services: Services) -> None:
    first = await _get(gateway, q="blue", page_size=5)
    await _get(gateway, q="blue", page_size=5, page_token=first["next_page_token"])

    assert services.embedder.texts == ["blue"]


async def test_vectors_of_an_earlier_model_are_embedded_again(gateway: Gateway, services: Services) -> None:
    await _get(gateway, q="blue")
    services.embedder.model.id = services.search.model = "newer@ffffffffffff"

    found = await _get(gateway, q="blue")

    assert found["results"]
    assert services.embedder.texts == ["blue", "blue"]


async def test_a_model_that_differs_from_the_indexs_is_told(gateway: Gateway, services: Services) -> None:
    services.embedder.model.id = "newer@ffffffffffff"

    answer = await gateway.get(SEARCH, params={"q": "blue"})

    problem = await answer.json()
    assert (answer.status, problem["reason"]) == (409, "MODEL_MISMATCH")
    assert (problem["expected"], problem["actual"]) == (MODEL, "newer@ffffffffffff")
    assert services.embedder.texts == ["blue"]


async def test_a_text_that_was_cut_says_so(gateway: Gateway) -> None:
    found = await _get(gateway, q="word " * 60)

    assert found["query"]["truncated"] is True


async def test_filters_reach_the_search_service(gateway: Gateway, services: Services) -> None:
    await _get(gateway, q="red", taken_from="2024-07", taken_before="2025", source=SOURCE, folder="/2024/08/")

    sent = services.search.searches[-1].filter
    assert sent.taken_from == DateTime(year=2024, month=7)
    assert sent.taken_before == DateTime(year=2025)
    assert [(folder.source, folder.path) for folder in sent.folders] == [(SOURCE, "2024/08")]


async def test_of_photos_that_look_alike_one_can_stand_for_all(gateway: Gateway, services: Services) -> None:
    best, other, *_ = [photo for photo in services.photos if photo.name.startswith("red-circle")]
    for photo, bits in ((best, 0b0), (other, 0b111)):
        copy = image_pb2.Image.FromString(photo.SerializeToString())
        copy.perceptual_hash = bits
        services.search.photos[copy.id] = copy
    body = {"terms": [{"text": "red circle"}], "page_size": 1}

    apart = await _get(gateway, q="red circle", page_size=1)
    asked = await _get(gateway, q="red circle", page_size=1, hide_similar="true")
    posted = await _post(gateway, {**body, "hide_similar": True})
    left = await _post(gateway, {**body, "hide_similar": False})

    (hit,) = asked["results"]
    assert {hit["image"]["id"], *hit["similar_ids"]} == {best.id, other.id}
    assert hit["similar_count"] == 1
    assert posted["results"] == asked["results"]
    assert apart["results"] == left["results"] == [{**hit, "similar_count": 0, "similar_ids": []}]


async def test_a_page_larger_than_the_largest_is_clamped(gateway: Gateway, services: Services) -> None:
    await _get(gateway, q="red", page_size=999_999_999)

    assert services.search.searches[-1].page_size == 500


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ("", "q", "INVALID_FIELD"),
        ("?q=a&like=b", "q", "INVALID_FIELD"),
        ("?like=", "like", "INVALID_FIELD"),
        ("?q=a&hide_similar=yes", "hide_similar", "INVALID_FIELD"),
        ("?q=", None, "TEXT_EMPTY"),
        ("?q=%20%0A", None, "TEXT_EMPTY"),
        ("?q=a&page_size=-1", "page_size", "INVALID_FIELD"),
        ("?q=a&page_size=ten", "page_size", "INVALID_FIELD"),
        ("?q=a&page_size=1e3", "page_size", "INVALID_FIELD"),
        ("?q=a&taken_from=24-07", "taken_from", "INVALID_FIELD"),
        ("?q=a&taken_from=2024-13", "taken_from", "INVALID_FIELD"),
        ("?q=a&taken_before=2023-02-29", "taken_before", "INVALID_FIELD"),
        ("?q=a&taken_before=0000", "taken_before", "INVALID_FIELD"),
        ("?q=a&folder=2024", "folder", "INVALID_FIELD"),
        ("?q=a&q=b", "q", "INVALID_FIELD"),
        ("?q=a&taken_form=2024", "taken_form", "INVALID_FIELD"),
        ("?url=http://10.0.0.1/a.jpg", "url", "INVALID_FIELD"),
    ],
)
async def test_a_wrong_parameter_is_named(gateway: Gateway, query: str, field: str | None, reason: str) -> None:
    answer = await gateway.get(SEARCH + query)

    problem = await answer.json()
    assert (answer.status, problem["reason"], problem.get("field")) == (400, reason, field)
    assert problem["detail"].endswith(".")


async def test_terms_carry_their_weights(gateway: Gateway, services: Services) -> None:
    vector = text_vector("blue")
    terms = [
        {"text": "red", "weight": 2},
        {"image_id": services.photos[0].id, "weight": -0.5},
        {"embedding": {"model": MODEL, "values": vector}},
    ]

    await _post(gateway, {"terms": terms, "page_size": 3})

    sent = services.search.searches[-1].terms
    assert [term.weight if term.HasField("weight") else None for term in sent] == [2, -0.5, None]
    assert [term.WhichOneof("target") for term in sent] == ["embedding", "image_id", "embedding"]
    assert list(sent[2].embedding.values) == pytest.approx(vector)


async def test_texts_of_one_search_are_embedded_at_the_same_time(gateway: Gateway, services: Services) -> None:
    services.embedder.calls.hold = asyncio.Event()
    searching = asyncio.create_task(_post(gateway, {"terms": [{"text": "red"}, {"text": "blue"}]}))

    async with asyncio.timeout(10):
        while len(services.embedder.calls.request_ids) < 2:
            await asyncio.sleep(0.01)
    services.embedder.calls.hold.set()

    assert (await searching)["results"]


async def test_a_body_filters_by_several_folders(gateway: Gateway, services: Services) -> None:
    folders = [{"source": SOURCE, "path": "2024/08"}, {"source": "other"}]
    await _post(gateway, {"terms": [{"text": "red"}], "filter": {"taken_from": "2024-07-01", "folders": folders}})

    sent = services.search.searches[-1].filter
    assert sent.taken_from == DateTime(year=2024, month=7, day=1)
    assert [(folder.source, folder.path) for folder in sent.folders] == [(SOURCE, "2024/08"), ("other", "")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", "body"),
        ("{", "body"),
        ("[]", "body"),
        ("null", "body"),
        ("\xff", "body"),
        ("[" * 100_000, "body"),
        ('{"terms": []}', "terms"),
        ("{}", "terms"),
        ('{"terms": [{}]}', "terms[0]"),
        ('{"terms": [{"text": "a", "image_id": "b"}]}', "terms[0]"),
        ('{"terms": [{"image_id": ""}]}', "terms[0].image_id"),
        ('{"terms": [{"text": "a", "weight": "2"}]}', "terms[0].weight"),
        ('{"terms": [{"text": "a", "weight": true}]}', "terms[0].weight"),
        ('{"terms": [{"text": "a", "weight": NaN}]}', "body"),
        ('{"terms": [{"text": "a", "weight": -Infinity}]}', "body"),
        ('{"terms": [{"text": "a", "weight": 1e999}]}', "terms[0].weight"),
        ('{"terms": [{"embedding": {"model": "m", "values": [NaN]}}]}', "body"),
        ('{"terms": [{"embedding": {"model": "m", "values": ["1"]}}]}', "terms[0].embedding.values[0]"),
        ('{"terms": [{"embedding": {"values": [1]}}]}', "terms[0].embedding.model"),
        ('{"terms": [{"text": "a"}], "filter": {"taken_from": "July"}}', "filter.taken_from"),
        ('{"terms": [{"text": "a"}], "filter": {"folders": [{"path": "a"}]}}', "filter.folders[0].source"),
        ('{"terms": [{"text": "a"}], "page_size": -1}', "page_size"),
        ('{"terms": [{"text": "a"}], "page_size": 1.5}', "page_size"),
        ('{"terms": [{"text": "a"}], "limit": 5}', "limit"),
        ('{"terms": [{"text": "a"}], "hide_similar": "true"}', "hide_similar"),
        (json.dumps({"terms": [{"text": "a"}] * 33}), "terms"),
        ('{"terms": [{"text": "\\ud800"}]}', "terms[0].text"),
        ('{"terms": [{"image_id": "\\udcff"}]}', "terms[0].image_id"),
        (f'{{"terms": [{{"text": "a", "weight": {10**400}}}]}}', "terms[0].weight"),
        (f'{{"terms": [{{"text": "a", "weight": {"9" * 5000}}}]}}', "body"),
    ],
)
async def test_a_wrong_part_of_a_body_is_named(gateway: Gateway, services: Services, body: str, field: str) -> None:
    problem = await _refused(gateway, body)

    assert (problem["reason"], problem["field"]) == ("INVALID_FIELD", field)
    assert not services.embedder.texts


async def test_a_blank_text_among_terms_is_refused(gateway: Gateway) -> None:
    assert (await _refused(gateway, '{"terms": [{"text": " "}]}'))["reason"] == "TEXT_EMPTY"


async def test_a_body_beyond_the_limit_is_refused(gateway: Gateway) -> None:
    answer = await gateway.post(SEARCH, data=b" " * 5_000_000, headers={"Content-Type": "application/json"})

    assert answer.status == 413
    assert answer.content_type == "application/problem+json"


async def test_another_media_type_is_refused(gateway: Gateway) -> None:
    answer = await gateway.post(SEARCH, data=b"q=a", headers={"Content-Type": "application/x-www-form-urlencoded"})

    assert answer.status == 415


async def test_a_page_token_of_another_query_is_stale(gateway: Gateway) -> None:
    first = await _get(gateway, q="red", page_size=5)

    answer = await gateway.get(SEARCH, params={"q": "blue", "page_size": 5, "page_token": first["next_page_token"]})

    assert (answer.status, (await answer.json())["reason"]) == (400, "STALE_PAGE_TOKEN")


async def test_an_unknown_photo_is_not_found(gateway: Gateway) -> None:
    answer = await gateway.get(SEARCH, params={"like": "no-such-photo"})

    problem = await answer.json()
    assert (answer.status, problem["reason"], problem["image_id"]) == (404, "IMAGE_NOT_FOUND", "no-such-photo")


async def test_a_text_beyond_the_limit_tells_the_limit(gateway: Gateway) -> None:
    answer = await gateway.post(SEARCH, json={"terms": [{"text": "x" * 10_000}]})

    problem = await answer.json()
    assert (answer.status, problem["reason"], problem["limit_bytes"]) == (400, "TEXT_TOO_LONG", "8192")


async def test_a_vector_of_the_wrong_length_is_refused(gateway: Gateway) -> None:
    values = [1.0] + [0.0] * DIMENSIONS
    answer = await gateway.post(SEARCH, json={"terms": [{"embedding": {"model": MODEL, "values": values}}]})

    assert (answer.status, (await answer.json())["reason"]) == (400, "INVALID_EMBEDDING")


async def test_a_number_beyond_32_bits_reaches_no_computation_as_infinity(gateway: Gateway) -> None:
    values = [1e300] + [0.0] * (DIMENSIONS - 1)
    problem = await _refused(gateway, json.dumps({"terms": [{"embedding": {"model": MODEL, "values": values}}]}))

    assert (problem["reason"], problem["field"]) == ("INVALID_FIELD", "terms[0].embedding.values[0]")


async def test_terms_that_cancel_out_are_told(gateway: Gateway, services: Services) -> None:
    services.search.calls.refuse_with = refusal("ZERO_VECTOR", "The terms cancel out. Change a weight.")

    answer = await gateway.post(SEARCH, json={"terms": [{"text": "a"}, {"text": "a", "weight": -1}]})

    problem = await answer.json()
    assert (answer.status, problem["reason"]) == (400, "ZERO_VECTOR")
    assert problem["detail"] == "The terms cancel out. Change a weight."


async def test_one_failed_text_fails_the_search_once(gateway: Gateway, services: Services) -> None:
    answer = await gateway.post(SEARCH, json={"terms": [{"text": "x" * 10_000}, {"text": "red"}]})

    assert (answer.status, (await answer.json())["reason"]) == (400, "TEXT_TOO_LONG")
    assert not services.search.searches


async def test_an_index_that_does_not_exist_yet_is_told(start_gateway: StartGateway, services: Services) -> None:
    services.search.photos.clear()
    gateway = await start_gateway()

    answer = await gateway.get(SEARCH, params={"q": "red"})

    assert (answer.status, (await answer.json())["reason"]) == (409, "INDEX_MISSING")


@pytest.mark.parametrize("photo_id", ["x" * 513, "x" * 50_000, "ä" * 257])
async def test_what_can_be_no_id_is_refused_without_asking(gateway: Gateway, services: Services, photo_id: str) -> None:
    problem = await _refused(gateway, json.dumps({"terms": [{"text": "red"}, {"image_id": photo_id}]}))
    assert (problem["reason"], problem["field"]) == ("INVALID_FIELD", "terms[1].image_id")

    answer = await gateway.get(SEARCH, params={"like": photo_id[:7_000]})
    problem = await answer.json()
    assert (answer.status, problem["reason"], problem["field"]) == (400, "INVALID_FIELD", "like")

    assert not services.embedder.texts
    assert not services.search.searches


async def test_an_id_may_have_512_bytes(gateway: Gateway) -> None:
    answer = await gateway.get(SEARCH, params={"like": "x" * 512})

    assert (answer.status, (await answer.json())["reason"]) == (404, "IMAGE_NOT_FOUND")
