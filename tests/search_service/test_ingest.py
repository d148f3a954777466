import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest

from search_service.errors import InvalidField, ServiceError
from search_service.images import Images, Write
from search_service.ingest import MAX_READ_AHEAD, BatchLimits, Incoming, ingest
from tests.search_service.photos import write


class Recorder:
    """Keeps the batches; writes only while `open` is set."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, list[str]]] = []
        self.finished = False
        self.open = asyncio.Event()
        self.open.set()

    async def write(self, writes: Sequence[Write], rebuild_id: str = "") -> list[ServiceError | None]:
        await self.open.wait()
        self.batches.append((rebuild_id, [one.image.id for one in writes]))
        return [None] * len(writes)

    async def finish_writing(self) -> None:
        self.finished = True


class Source:
    """A stream of items that counts how many were taken."""

    def __init__(self, items: Sequence[Incoming], error: Exception | None = None) -> None:
        self.taken = 0
        self._items = items
        self._error = error

    async def __aiter__(self) -> AsyncIterator[Incoming]:
        for item in self._items:
            self.taken += 1
            yield item
        if self._error:
            raise self._error


def item(name: str, rebuild_id: str = "", error: ServiceError | None = None) -> Incoming:
    return Incoming(name, rebuild_id, error or write(name))


async def run(items: Sequence[Incoming], recorder: Recorder, limits: BatchLimits) -> list[tuple[str, bool]]:
    stream = ingest(aiter(Source(items)), cast(Images, recorder), limits)
    return [(outcome.id, outcome.error is None) async for outcome in stream]


async def test_items_are_written_in_full_batches_and_answered_in_order() -> None:
    recorder = Recorder()
    names = [f"n{number}" for number in range(10)]

    outcomes = await run([item(name) for name in names], recorder, BatchLimits(items=4, seconds=30))

    assert [len(ids) for _, ids in recorder.batches] == [4, 4, 2]
    assert outcomes == [(name, True) for name in names]
    assert recorder.finished


async def test_a_bad_item_is_answered_in_its_place_and_not_written() -> None:
    recorder = Recorder()
    items = [item("a"), item("bad", error=InvalidField("image.id", "no")), item("b")]

    outcomes = await run(items, recorder, BatchLimits(items=10, seconds=30))

    assert outcomes == [("a", True), ("bad", False), ("b", True)]
    assert recorder.batches == [("", ["a", "b"])]


async def test_items_for_different_indexes_are_written_apart_in_order() -> None:
    recorder = Recorder()
    items = [item("a"), item("b", "next"), item("c", "next"), item("a", "")]

    await run(items, recorder, BatchLimits(items=10, seconds=30))

    assert recorder.batches == [("", ["a"]), ("next", ["b", "c"]), ("", ["a"])]


async def test_an_item_is_answered_although_the_batch_does_not_fill() -> None:
    recorder = Recorder()
    go_on = asyncio.Event()

    async def source() -> AsyncIterator[Incoming]:
        yield item("a")
        await go_on.wait()
        yield item("b")

    stream = ingest(source(), cast(Images, recorder), BatchLimits(items=100, seconds=0.01))
    assert (await anext(stream)).id == "a"
    assert not recorder.finished
    go_on.set()
    assert [outcome.id async for outcome in stream] == ["b"]


async def test_no_more_items_are_read_ahead_than_allowed() -> None:
    recorder = Recorder()
    recorder.open.clear()
    source = Source([item(f"n{number}") for number in range(MAX_READ_AHEAD + 500)])

    stream = ingest(aiter(source), cast(Images, recorder), BatchLimits(items=100, seconds=0.01))
    first = asyncio.ensure_future(anext(stream))
    while source.taken < MAX_READ_AHEAD:
        await asyncio.sleep(0)
    for _ in range(100):  # turns in which it could read on
        await asyncio.sleep(0)

    assert source.taken == MAX_READ_AHEAD
    recorder.open.set()
    assert (await first).id == "n0"
    assert len([outcome async for outcome in stream]) == MAX_READ_AHEAD + 499


async def test_what_was_read_before_the_stream_broke_is_written() -> None:
    recorder = Recorder()
    source = Source([item("a"), item("b")], error=ConnectionError("gone"))
    stream = ingest(aiter(source), cast(Images, recorder), BatchLimits(items=10, seconds=30))

    assert [(await anext(stream)).id, (await anext(stream)).id] == ["a", "b"]
    with pytest.raises(ConnectionError):
        await anext(stream)
    assert recorder.batches == [("", ["a", "b"])]


async def test_no_items_are_no_writes() -> None:
    recorder = Recorder()

    assert await run([], recorder, BatchLimits()) == []
    assert recorder.batches == []


async def test_a_photo_that_the_index_fails_on_fails_alone() -> None:
    class Faulty(Recorder):
        async def write(self, writes: Sequence[Write], rebuild_id: str = "") -> list[ServiceError | None]:
            if any(one.image.id == "bad" for one in writes):
                raise OverflowError("a fault")
            return await super().write(writes, rebuild_id)

    recorder = Faulty()
    source = Source([item("a"), item("bad"), item("b")])
    stream = ingest(aiter(source), cast(Images, recorder), BatchLimits(items=10, seconds=30))

    outcomes = [(outcome.id, outcome.error and outcome.error.reason) async for outcome in stream]

    assert outcomes == [("a", None), ("bad", "INTERNAL"), ("b", None)]
    assert recorder.batches == [("", ["a"]), ("", ["b"])]
    assert recorder.finished
