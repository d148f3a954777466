"""What is kept of the files that could not be indexed."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from search_service.failures import Failure, FailureFilter, FailurePlace, Failures
from search_service.images import Model, Shard, sample_key
from tests.search_service.contract.conftest import Opened, Settle
from tests.search_service.photos import random_unit, write

NEXT = Model("next@1", 4)


def failure(failure_id: str, **fields: Any) -> Failure:
    facts = {
        "source": "photos",
        "relative_path": f"{failure_id}.jpg",
        "size_bytes": 5,
        "modified_at_ns": 1_700_000_000_000_000_001,
        "reason": "IMAGE_UNDECODABLE",
        "message": "The file is cut off.",
        "extractor_version": 3,
        **fields,
    }
    return Failure(id=failure_id, **facts)


async def listed(failures: Failures, limit: int = 100, **keep: Any) -> list[Failure]:
    """All failures, page by page, without the time."""
    found: list[Failure] = []
    after: FailurePlace | None = None
    while True:
        page = await failures.page(FailureFilter(**keep), after=after, limit=limit)
        assert len(page.failures) <= limit
        found += page.failures
        after = page.following
        if after is None:
            return [replace(one, failed_at=None) for one in found]


async def ids(failures: Failures, limit: int = 100, **keep: Any) -> list[str]:
    return [one.id for one in await listed(failures, limit, **keep)]


async def test_without_a_report_there_are_none(failures: Failures) -> None:
    assert await failures.counts() == {}
    assert await listed(failures) == []
    assert await failures.report([], ["unknown"]) == 0
    assert await failures.report([], []) == 0


async def test_every_field_comes_back_with_the_time_of_the_report(failures: Failures) -> None:
    told = [
        failure("a", relative_path="été/100%25/it's\\a %5Cn_%/", message="'quoted'\nlines", size_bytes=2**40),
        failure("b", modified_at_ns=None, size_bytes=0, message=""),
        failure("c", modified_at_ns=-1),
    ]
    before = datetime.now(UTC).replace(microsecond=0)

    await failures.report(told, [])

    assert await listed(failures) == sorted(told, key=lambda one: one.relative_path.encode())
    (first, *_) = (await failures.page(FailureFilter(), after=None, limit=1)).failures
    assert first.failed_at is not None
    assert before <= first.failed_at <= datetime.now(UTC)


async def test_a_later_report_takes_the_place_of_an_earlier_one(failures: Failures) -> None:
    await failures.report([failure("a", reason="OLD"), failure("b")], [])
    later = failure("a", source="other", relative_path="elsewhere.jpg", reason="NEW")

    await failures.report([failure("a", reason="SAME CALL"), later], [])

    assert await listed(failures) == [later, failure("b")]
    assert await failures.counts() == {"other": 1, "photos": 1}


async def test_resolved_ones_are_forgotten_and_unknown_ones_passed_over(failures: Failures) -> None:
    await failures.report([failure("a"), failure("b"), failure("it's")], [])

    assert await failures.report([failure("c")], ["a", "it's", "unknown"]) == 2

    assert await ids(failures) == ["b", "c"]
    assert await failures.report([], ["b", "c"]) == 2
    assert await failures.counts() == {}


async def test_what_fails_again_in_the_same_report_stays(failures: Failures) -> None:
    await failures.report([failure("a", reason="OLD")], [])

    assert await failures.report([failure("a", reason="NEW")], ["a"]) == 1

    assert await listed(failures) == [failure("a", reason="NEW")]


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_they_come_by_source_the_bytes_of_the_path_then_id(failures: Failures, limit: int) -> None:
    paths = ["b", "B", "a/", "a/z", "a!", "a", "é", "z", "Z", "😀", "\uffff"]
    told = [failure(f"id{number}", relative_path=path) for number, path in enumerate(paths)]
    told += [failure("same", relative_path="a"), failure("it's", source="it's"), failure("z", source="é")]
    await failures.report(told, [])

    expected = sorted(told, key=lambda one: (one.source.encode(), one.relative_path.encode(), one.id))
    assert await listed(failures, limit) == expected


async def test_reports_between_pages_neither_repeat_nor_hide_others(failures: Failures) -> None:
    names = [f"n{number:02}" for number in range(20)]
    await failures.report([failure(name) for name in names], [])
    page = await failures.page(FailureFilter(), after=None, limit=10)
    assert page.following

    await failures.report([failure("a"), failure("n15b")], [page.failures[-1].id, page.failures[0].id, "n12"])
    rest = await failures.page(FailureFilter(), after=page.following, limit=100)

    assert [one.id for one in page.failures] == names[:10]
    assert [one.id for one in rest.failures] == sorted([*names[10:12], *names[13:], "n15b"])
    assert rest.following is None


@pytest.mark.parametrize(("prefix", "expected"), [("a", ["a", "a%/x", "ab"]), ("a%", ["a%/x"]), ("it's", ["it's"])])
async def test_they_are_filtered_by_source_and_the_paths_beginning(
    failures: Failures, prefix: str, expected: list[str]
) -> None:
    told = [failure(path, relative_path=path) for path in ("a", "a%/x", "ab", "b", "it's")]
    await failures.report([*told, failure("other", source="elsewhere", relative_path="a")], [])

    assert await ids(failures, source="photos", path_prefix=prefix) == expected
    assert await ids(failures, source="elsewhere") == ["other"]
    assert await ids(failures, source="unknown") == []
    assert await failures.counts() == {"elsewhere": 1, "photos": 5}


@pytest.mark.parametrize("count", [3, 67])
async def test_shards_divide_them_without_overlap(failures: Failures, count: int) -> None:
    names = [f"n{number}" for number in range(50)]
    await failures.report([failure(name) for name in names], [])

    for index in range(3):
        expected = {name for name in names if sample_key(name) % count == index}
        assert set(await ids(failures, limit=7, source="photos", shard=Shard(index, count))) == expected


async def test_they_outlive_a_rebuild_and_a_restart(opened: Opened, settle: Settle) -> None:
    images = await opened.open()
    await images.failures.report([failure("a"), failure("b")], [])
    await images.write([write("photo")])
    rebuild = await images.begin_rebuild(NEXT)
    await images.write([write("photo", random_unit(1, 4), model=NEXT.name)], rebuild.id)
    await images.commit_rebuild(rebuild.id, drop_missing_sources=True)
    await settle()

    images = await opened.open()

    assert await ids(images.failures) == ["a", "b"]
    assert await images.failures.report([failure("c")], ["a"]) == 1
    assert await ids(images.failures) == ["b", "c"]
    assert (await images.describe()).image_count == 1


async def test_first_reports_at_once_are_all_kept(failures: Failures) -> None:
    await asyncio.gather(*[failures.report([failure(f"n{number}")], []) for number in range(5)])

    assert await ids(failures) == [f"n{number}" for number in range(5)]
