import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from embedder_service.batching.waiting import Kind
from embedder_service.decoding import Decoders


class Work:
    """What is decoded, in the order in which it is; the first waits until `release`."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.busy = threading.Event()
        self.release = threading.Event()

    def first(self) -> None:
        self.busy.set()
        assert self.release.wait(30)

    def do(self, name: str) -> str:
        self.done.append(name)
        return name


@pytest.fixture
async def decoders() -> AsyncIterator[Decoders]:
    one = Decoders(1)
    yield one
    one.close()


async def occupy(decoders: Decoders, work: Work) -> asyncio.Task[None]:
    first = asyncio.create_task(decoders.run(work.first, Kind.BULK_IMAGE))
    await asyncio.to_thread(work.busy.wait, 30)
    return first


async def waiting(decoders: Decoders, work: Work, kind: Kind, names: list[str]) -> list[asyncio.Task[str]]:
    tasks = [asyncio.create_task(decoders.run(lambda name=name: work.do(name), kind)) for name in names]  # type: ignore[misc]
    await asyncio.sleep(0)
    return tasks


async def test_a_persons_picture_is_decoded_before_those_in_bulk_that_came_earlier(decoders: Decoders) -> None:
    work = Work()
    first = await occupy(decoders, work)
    bulk = await waiting(decoders, work, Kind.BULK_IMAGE, ["bulk1", "bulk2"])
    people = await waiting(decoders, work, Kind.IMAGE, ["person1", "person2"])
    assert decoders.waiting(Kind.IMAGE) == 2
    work.release.set()
    await asyncio.gather(first, *bulk, *people)

    assert work.done == ["person1", "person2", "bulk1", "bulk2"]


async def test_many_peoples_pictures_do_not_stop_those_in_bulk(decoders: Decoders) -> None:
    work = Work()
    first = await occupy(decoders, work)
    bulk = await waiting(decoders, work, Kind.BULK_IMAGE, ["bulk"])
    people = await waiting(decoders, work, Kind.IMAGE, [f"person{number}" for number in range(30)])
    work.release.set()
    await asyncio.gather(first, *bulk, *people)

    assert work.done.index("bulk") == 9


async def test_what_nobody_waits_for_any_more_is_not_decoded(decoders: Decoders) -> None:
    work = Work()
    first = await occupy(decoders, work)
    gone, stays = await waiting(decoders, work, Kind.BULK_IMAGE, ["gone", "stays"])
    gone.cancel()
    await asyncio.sleep(0)
    work.release.set()
    await asyncio.gather(first, stays)

    assert work.done == ["stays"]


async def test_what_goes_wrong_in_a_thread_is_raised(decoders: Decoders) -> None:
    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await decoders.run(fail, Kind.IMAGE)


async def test_closing_cancels_what_waits(decoders: Decoders) -> None:
    work = Work()
    await occupy(decoders, work)
    (later,) = await waiting(decoders, work, Kind.IMAGE, ["later"])
    decoders.close()
    work.release.set()

    with pytest.raises(asyncio.CancelledError):
        await later
    assert not work.done
