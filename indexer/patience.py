"""Waiting for a service that does not answer, for a stated time and no longer."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from indexer.errors import ServiceUnreachable, TemporaryTrouble

_FIRST_PAUSE_SECONDS = 0.2
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

    def reset(self) -> None:
        """The service got on."""
        if self._since is not None:
            self._since = None
            self._pause = _FIRST_PAUSE_SECONDS
            self._on_wait("")

    async def wait(self, trouble: TemporaryTrouble) -> None:
        """Pauses before the next try. Raises ServiceUnreachable once the time is up."""
        await asyncio.sleep(self.next_pause(trouble))

    def next_pause(self, trouble: TemporaryTrouble) -> float:
        """How many seconds to pause before the next try. Raises ServiceUnreachable once the time is up."""
        now = time.monotonic()
        self._on_wait(f"Waiting for {self._service}: {trouble}")
        if self._since is None or not trouble.counts:
            self._since = now
        left = self._since + self._limit - now
        if left <= 0:
            raise ServiceUnreachable(
                f"Gave up on {self._service} after {self._limit:g} s: {trouble} What was written stays. "
                "See to it that it runs, then run the indexer again: it goes on where it stopped."
            ) from trouble
        pause = max(self._pause * random.uniform(0.5, 1.0), trouble.retry_after or 0.0)  # noqa: S311 jitter
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)
        return min(pause, left)

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
