"""Load: callers that each wait for their answer, or so many calls a second whatever becomes of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np


class End(Enum):
    """What became of a call."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """As OVERLOADED."""
    LATE = "deadline exceeded"
    CANCELLED = "cancelled"
    """By the service."""


# Makes the call of a number.
Call = Callable[[int], Awaitable[End]]

_WARM_SHARE = 0.2
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True)
class Answers:
    """The calls that were answered within some seconds, and how many were not."""

    seconds: float
    milliseconds: Sequence[float]
    failed: int = 0

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.milliseconds) / self.seconds

    @property
    def p50(self) -> float:
        """In milliseconds."""
        return percentile(self.milliseconds, 50)

    @property
    def p99(self) -> float:
        """In milliseconds."""
        return percentile(self.milliseconds, 99)


@dataclass
class Arrivals:
    """Of calls that come whether or not those before are done: the milliseconds that each took, by its end."""

    milliseconds: dict[End, list[float]] = field(default_factory=lambda: {end: [] for end in End})
    delays: list[float] = field(default_factory=list)
    """By how many milliseconds each was sent later than it was meant to be."""


def percentile(milliseconds: Sequence[float], share: int) -> float:
    """NaN of nothing."""
    return float(np.percentile(milliseconds, share)) if len(milliseconds) else float("nan")


def together(parts: Sequence[Answers]) -> Answers:
    """Several rounds as if they were one."""
    taken = [each for part in parts for each in part.milliseconds]
    return Answers(sum(part.seconds for part in parts), taken, sum(part.failed for part in parts))


async def closed_loop(call: Call, numbers: Iterator[int], callers: int, seconds: float) -> Answers:
    """Each caller calls again once it is answered. What is answered in a first fifth more of the time does not count.

    `numbers` gives each call its number.
    """
    begin = time.perf_counter() + _WARM_SHARE * seconds
    end = begin + seconds
    taken: list[float] = []
    failed = 0

    async def caller() -> None:
        nonlocal failed
        while (started := time.perf_counter()) < end:
            outcome = await call(next(numbers))
            now = time.perf_counter()
            if outcome is not End.ANSWERED:
                failed += 1
                await asyncio.sleep(_PAUSE_SECONDS)
            elif begin <= now < end:
                taken.append(1_000 * (now - started))

    await asyncio.gather(*(caller() for _ in range(callers)))
    return Answers(seconds, taken, failed)


async def open_loop(call: Call, rate: float, seconds: float) -> Arrivals:
    """Calls at random times (Poisson), `rate` a second on average. Returns when all have ended."""
    chance = np.random.default_rng(0)
    times = np.cumsum(chance.exponential(1 / rate, size=max(1, int(rate * seconds))))
    arrivals = Arrivals()
    begin = time.perf_counter()

    async def one(number: int) -> None:
        started = time.perf_counter()
        end = await call(number)
        arrivals.milliseconds[end].append(1_000 * (time.perf_counter() - started))

    async with asyncio.TaskGroup() as group:
        for number, planned in enumerate(times):
            if (pause := begin + planned - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            arrivals.delays.append(1_000 * max(0.0, time.perf_counter() - begin - planned))
            group.create_task(one(number))
    return arrivals
