import asyncio
from collections.abc import AsyncIterator

import pytest

from embedder_service.streaming import answer_each


class Requests:
    """Numbers from 0, counting how many were read."""

    def __init__(self, count: int) -> None:
        self.read = 0
        self._count = count

    async def __aiter__(self) -> AsyncIterator[int]:
        for number in range(self._count):
            self.read += 1
            yield number


async def any_time() -> None:
    """There is always room."""


async def everything_that_can_happen() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


async def test_no_more_requests_are_read_than_may_be_unanswered() -> None:
    requests = Requests(100)
    go_on = asyncio.Event()

    async def answer(number: int) -> int:
        await go_on.wait()
        return number

    answers = answer_each(aiter(requests), answer, most_unanswered=3, room=any_time)
    first = asyncio.ensure_future(anext(answers))
    await everything_that_can_happen()
    assert requests.read == 3
    go_on.set()
    await first
    await everything_that_can_happen()

    # The first answer was taken but nobody asked for the next one yet.
    assert requests.read == 3
    assert sorted([await first, *[number async for number in answers]]) == list(range(100))


async def test_nothing_is_read_before_there_is_room() -> None:
    requests = Requests(100)
    has_room = asyncio.Event()

    async def room() -> None:
        if requests.read == 2:
            await has_room.wait()

    async def answer(number: int) -> int:
        return number

    answers = answer_each(aiter(requests), answer, most_unanswered=50, room=room)
    assert [await anext(answers), await anext(answers)] == [0, 1]
    third = asyncio.ensure_future(anext(answers))
    await everything_that_can_happen()
    assert requests.read == 2
    has_room.set()

    assert [await third, *[number async for number in answers]] == list(range(2, 100))


async def test_answers_come_as_they_are_done() -> None:
    slow = asyncio.Event()

    async def answer(number: int) -> int:
        if number == 0:
            await slow.wait()
        return number

    answers = answer_each(aiter(Requests(3)), answer, most_unanswered=3, room=any_time)

    assert [await anext(answers), await anext(answers)] == [1, 2]
    slow.set()
    assert [number async for number in answers] == [0]


async def test_a_reader_that_goes_away_ends_all_work() -> None:
    ended: list[int] = []

    async def answer(number: int) -> int:
        try:
            await asyncio.sleep(3600 if number else 0)
        finally:
            ended.append(number)
        return number

    answers = answer_each(aiter(Requests(10)), answer, most_unanswered=4, room=any_time)
    await anext(answers)
    await answers.aclose()  # type: ignore[attr-defined]

    assert sorted(ended) == [0, 1, 2, 3]


async def test_a_sender_that_breaks_off_ends_the_stream() -> None:
    async def requests() -> AsyncIterator[int]:
        yield 1
        raise ConnectionResetError

    async def answer(number: int) -> int:
        return number

    with pytest.raises(ExceptionGroup) as broken:
        [number async for number in answer_each(requests(), answer, most_unanswered=4, room=any_time)]

    assert broken.group_contains(ConnectionResetError)
