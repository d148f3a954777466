"""Calls something again and again while a block runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


@asynccontextmanager
async def periodically(seconds: float, call: Callable[[], None]) -> AsyncIterator[None]:
    """Calls it at once, and then every so many seconds."""

    async def keep_calling() -> None:
        while True:
            call()
            await asyncio.sleep(seconds)

    calling = asyncio.create_task(keep_calling())
    try:
        yield
    finally:
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
