"""A delivery answers every request, whatever its streams do."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

import pytest

from indexer.delivery import Delivery
from indexer.errors import ServiceUnreachable, TemporaryTrouble
from indexer.patience import Patience


@dataclass(frozen=True)
class Item:
    key: str


class Peer:
    """Answers requests; its script says for each stream after how many answers it ends, breaks or hangs."""

    def __init__(self, *script: tuple[str, int]) -> None:
        self.script = list(script)
        self.received: list[str] = []
        self.streams = 0

    async def __call__(self, requests: AsyncIterator[Item]) -> AsyncGenerator[Item, None]:
        self.streams += 1
        how, left = self.script.pop(0) if self.script else ("serve", -1)
        async for request in requests:
            self.received.append(request.key)
            if left == 0:
                if how == "break":
                    raise TemporaryTrouble("broke")
                if how == "hang":
                    await asyncio.Event().wait()
                return
            left -= 1
            yield request


async def deliver(peer: Peer, count: int, *, window: int = 4, patience: float = 5.0) -> list[str]:
    answered: list[str] = []

    async def on_answer(request: Item, answer: Item) -> TemporaryTrouble | None:
        assert request == answer
        answered.append(answer.key)
        return None

    delivery: Delivery[Item, Item] = Delivery(
        peer, on_answer, window=window, patience=Patience(patience, "the peer", lambda _: None), answer_seconds=0.1
    )

    async def send() -> None:
        for number in range(count):
            await delivery.send(Item(str(number)))
        delivery.end()

    async with asyncio.timeout(20):
        await asyncio.gather(send(), delivery.run())
    return answered


@pytest.mark.parametrize("how", ["break", "end", "hang"])
async def test_every_request_is_answered_once(how: str) -> None:
    peer = Peer((how, 3), (how, 0), (how, 5))

    answered = await deliver(peer, 30)

    assert sorted(answered, key=int) == [str(number) for number in range(30)]
    assert peer.streams == 4


async def test_nothing_to_send_opens_no_stream() -> None:
    peer = Peer()

    assert await deliver(peer, 0) == []
    assert peer.streams == 0


async def test_a_break_after_the_last_request_was_sent_is_made_good() -> None:
    answered = await deliver(Peer(("break", 2)), 3, window=10)

    assert sorted(answered) == ["0", "1", "2"]


async def test_streams_that_break_while_nothing_is_to_be_answered_are_no_reason_to_give_up() -> None:
    streams = 0

    async def breaks_after_an_answer(requests: AsyncIterator[Item]) -> AsyncGenerator[Item, None]:
        nonlocal streams
        streams += 1
        async for request in requests:
            yield request
            raise TemporaryTrouble("idle for too long")

    answered: list[str] = []

    async def on_answer(_: Item, answer: Item) -> TemporaryTrouble | None:
        answered.append(answer.key)
        return None

    impatient = Patience(0.0, "the peer", lambda _: None)
    delivery: Delivery[Item, Item] = Delivery(breaks_after_an_answer, on_answer, window=4, patience=impatient)
    async with asyncio.timeout(20):
        running = asyncio.ensure_future(delivery.run())
        for number in range(3):
            await delivery.send(Item(str(number)))
            await delivery.settled()
            await asyncio.sleep(0.05)
        delivery.end()
        await running

    assert answered == ["0", "1", "2"]
    assert streams == 3


async def test_no_more_than_the_window_is_unanswered() -> None:
    peer = Peer(("hang", 0))
    with pytest.raises(ServiceUnreachable):
        await deliver(peer, 30, window=4, patience=0.0)

    assert len(peer.received) <= 4


async def test_what_was_sent_is_settled_once_it_is_answered_although_more_may_come() -> None:
    answered: list[str] = []

    async def on_answer(request: Item, answer: Item) -> TemporaryTrouble | None:
        answered.append(answer.key)
        return None

    patience = Patience(5.0, "the peer", lambda _: None)
    delivery: Delivery[Item, Item] = Delivery(Peer(("break", 2)), on_answer, window=10, patience=patience)
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        await delivery.settled()
        running = tasks.create_task(delivery.run())
        for number in range(5):
            await delivery.send(Item(str(number)))
        await delivery.settled()
        answered_by_then = list(answered)
        await delivery.send(Item("5"))
        delivery.end()
        await running

    assert sorted(answered_by_then) == ["0", "1", "2", "3", "4"]
    assert sorted(answered) == ["0", "1", "2", "3", "4", "5"]
