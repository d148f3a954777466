from typing import Any

import pytest
from grpc import StatusCode

from imagesearch.search.v1 import search_pb2
from tests.search_service.service.conftest import Client, item, refusal


def failure(failure_id: str, **fields: Any) -> search_pb2.Failure:
    facts = {
        "id": failure_id,
        "source": "photos",
        "relative_path": f"{failure_id}.jpg",
        "reason": "IMAGE_UNDECODABLE",
        "message": "The file is cut off.",
        **fields,
    }
    return search_pb2.Failure(**facts)


async def report(client: Client, *failures: search_pb2.Failure, resolved: list[str] | None = None) -> int:
    request = search_pb2.ReportFailuresRequest(failures=failures, resolved_ids=resolved or [])
    return (await client.stub.ReportFailures(request)).resolved_count


async def pages(client: Client, **fields: Any) -> list[list[str]]:
    request = search_pb2.ListFailuresRequest(**fields)
    found: list[list[str]] = []
    while True:
        page = await client.stub.ListFailures(request)
        found.append([one.id for one in page.failures])
        request.page_token = page.next_page_token
        if not request.page_token:
            return found


async def index(client: Client) -> search_pb2.Index:
    return (await client.stub.GetIndex(search_pb2.GetIndexRequest())).index


async def test_a_failure_comes_back_as_it_was_sent(client: Client) -> None:
    sent = failure("a", relative_path="a/", size_bytes=2**33, extractor_version=4)
    sent.modified_at.FromNanoseconds(1_700_000_000_123_456_789)
    sent.failed_at.FromSeconds(1)
    await report(client, sent)

    (found,) = (await client.stub.ListFailures(search_pb2.ListFailuresRequest())).failures

    assert found.failed_at.seconds > 1_700_000_000
    found.ClearField("failed_at")
    sent.ClearField("failed_at")
    assert found == sent


async def test_the_index_counts_failures_even_before_there_is_one(client: Client) -> None:
    await report(client, failure("a"), failure("b"), failure("c", source="broken"))
    missing = await index(client)
    assert (missing.state, missing.failure_count) == (search_pb2.INDEX_STATE_MISSING, 3)
    await client.index(item("x"))

    assert await report(client, resolved=["a", "a", "unknown"]) == 1

    found = await index(client)
    assert found.failure_count == 2
    assert list(found.sources) == [search_pb2.SourceCount(source="photos", image_count=1, failure_count=1)]


async def test_they_are_listed_in_pages(client: Client) -> None:
    await report(client, *[failure(f"n{number:03}") for number in range(150)])
    await report(client, failure("first", source="a"))

    assert [len(page) for page in await pages(client)] == [100, 51]
    assert [len(page) for page in await pages(client, source="photos", path_prefix="n00", page_size=4)] == [4, 4, 2]
    assert len((await pages(client, page_size=5_000))[0]) == 151
    halves = [await pages(client, shard=search_pb2.Shard(index=number, count=2)) for number in (0, 1)]
    assert min(halves[0][0] + halves[1][0]) == "first"
    assert len(halves[0][0]) + len(halves[1][0]) == 151


async def test_a_lists_token_is_its_own(client: Client) -> None:
    await report(client, *[failure(f"n{number}") for number in range(3)])
    request = search_pb2.ListFailuresRequest(source="photos", page_size=1)
    token = (await client.stub.ListFailures(request)).next_page_token

    for other in (
        search_pb2.ListFailuresRequest(page_token=token),
        search_pb2.ListFailuresRequest(page_token=token, source="photos", path_prefix="n"),
        search_pb2.ListFailuresRequest(page_token=token, source="photos", shard=search_pb2.Shard(count=1)),
        search_pb2.ListFailuresRequest(page_token="no token", source="photos"),
    ):
        assert (await refusal(client.stub.ListFailures(other))).reason == "STALE_PAGE_TOKEN"


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"failures": [failure("a"), failure("")]}, "failures[1].id"),
        ({"failures": [failure("é" * 257)]}, "failures[0].id"),
        ({"failures": [failure("a", source="")]}, "failures[0].source"),
        ({"failures": [failure("a", relative_path="")]}, "failures[0].relative_path"),
        ({"failures": [failure("a", reason="")]}, "failures[0].reason"),
        ({"failures": [failure("a", reason="R" * 65)]}, "failures[0].reason"),
        ({"failures": [failure("a", message="é" * 2_049)]}, "failures[0].message"),
        ({"failures": [failure("a", size_bytes=-1)]}, "failures[0].size_bytes"),
        ({"failures": [failure("a", extractor_version=-1)]}, "failures[0].extractor_version"),
        ({"failures": [failure("a")] * 1_001}, "failures"),
        ({"resolved_ids": ["a"] * 1_001}, "resolved_ids"),
        ({"resolved_ids": ["a", "x" * 513]}, "resolved_ids[1]"),
    ],
)
async def test_a_bad_report_is_refused_whole(client: Client, request_: dict[str, Any], field: str) -> None:
    error = await refusal(client.stub.ReportFailures(search_pb2.ReportFailuresRequest(**request_)))

    assert (error.code, error.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert error.metadata == {"field": field}
    assert await pages(client) == [[]]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"path_prefix": "a"}, "path_prefix"),
        ({"page_size": -1}, "page_size"),
        ({"shard": search_pb2.Shard()}, "shard"),
        ({"shard": search_pb2.Shard(index=2, count=2)}, "shard"),
    ],
)
async def test_a_bad_request_for_a_list_is_refused(client: Client, fields: dict[str, Any], field: str) -> None:
    error = await refusal(client.stub.ListFailures(search_pb2.ListFailuresRequest(**fields)))

    assert (error.reason, error.metadata) == ("INVALID_FIELD", {"field": field})
