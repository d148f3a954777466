import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TypeVar

import pytest

from embedder_service.batching.waiting import Kind
from embedder_service.decoding import Decoders, Decoding

Output = TypeVar("Output")

MEMORY = 1000


def small(work: Callable[[], Output], size: int = 0) -> Decoding[Output]:
    return Decoding(work, lambda: size)


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
    one = Decoders(1, MEMORY)
    yield one
    one.close()


async def occupy(decoders: Decoders, work: Work) -> asyncio.Task[None]:
    first = asyncio.create_task(decoders.run(small(work.first), Kind.BULK_IMAGE))
    await asyncio.to_thread(work.busy.wait, 30)
    return first


async def waiting(decoders: Decoders, work: Work, kind: Kind, names: list[str]) -> list[asyncio.Task[str]]:
    tasks = [asyncio.create_task(decoders.run(small(partial(work.do, name)), kind)) for name in names]
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


class Payload:
    """What an encoded picture takes in memory."""

    def use(self) -> None:
        pass


@pytest.mark.parametrize("size", [0, MEMORY])
async def test_what_nobody_waits_for_any_more_takes_no_memory_and_no_place_in_the_line(
    size: int, decoders: Decoders
) -> None:
    work = Work()
    first = asyncio.create_task(decoders.run(small(work.first, size), Kind.IMAGE))
    await asyncio.to_thread(work.busy.wait, 30)
    payload = Payload()
    held = weakref.ref(payload)
    gone = asyncio.create_task(decoders.run(small(payload.use, size), Kind.IMAGE))
    # A large one is weighed before it waits, which this comes behind in the line.
    await asyncio.sleep(0)
    if size:
        await decoders.run(small(lambda: None), Kind.IMAGE)
    gone.cancel()
    del payload
    await asyncio.wait([gone])
    del gone
    gc.collect()

    assert held() is None
    assert decoders.waiting(Kind.IMAGE) == 0
    work.release.set()
    await first


async def test_what_goes_wrong_in_a_thread_is_raised(decoders: Decoders) -> None:
    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await decoders.run(small(fail), Kind.IMAGE)


async def test_closing_cancels_what_waits(decoders: Decoders) -> None:
    work = Work()
    await occupy(decoders, work)
    (later,) = await waiting(decoders, work, Kind.IMAGE, ["later"])
    decoders.close()
    work.release.set()

    with pytest.raises(asyncio.CancelledError):
        await later
    assert not work.done


class Weighed:
    """Pictures that are decoded until `release`; keeps how many bytes they took at once, small and large ones."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.most = 0
        self.most_large = 0
        self.begun = threading.Semaphore(0)
        self._now: list[int] = []
        self._counting = threading.Lock()

    def picture(self, size: int) -> Decoding[None]:
        return Decoding(partial(self._decode, size), lambda: size)

    def _decode(self, size: int) -> None:
        with self._counting:
            self._now.append(size)
            large = [each for each in self._now if each > MEMORY / 4]
            self.most_large = max(self.most_large, len(large))
            self.most = max(self.most, sum(self._now) - sum(large))
        self.begun.release()
        assert self.release.wait(30)
        with self._counting:
            self._now.remove(size)


async def test_small_pictures_are_decoded_at_once_as_far_as_the_memory_goes() -> None:
    decoders, weighed = Decoders(8, MEMORY), Weighed()
    tasks = [asyncio.create_task(decoders.run(weighed.picture(240), Kind.BULK_IMAGE)) for _ in range(12)]
    for _ in range(4):
        assert await asyncio.to_thread(weighed.begun.acquire, timeout=30)
    assert not await asyncio.to_thread(weighed.begun.acquire, timeout=0.05)
    weighed.release.set()
    await asyncio.gather(*tasks)
    decoders.close()

    assert weighed.most == 960


async def test_large_pictures_are_decoded_one_at_a_time_and_small_ones_pass_them() -> None:
    decoders, weighed = Decoders(2, MEMORY), Weighed()
    large = [
        asyncio.create_task(decoders.run(weighed.picture(50_000), kind))
        for kind in (Kind.IMAGE, Kind.BULK_IMAGE, Kind.IMAGE)
    ]
    assert await asyncio.to_thread(weighed.begun.acquire, timeout=30)
    passes = await asyncio.wait_for(decoders.run(small(lambda: "passes"), Kind.IMAGE), 30)
    weighed.release.set()
    await asyncio.gather(*large)
    decoders.close()

    assert passes == "passes"
    assert weighed.most_large == 1


async def test_a_picture_that_can_not_be_weighed_fails_alone(decoders: Decoders) -> None:
    def unknown() -> int:
        raise ValueError("no header")

    with pytest.raises(ValueError, match="no header"):
        await decoders.run(Decoding(lambda: None, unknown), Kind.IMAGE)
    assert await decoders.run(small(lambda: 1), Kind.IMAGE) == 1
