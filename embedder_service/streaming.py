"""Answers a stream of requests side by side, each as soon as it is done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

Request = TypeVar("Request")
Response = TypeVar("Response")


async def answer_each(
    requests: AsyncIterator[Request],
    answer: Callable[[Request], Awaitable[Response]],
    *,
    most_unanswered: int,
) -> AsyncIterator[Response]:
    """One response a request, in any order.

    A request is read only when fewer than most_unanswered are without an answer that was taken; so the transport's flow
    control holds the sender. `answer` must not raise.
    """
    room = asyncio.Semaphore(most_unanswered)
    answers: asyncio.Queue[Response | None] = asyncio.Queue()  # None: that was the last one

    async def work(request: Request) -> None:
        answers.put_nowait(await answer(request))

    async def read() -> None:
        try:
            async with asyncio.TaskGroup() as workers:
                await room.acquire()
                async for request in requests:
                    workers.create_task(work(request))
                    await room.acquire()
        finally:
            answers.put_nowait(None)

    reader = asyncio.create_task(read())
    try:
        while (response := await answers.get()) is not None:
            yield response
            room.release()
        await reader
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
