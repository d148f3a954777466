"""Waiting for a service that does not answer, for a stated time and no longer."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from indexer.errors import ServiceUnreachable, TemporaryTrouble

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0

Answer = TypeVar("Answer")


class Patience:
    """Pauses that grow, until a service has not got on for `limit` seconds. One for each service and use."""

    def __init__(self, limit: float, service: str, on_wait: Callable[[str], None]) -> None:
        """`on_wait` is told why the service is waited for, and "" when that is over."""
        self._limit = limit
        self._service = service
        self._on_wait = on_wait
        self._since: float | None = None
        self._pause = _FIRST_PAUSE_SECONDS
        self._grows_at = 0.0
        self._is_waiting = False

    def reset(self) -> None:
        """The service got on."""
        self._since = None
        self._pause = _FIRST_PAUSE_SECONDS
        if self._is_waiting:
            self._is_waiting = False
            self._on_wait("")

    async def wait(self, trouble: TemporaryTrouble) -> None:
        """Pauses before the next try. Raises ServiceUnreachable once the time is up."""
        await asyncio.sleep(self.next_pause(trouble))

    def next_pause(self, trouble: TemporaryTrouble) -> float:
        """How many seconds to pause before the next try. Raises ServiceUnreachable once the time is up."""
        now = time.monotonic()
        self._is_waiting = True
        self._on_wait(f"Waiting for {self._service}: {trouble}")
        pause = self._longer_pause(now) if trouble.retry_after is None else trouble.retry_after
        # Not everything comes back at once, and nothing before the time that it was told.
        pause *= random.uniform(0.75 if trouble.retry_after is None else 1.0, 1.25)  # noqa: S311
        if not trouble.counts:
            self._since = None
            return pause
        self._since = self._since or now
        left = self._since + self._limit - now
        if left <= 0:
            raise ServiceUnreachable(
                f"Gave up on {self._service} after {self._limit:g} s: {trouble} What was written stays. "
                "See to it that it runs, then run the indexer again: it goes on where it stopped."
            ) from trouble
        return min(pause, left)

    def _longer_pause(self, now: float) -> float:
        """Doubled each time that a pause has passed, not for each of many items that are refused at once."""
        if now >= self._grows_at:
            self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)
            self._grows_at = now + self._pause
        return self._pause

    async def until_answered(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Asks until there is an answer."""
        while True:
            try:
                answer = await ask()
            except TemporaryTrouble as trouble:
                await self.wait(trouble)
            else:
                self.reset()
                return answer
