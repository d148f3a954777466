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
    room: Callable[[], Awaitable[None]],
) -> AsyncIterator[Response]:
    """One response a request, in any order.

    A request is read only when fewer than most_unanswered are without an answer that was taken, and `room` has
    returned; so the transport's flow control holds the sender. `answer` must not raise.
    """
    unanswered = asyncio.Semaphore(most_unanswered)
    answers: asyncio.Queue[Response | None] = asyncio.Queue()  # None: that was the last one

    async def work(request: Request) -> None:
        answers.put_nowait(await answer(request))

    async def read() -> None:
        try:
            async with asyncio.TaskGroup() as workers:
                await unanswered.acquire()
                await room()
                async for request in requests:
                    workers.create_task(work(request))
                    await unanswered.acquire()
                    await room()
        finally:
            answers.put_nowait(None)

    reader = asyncio.create_task(read())
    try:
        while (response := await answers.get()) is not None:
            yield response
            unanswered.release()
        await reader
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
