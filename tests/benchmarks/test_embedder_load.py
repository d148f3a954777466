"""Load must be what the tables say it is. Nothing here depends on how long something takes."""

import asyncio
import os
from itertools import count

import pytest

from benchmarks.embedder.load import Answers, End, closed_loop, open_loop, together
from benchmarks.embedder.machine import PinnedProcess, other_cores, parse_cores, running_on


async def test_each_caller_waits_for_its_answer_and_no_number_repeats() -> None:
    numbers: list[int] = []
    at_once = most = 0

    async def call(number: int) -> End:
        nonlocal at_once, most
        numbers.append(number)
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.001)
        at_once -= 1
        return End.ANSWERED

    answers = await closed_loop(call, count(), callers=3, seconds=0.2)

    assert most == 3
    assert numbers == list(range(len(numbers)))
    assert 0 < len(answers.milliseconds) <= len(numbers)
    assert not answers.failed


async def test_what_is_refused_is_no_answer() -> None:
    async def call(number: int) -> End:
        return End.REFUSED

    answers = await closed_loop(call, count(), callers=2, seconds=0.05)

    assert answers.milliseconds == []
    assert answers.failed >= 2


async def test_arrivals_do_not_wait_for_answers() -> None:
    all_came = asyncio.Event()
    came = 0

    async def call(number: int) -> End:
        nonlocal came
        came += 1
        if came == 50:
            all_came.set()
        await all_came.wait()
        return End.LATE if number % 2 else End.ANSWERED

    arrivals = await open_loop(call, rate=1_000, seconds=0.05)

    assert {end: len(taken) for end, taken in arrivals.milliseconds.items() if taken} == {
        End.ANSWERED: 25,
        End.LATE: 25,
    }
    assert len(arrivals.delays) == 50


def test_rounds_add_up() -> None:
    both = together([Answers(1, [1.0, 3.0]), Answers(1, [5.0, 7.0], failed=2)])

    assert (both.per_second, both.p50, both.failed) == (2, 4, 2)


def test_threads_go_back_to_the_cores_that_they_had() -> None:
    before = os.sched_getaffinity(0)
    one = {min(before)}
    with running_on(frozenset(one)):
        assert os.sched_getaffinity(0) == one
    assert os.sched_getaffinity(0) == before


async def test_a_pinned_process_keeps_to_its_cores() -> None:
    one = frozenset({max(os.sched_getaffinity(0))})
    with PinnedProcess(one) as process:
        assert await process.run(os.sched_getaffinity, 0) == one


def test_the_load_comes_from_the_other_cores_if_there_are_any() -> None:
    available = frozenset(os.sched_getaffinity(0))

    assert other_cores(available) == available
    assert not other_cores(frozenset({min(available)})) & {min(available)} or len(available) == 1


def test_cores_that_are_not_there_are_refused() -> None:
    assert parse_cores(str(min(os.sched_getaffinity(0)))) == {min(os.sched_getaffinity(0))}
    with pytest.raises(ValueError, match="100000"):
        parse_cores("100000")
