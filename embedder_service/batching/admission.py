"""Which calls are taken on: those that will likely be answered in time, as far as memory goes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from embedder_service import metrics
from embedder_service.batching.waiting import Kind
from embedder_service.errors import Overloaded

# The expected wait is not known to the last bit, and the answer has a way to go.
_OF_PATIENCE = 0.9
_SHORTEST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 30.0


class Admission:
    """Refuses calls at once that would be answered too late."""

    def __init__(self, max_wait_seconds: float) -> None:
        self._max_wait_seconds = max_wait_seconds

    def check(self, kind: Kind, expected_wait: float, patience: float) -> None:
        """`patience`: the seconds until the call's deadline. Raises Overloaded.

        The caller is told to come back when so much of what waits is done that it would have been taken, or half of it.
        """
        limit = min(_OF_PATIENCE * patience, self._max_wait_seconds)
        if not expected_wait or expected_wait <= limit:
            return
        metrics.REFUSED.labels(kind.value, "wait" if limit == self._max_wait_seconds else "deadline").inc()
        pause = max(expected_wait - limit, expected_wait / 2, _SHORTEST_PAUSE_SECONDS)
        raise Overloaded(f"an answer would take {expected_wait:.1f} s", min(pause, _LONGEST_PAUSE_SECONDS))


class MemoryBudget:
    """How many bytes the calls in hand may take together."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._held = 0
        self._has_room = asyncio.Event()
        self._has_room.set()

    def fits(self, size: int) -> bool:
        """Whether so many bytes more are within the budget; alone, anything is."""
        return not self._held or self._held + size <= self._most

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """Counts so many bytes, whether they fit or not."""
        self._add(size)
        try:
            yield
        finally:
            self._add(-size)

    async def wait_for_room(self) -> None:
        """Returns as soon as the budget is not used up."""
        while not self._has_room.is_set():
            await self._has_room.wait()

    def _add(self, size: int) -> None:
        self._held += size
        if self._held < self._most:
            self._has_room.set()
        else:
            self._has_room.clear()
