"""Files that failed are known to the search service, and are tried again only when that may help."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace

import pytest

from indexer.errors import ModelMismatch, ServiceRefused, ServiceUnreachable
from indexer.failure import Failure
from tests.indexer.conftest import World, make_unreadable_folder
from tests.indexer.fake_services import FakeSearch, jpeg
from tests.indexer.test_rebuild import use_new_model


class RefusesReports(FakeSearch):
    """Answers a first report never, and refuses all others."""

    def __init__(self, refusal: Exception) -> None:
        super().__init__()
        self._refusal = refusal
        self._reports = 0

    async def report_failures(self, source: str, failures: Sequence[Failure], resolved: Sequence[str]) -> None:
        self._reports += 1
        if self._reports == 1:
            await asyncio.Event().wait()
        raise self._refusal


def recorded(world: World) -> dict[str, str]:
    return {path: failure.reason for (_, path), failure in world.search.failures.items()}


async def test_what_failed_is_reported_with_what_tells_whether_the_file_changed(world: World) -> None:
    file = world.add(b"cut \xff.jpg", b"broken")

    await world.index()

    [failure] = world.search.failures.values()
    facts = file.stat()
    assert (failure.relative_path, failure.reason) == ("cut %FF.jpg", "IMAGE_UNDECODABLE")
    assert (failure.size, failure.modified_ns) == (facts.st_size, facts.st_mtime_ns)


async def test_a_bad_file_is_not_read_again_until_it_changes(world: World) -> None:
    world.add_photos(2)
    file = world.add(b"bad.jpg", b"broken")
    first = await world.index()

    second = await world.index()
    file.write_bytes(jpeg())
    third = await world.index()

    assert (first.code, second.code, third.code) == (3, 0, 0)
    assert (second.tally.still_failed, second.tally.to_do, second.failures.count) == (1, 0, 0)
    assert (third.tally.still_failed, third.tally.written) == (0, 1)
    assert recorded(world) == {}


async def test_bad_files_are_tried_again_on_request_and_by_a_newer_version(world: World) -> None:
    world.add(b"bad.jpg", b"broken")
    await world.index()

    retried = await world.index(retry_failed=True)
    key, failure = next(iter(world.search.failures.items()))
    world.search.failures[key] = replace(failure, extractor_version=failure.extractor_version - 1)
    newer = await world.index()

    assert (retried.tally.to_do, retried.code, newer.tally.to_do) == (1, 3, 1)


async def test_what_may_be_over_is_tried_each_time(world: World) -> None:
    world.add(b"a.jpg", jpeg())
    await world.index(source="other")
    for reason in ("UNREADABLE", "CHANGED_WHILE_READ", "OUT_OF_MEMORY", "INTERNAL", "EMBEDDER_REFUSED", "A_LATER_ONE"):
        world.add(b"bad.jpg", b"broken")
        await world.index()
        key, failure = next(iter(world.search.failures.items()))
        world.search.failures[key] = replace(failure, reason=reason)

        assert (await world.index()).tally.to_do == 1


async def test_failures_of_files_that_are_gone_or_no_photos_are_forgotten(world: World) -> None:
    world.add(b"good.jpg", jpeg())
    gone = world.add(b"gone.jpg", b"broken")
    other = world.add(b"other", b"\xff\xd8\xff broken")
    await world.index()
    assert set(recorded(world)) == {"gone.jpg", "other"}

    gone.unlink()
    other.write_bytes(b"words")
    await world.index()

    assert recorded(world) == {}


async def test_a_folder_that_can_be_read_again_is_no_failure_any_more(world: World) -> None:
    world.add(b"good.jpg", jpeg())
    unreadable = make_unreadable_folder(world.root)
    await world.index()
    assert recorded(world) == {os.fsdecode(unreadable) + "/": "FOLDER_UNREADABLE"}

    (world.root / os.fsdecode(unreadable.split(b"/")[0])).rename(world.root.with_name("elsewhere"))
    await world.index()

    assert recorded(world) == {}


async def test_an_empty_folder_forgets_no_failure(world: World) -> None:
    good, bad = world.add(b"good.jpg", jpeg()), world.add(b"bad.jpg", b"broken")
    await world.index()
    good.unlink()
    bad.unlink()

    with pytest.raises(Exception, match="disk is mounted"):
        await world.index()

    assert set(recorded(world)) == {"bad.jpg"}


async def test_a_rebuild_tries_all_files_again(world: World) -> None:
    world.add(b"good.jpg", jpeg())
    world.add(b"bad.jpg", b"broken")
    await world.index()
    use_new_model(world)

    outcome = await world.index(rebuild=True)

    assert (outcome.code, outcome.tally.to_do) == (3, 2)


async def test_a_photo_whose_new_content_is_bad_stays_and_is_not_read_again(world: World) -> None:
    world.add(b"b.jpg", jpeg())
    file = world.add(b"a.jpg", jpeg((1, 2, 3)))
    await world.index()
    file.write_bytes(b"broken")
    await world.index()

    outcome = await world.index(prune=True)

    assert (outcome.tally.still_failed, outcome.tally.removed, outcome.code) == (1, 0, 0)
    assert world.search.paths() == {b"a.jpg", b"b.jpg"}


async def test_a_run_that_gives_up_reports_what_failed_before(world: World) -> None:
    world.add_photos(5)
    world.add(b"bad.jpg", b"broken")
    world.wait = 0.2
    world.embedder.break_after = [0] * 100

    with pytest.raises(ServiceUnreachable):
        await world.index()

    assert set(recorded(world)) == {"bad.jpg"}


async def test_a_run_that_is_interrupted_reports_what_failed_before(world: World) -> None:
    world.add(b"bad.jpg", b"broken")
    world.add(b"good.jpg", jpeg())
    world.embedder.overloads_left = 10_000
    running = asyncio.ensure_future(world.index())
    while not world.search.failures:
        await asyncio.sleep(0.01)
    world.add(b"other.jpg", b"broken")

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert set(recorded(world)) == {"bad.jpg"}


@pytest.mark.parametrize("refusal", [ServiceRefused("It is read-only."), RuntimeError("A fault.")])
async def test_a_report_that_fails_at_the_end_hides_not_why_the_run_ended(world: World, refusal: Exception) -> None:
    world.add(b"a.jpg", jpeg())
    world.add(b"bad.jpg", b"broken")
    world.search = RefusesReports(refusal)
    world.embedder.model_of_vectors = "other@9"

    with pytest.raises(ModelMismatch, match="other@9"):
        await world.index()


async def test_reports_that_break_are_sent_again(world: World) -> None:
    world.add(b"bad.jpg", b"broken")
    world.search.breaks_reports = 3

    await world.index()

    assert set(recorded(world)) == {"bad.jpg"}
