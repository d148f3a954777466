"""Tells the health service whether the index can be searched, so that nobody is sent here in vain."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from search_service.failures import Failures
from search_service.images import Images, IndexState
from search_service.index_report import report_index

_log = structlog.stdlib.get_logger("search")

SetServing = Callable[[bool], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Checks:
    """How the index is looked at; times in seconds.

    Only so many `failures` in a row, slow answers among them, lead to NOT_SERVING; until then `doubt_pause` follows
    each.
    """

    pause: float = 5.0
    doubt_pause: float = 1.0
    timeout: float = 10.0
    failures: int = 3


@asynccontextmanager
async def reporting_readiness(
    images: Images, failures: Failures, set_serving: SetServing, checks: Checks = Checks()
) -> AsyncIterator[None]:
    """Meanwhile reports SERVING as long as the index is not UNAVAILABLE; first as soon as it has answered once."""
    task = asyncio.create_task(_follow(images, failures, set_serving, checks))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _follow(images: Images, failures: Failures, set_serving: SetServing, checks: Checks) -> None:
    serving, failed = False, 0
    while True:
        trouble = await _trouble(images, failures, checks.timeout)
        failed = failed + 1 if trouble else 0
        ready = not failed or (serving and failed < checks.failures)
        if ready != serving:
            await set_serving(ready)
            serving = ready
        if failed == 1 or (failed and not ready and failed == checks.failures):
            _log.warning("the index can't be searched", reports="SERVING" if ready else "NOT_SERVING", error=trouble)
        await asyncio.sleep(checks.doubt_pause if failed and ready else checks.pause)


async def _trouble(images: Images, failures: Failures, timeout: float) -> str:
    """Why the index can't be searched; "" if it can, or if it is still empty."""
    try:
        async with asyncio.timeout(timeout):
            info = (await report_index(images, failures)).info
    except TimeoutError:
        return f"It did not answer within {timeout:g} seconds."
    except Exception as error:  # the looking must go on
        _log.exception("the index could not be described", exc_info=error)
        return type(error).__name__
    return info.state_detail or info.state.name if info.state is IndexState.UNAVAILABLE else ""
