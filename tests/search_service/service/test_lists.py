import asyncio
from typing import Any

import pytest
from google.type import datetime_pb2
from grpc import StatusCode

from imagesearch.search.v1 import search_pb2
from tests.search_service.service.conftest import Client, item, refusal

NEWEST, SAMPLE = search_pb2.LIST_ORDER_NEWEST_FIRST, search_pb2.LIST_ORDER_SAMPLE


async def list_all(client: Client, **fields: Any) -> list[str]:
    request = search_pb2.ListImagesRequest(**fields)
    seen: list[str] = []
    while True:
        page = await client.stub.ListImages(request)
        seen += [image.id for image in page.images]
        request.page_token = page.next_page_token
        if not request.page_token:
            return seen


async def fingerprints(client: Client, **fields: Any) -> list[str]:
    request = search_pb2.ListFingerprintsRequest(**fields)
    return [one.id async for batch in client.stub.ListFingerprints(request) for one in batch.fingerprints]


async def drain(client: Client, **fields: Any) -> None:
    await fingerprints(client, **fields)


@pytest.mark.parametrize("order", [NEWEST, SAMPLE, search_pb2.LIST_ORDER_UNSPECIFIED])
async def test_the_pages_of_a_list_hold_each_photo_once_while_others_are_written(client: Client, order: int) -> None:
    names = [f"n{number:02}" for number in range(25)]
    items = [item(name) for name in names]
    for number, one in enumerate(items[:-5]):
        one.image.taken_at.CopyFrom(datetime_pb2.DateTime(year=2020, month=1, day=1 + number // 3))
    await client.index(*items)
    expected = await list_all(client, order=order, page_size=500)
    assert sorted(expected) == names

    request = search_pb2.ListImagesRequest(order=order, page_size=4)  # type: ignore[arg-type]
    seen: list[str] = []
    while request.page_token or not seen:
        page = await client.stub.ListImages(request)
        seen += [image.id for image in page.images]
        request.page_token = page.next_page_token
        if len(seen) < 20:
            await client.index(item(f"added{len(seen)}"))

    assert [name for name in seen if not name.startswith("added")] == expected
    assert len(seen) == len(set(seen))


async def test_newest_first_is_the_default_order(client: Client) -> None:
    old, new = item("a"), item("b")
    old.image.taken_at.CopyFrom(datetime_pb2.DateTime(year=2020, month=1, day=1))
    new.image.taken_at.CopyFrom(datetime_pb2.DateTime(year=2021, month=1, day=1))
    await client.index(old, new, item("c"))

    assert await list_all(client) == ["b", "a", "c"]


async def test_a_lists_token_is_its_own(client: Client) -> None:
    await client.index(*[item(f"n{number}") for number in range(5)])
    token = (await client.stub.ListImages(search_pb2.ListImagesRequest(page_size=2))).next_page_token

    for request in (
        search_pb2.ListImagesRequest(page_token=token, order=SAMPLE),
        search_pb2.ListImagesRequest(page_token="no token"),
        search_pb2.ListImagesRequest(
            page_token=token, filter=search_pb2.Filter(folders=[search_pb2.Folder(source="photos")])
        ),
    ):
        assert (await refusal(client.stub.ListImages(request))).reason == "STALE_PAGE_TOKEN"


async def test_lists_say_that_there_is_no_index_and_fingerprints_are_none(client: Client) -> None:
    error = await refusal(client.stub.ListImages(search_pb2.ListImagesRequest()))

    assert (error.code, error.reason) == (StatusCode.FAILED_PRECONDITION, "INDEX_MISSING")
    assert await fingerprints(client, source="photos") == []


async def test_fingerprints_are_filtered(client: Client) -> None:
    other = item("other")
    other.image.source, other.image.content_sha256 = "elsewhere", "cd" * 32
    await client.index(item("b"), item("a"), item("ab"), other)

    assert await fingerprints(client, source="photos") == ["a", "ab", "b"]
    assert await fingerprints(client, source="photos", path_prefix="a") == ["a", "ab"]
    assert await fingerprints(client, content_sha256=["cd" * 32]) == ["other"]
    halves = [
        await fingerprints(client, source="photos", shard=search_pb2.Shard(index=index, count=2)) for index in (0, 1)
    ]
    assert sorted(halves[0] + halves[1]) == ["a", "ab", "b"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"path_prefix": "a"},
        {"content_sha256": ["ab"]},
        {"content_sha256": ["ab" * 32] * 1_001},
        {"source": "s", "shard": search_pb2.Shard(index=2, count=2)},
        {"source": "s", "shard": search_pb2.Shard(index=-1, count=2)},
        {"source": "s", "shard": search_pb2.Shard()},
    ],
)
async def test_a_bad_request_for_fingerprints_is_refused(client: Client, fields: dict[str, Any]) -> None:
    error = await refusal(asyncio.ensure_future(drain(client, **fields)))

    assert (error.code, error.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")


async def test_fingerprints_of_an_unknown_rebuild_are_refused(client: Client) -> None:
    await client.index(item("a"))

    error = await refusal(asyncio.ensure_future(drain(client, source="photos", rebuild_id="none")))

    assert (error.code, error.reason) == (StatusCode.FAILED_PRECONDITION, "REBUILD_NOT_FOUND")
