"""GET /api/v1/failures and /api/v1/failures.jsonl."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import ClientPayloadError

from tests.gateway.conftest import Gateway, Services
from tests.gateway.fake_failures import make_failure
from tests.gateway.fake_services import refusal

FAILURES = "/api/v1/failures"
EXPORT = "/api/v1/failures.jsonl"


async def _get(gateway: Gateway, **parameters: str | int) -> Any:
    answer = await gateway.get(FAILURES, params=parameters)
    assert answer.status == 200, await answer.text()
    return await answer.json()


def _fail(services: Services, source: str, *paths: str) -> None:
    services.search.failures += [make_failure(source, path.encode()) for path in paths]


async def test_a_failure_tells_which_file_why_and_when(gateway: Gateway, services: Services) -> None:
    services.search.failures.append(make_failure("holidays", b"2023/cut\noff\xff.jpg"))

    assert await _get(gateway) == {
        "failures": [
            {
                "source": "holidays",
                "relative_path": "2023/cut%0Aoff%FF.jpg",
                "name": "cut\ufffdoff\ufffd.jpg",
                "size_bytes": 812,
                "modified_at": "2024-05-01T00:00:00Z",
                "reason": "IMAGE_UNDECODABLE",
                "message": "The file is cut off after 812 bytes.",
                "failed_at": "2025-07-01T12:00:00Z",
            }
        ],
        "next_page_token": "",
    }


async def test_what_a_failure_does_not_tell_is_null(gateway: Gateway, services: Services) -> None:
    failure = make_failure("holidays", b"a.jpg")
    failure.relative_path = "100%.jpg"  # no path that this project's indexer would write
    failure.ClearField("modified_at")
    failure.ClearField("failed_at")
    services.search.failures.append(failure)

    (shown,) = (await _get(gateway))["failures"]

    assert (shown["name"], shown["modified_at"], shown["failed_at"]) == ("100%.jpg", None, None)


async def test_a_failed_folder_is_called_by_its_own_name(gateway: Gateway, services: Services) -> None:
    _fail(services, "holidays", "2023/Crete/")

    (shown,) = (await _get(gateway))["failures"]

    assert (shown["relative_path"], shown["name"]) == ("2023/Crete/", "Crete")


async def test_pages_follow_each_other_without_a_gap(gateway: Gateway, services: Services) -> None:
    _fail(services, "b", *(f"{number}.jpg" for number in range(7)))
    _fail(services, "a", "z.jpg")
    seen: list[tuple[str, str]] = []
    token = ""
    while True:
        page = await _get(gateway, page_size=3, page_token=token)
        seen += [(failure["source"], failure["name"]) for failure in page["failures"]]
        token = page["next_page_token"]
        if not token:
            break

    assert seen == [("a", "z.jpg"), *(("b", f"{number}.jpg") for number in range(7))]


async def test_a_source_and_a_folder_of_it_can_be_chosen(gateway: Gateway, services: Services) -> None:
    _fail(services, "a", "2023/1.jpg", "2023b/2.jpg", "3.jpg")
    _fail(services, "b", "2023/4.jpg")

    async def names(**parameters: str) -> list[str]:
        return [failure["name"] for failure in (await _get(gateway, **parameters))["failures"]]

    assert await names(source="b") == ["4.jpg"]
    assert await names(source="a", folder="/2023/") == ["1.jpg"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?folder=2023", "folder"),
        ("?page_size=many", "page_size"),
        ("?reason=UNREADABLE", "reason"),
        ("?source=a&source=b", "source"),
    ],
)
async def test_a_wrong_parameter_is_named(gateway: Gateway, query: str, field: str) -> None:
    answer = await gateway.get(FAILURES + query)

    problem = await answer.json()
    assert (answer.status, problem["reason"], problem["field"]) == (400, "INVALID_FIELD", field)


async def test_a_page_larger_than_the_largest_is_clamped(gateway: Gateway, services: Services) -> None:
    await _get(gateway, page_size=99_999)

    assert services.search.failure_lists[-1].page_size == 1000


async def test_a_search_service_from_before_there_were_failures_has_none(gateway: Gateway, services: Services) -> None:
    services.search.knows_failures = False

    assert await _get(gateway) == {"failures": [], "next_page_token": ""}
    answer = await gateway.get(EXPORT)
    assert (answer.status, await answer.text()) == (200, "")


async def test_all_are_exported_a_line_each(gateway: Gateway, services: Services) -> None:
    _fail(services, "a", *(f"{number:04}.jpg" for number in range(2_500)))
    _fail(services, "b", "line\nbreak \u2028 ü.jpg")

    answer = await gateway.get(EXPORT)

    assert answer.headers["Content-Disposition"].startswith('attachment; filename="failures.jsonl"')
    assert answer.content_type == "application/x-ndjson"
    lines = (await answer.text()).split("\n")
    assert lines.pop() == ""
    assert len(lines) == 2_501
    assert json.loads(lines[-1]) == (await _get(gateway, source="b"))["failures"][0]
    only = await gateway.get(EXPORT, params={"source": "b"})
    assert (await only.text()) == f"{lines[-1]}\n"


async def test_an_export_that_can_not_begin_is_a_problem(gateway: Gateway, services: Services) -> None:
    services.search.calls.refuse_with = refusal("STORAGE_UNAVAILABLE", "The disk is gone.")

    answer = await gateway.get(EXPORT)

    assert (answer.status, (await answer.json())["reason"]) == (503, "STORAGE_UNAVAILABLE")


async def test_an_export_that_breaks_off_does_not_look_whole(gateway: Gateway, services: Services) -> None:
    _fail(services, "a", *(f"{number:04}.jpg" for number in range(1_500)))
    calls = services.search.calls
    calls.refuse_at = 2
    calls.refuse_with = refusal("INTERNAL", "A fault of the service itself.")

    answer = await gateway.get(EXPORT)

    assert answer.status == 200
    with pytest.raises(ClientPayloadError):
        await answer.read()


async def test_an_export_is_sent_while_it_is_read_and_ends_with_its_reader(
    gateway: Gateway, services: Services
) -> None:
    _fail(services, "a", *(f"{number:05}.jpg" for number in range(5_000)))
    calls = services.search.calls
    calls.hold, calls.hold_at = asyncio.Event(), 2

    answer = await gateway.get(EXPORT)
    first = await answer.content.readline()
    await calls.held.wait()
    answer.close()
    await asyncio.wait_for(calls.cancelled.wait(), 20)

    assert json.loads(first)["name"] == "00000.jpg"
    assert len(services.search.failure_lists) == 1
