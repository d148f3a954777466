import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from search_service.images import Images, IndexInfo, IndexState
from search_service.original_failures import OriginalFailures
from search_service.readiness import Checks, reporting_readiness

Look = Callable[[], Awaitable[IndexState]]

CHECKS = Checks(pause=0.001, doubt_pause=0.001, timeout=0.05, failures=3)


async def ready() -> IndexState:
    return IndexState.READY


async def unavailable() -> IndexState:
    return IndexState.UNAVAILABLE


async def never() -> IndexState:
    await asyncio.Event().wait()
    raise AssertionError


async def fault() -> IndexState:
    raise RuntimeError("a fault")


class Index:
    """Answers as it is told, one look after the other; `seen` is set when the last one has been answered."""

    def __init__(self, *looks: Look) -> None:
        self.seen = asyncio.Event()
        self._looks = list(looks)

    async def describe(self) -> IndexInfo:
        if not self._looks:
            self.seen.set()
            await asyncio.Event().wait()
        return IndexInfo(await self._looks.pop(0)(), "", None, 0, {}, None, "")


async def reported(*looks: Look) -> list[bool]:
    """What the health service is told while the index answers so."""
    told: list[bool] = []

    async def tell(serving: bool) -> None:
        told.append(serving)

    index = Index(*looks)
    async with reporting_readiness(cast(Images, index), OriginalFailures("theirs"), tell, CHECKS):
        await index.seen.wait()
    return told


@pytest.mark.parametrize("state", [IndexState.READY, IndexState.MISSING, IndexState.DEGRADED])
async def test_an_index_that_can_be_used_is_served(state: IndexState) -> None:
    async def look() -> IndexState:
        return state

    assert await reported(look, look) == [True]


async def test_an_index_that_was_never_reached_is_not_served() -> None:
    assert await reported(unavailable, unavailable, unavailable, unavailable) == []


@pytest.mark.parametrize("trouble", [unavailable, never, fault])
async def test_an_index_that_stays_away_is_not_served_until_it_comes_back(trouble: Look) -> None:
    assert await reported(ready, trouble, trouble, trouble, trouble, ready, ready) == [True, False, True]


@pytest.mark.parametrize("trouble", [unavailable, never])
async def test_a_slow_or_lost_answer_now_and_then_changes_nothing(trouble: Look) -> None:
    assert await reported(ready, trouble, ready, trouble, trouble, ready) == [True]


async def test_an_index_that_comes_late_is_served_from_then_on() -> None:
    assert await reported(unavailable, never, ready) == [True]
