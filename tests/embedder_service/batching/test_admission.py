import asyncio
import math

import pytest

from embedder_service.batching.admission import Admission, MemoryBudget
from embedder_service.batching.waiting import Kind
from embedder_service.errors import Overloaded

ADMISSION = Admission(max_wait_seconds=10)


def refusal(expected_wait: float, patience: float) -> Overloaded:
    with pytest.raises(Overloaded) as refused:
        ADMISSION.check(Kind.TEXT, expected_wait, patience)
    return refused.value


@pytest.mark.parametrize(("expected_wait", "patience"), [(0.0, 0.001), (0.5, 1.0), (9.9, math.inf)])
def test_a_call_that_will_be_answered_in_time_is_taken(expected_wait: float, patience: float) -> None:
    ADMISSION.check(Kind.TEXT, expected_wait, patience)


def test_a_call_that_would_be_answered_after_its_deadline_is_refused() -> None:
    assert "1.2 s" in refusal(expected_wait=1.2, patience=1.0).message


def test_a_call_that_would_wait_longer_than_any_may_is_refused() -> None:
    assert refusal(expected_wait=11, patience=math.inf).retry_after == 5.5


def test_the_caller_is_told_to_come_back_when_it_would_likely_be_taken() -> None:
    assert refusal(expected_wait=6, patience=1).retry_after == pytest.approx(5.1)
    assert refusal(expected_wait=0.01, patience=0.001).retry_after == 0.1
    assert refusal(expected_wait=1000, patience=1).retry_after == 30


def test_a_budget_takes_what_fits_and_anything_alone() -> None:
    budget = MemoryBudget(100)
    assert budget.fits(101)
    with budget.hold(60):
        assert budget.fits(40)
        assert not budget.fits(41)
    assert budget.fits(41)


async def test_room_in_a_budget_is_awaited() -> None:
    budget = MemoryBudget(100)
    with budget.hold(60):
        await budget.wait_for_room()
        with budget.hold(60):
            waiting = asyncio.ensure_future(budget.wait_for_room())
            await asyncio.sleep(0)
            assert not waiting.done()
        await asyncio.wait_for(waiting, 10)
