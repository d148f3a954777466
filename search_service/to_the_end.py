"""Work that goes on to its end even if its caller gives up."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


class ToTheEnd:
    """What runs, and whether all of it has ended."""

    def __init__(self) -> None:
        """Nothing runs at first."""
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """What the work returns or raises."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def ended(self) -> None:
        """Waits for all that runs."""
        if self._running:
            await asyncio.wait(self._running)
