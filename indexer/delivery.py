"""Sends items over a stream that may break, so that each is answered: what a broken stream left is sent again."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Generic, Protocol, TypeVar

from indexer.errors import TemporaryTrouble
from indexer.patience import Patience

# A service that takes items and answers none for so long is taken for broken.
ANSWER_SECONDS = 300.0


class Keyed(Protocol):
    """What a stream carries: an answer has the key of its request."""

    @property
    def key(self) -> str:
        """Unique among the unanswered requests."""
        ...


Request = TypeVar("Request", bound=Keyed)
Answer = TypeVar("Answer", bound=Keyed)


class Delivery(Generic[Request, Answer]):
    """Delivers requests, with at most `window` unanswered, over as many streams as it takes."""

    def __init__(
        self,
        open_stream: Callable[[AsyncIterator[Request]], AsyncGenerator[Answer, None]],
        on_answer: Callable[[Request, Answer], Awaitable[TemporaryTrouble | None]],
        *,
        window: int,
        patience: Patience,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """`on_answer` takes an answer, or returns why its request should be sent again."""
        self._open_stream = open_stream
        self._on_answer = on_answer
        self._patience = patience
        self._answer_seconds = answer_seconds
        self._room = asyncio.Semaphore(window)
        self._unanswered: dict[str, Request] = {}
        self._postponed: dict[str, float] = {}  # by key, when the request should be sent again
        self._outbox: asyncio.Queue[Request | None] = asyncio.Queue()
        self._begun = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()
        self._ended = False
        self._last_progress = time.monotonic()

    async def send(self, request: Request) -> None:
        """Sends it as soon as there is room. A key that is unanswered must not be sent again."""
        await self._room.acquire()
        if not self._unanswered:
            self._last_progress = time.monotonic()
        self._unanswered[request.key] = request
        self._settled.clear()
        self._outbox.put_nowait(request)
        self._begun.set()

    async def settled(self) -> None:
        """Returns as soon as everything that was sent is answered."""
        await self._settled.wait()

    def end(self) -> None:
        """No more requests will come."""
        self._ended = True
        self._outbox.put_nowait(None)
        self._begun.set()

    async def run(self) -> None:
        """Returns when `end` was called and everything is answered. Raises what the patience or `on_answer` raises."""
        await self._begun.wait()
        while self._unanswered or not self._ended:
            try:
                await self._run_stream()
            except TemporaryTrouble as trouble:
                if self._unanswered:
                    await self._patience.wait(trouble)
            if not self._unanswered and not self._ended:
                # Streams that break while there is nothing to do are no reason to give up.
                self._patience.reset()
                self._begun.clear()
                await self._begun.wait()
            if self._unanswered or not self._ended:
                await self._start_over()

    async def _run_stream(self) -> None:
        async with aclosing(self._answers(self._open_stream(_until_none(self._outbox)))) as answers:
            async for answer in answers:
                request = self._unanswered.get(answer.key)
                if request is not None:
                    await self._take(request, answer)
        if not self._ended or self._unanswered.keys() - self._postponed.keys():
            raise TemporaryTrouble("It ended a stream before everything was answered.")

    async def _take(self, request: Request, answer: Answer) -> None:
        self._last_progress = time.monotonic()
        trouble = await self._on_answer(request, answer)
        if trouble is None:
            self._postponed.pop(request.key, None)
            del self._unanswered[request.key]
            if not self._unanswered:
                self._settled.set()
            self._room.release()
            self._patience.reset()
            return
        pause = self._patience.next_pause(trouble)
        self._postponed[request.key] = time.monotonic() + pause
        if not self._ended:
            asyncio.get_running_loop().call_later(pause, self._outbox.put_nowait, request)

    async def _answers(self, stream: AsyncGenerator[Answer, None]) -> AsyncGenerator[Answer, None]:
        """The stream's answers. Raises TemporaryTrouble if they stay away although there is something to answer."""
        async with aclosing(stream):
            while True:
                coming = asyncio.ensure_future(anext(stream, None))
                try:
                    while not coming.done():
                        await asyncio.wait({coming}, timeout=self._answer_seconds)
                        if not coming.done() and self._is_stuck():
                            raise TemporaryTrouble(f"It answered nothing for {self._answer_seconds:g} s.")
                finally:
                    coming.cancel()
                    await asyncio.wait({coming})
                answer = coming.result()
                if answer is None:
                    return
                yield answer

    def _is_stuck(self) -> bool:
        return bool(self._unanswered) and time.monotonic() - self._last_progress >= self._answer_seconds

    async def _start_over(self) -> None:
        """Makes ready for a new stream, which begins with everything that is unanswered."""
        if self._ended and self._postponed:
            await asyncio.sleep(max(0.0, max(self._postponed.values()) - time.monotonic()))
        self._postponed.clear()
        self._outbox.put_nowait(None)  # ends the old stream's requests, should it still wait for one
        self._outbox = asyncio.Queue()
        for request in self._unanswered.values():
            self._outbox.put_nowait(request)
        if self._ended:
            self._outbox.put_nowait(None)
        self._last_progress = time.monotonic()


async def _until_none(outbox: asyncio.Queue[Request | None]) -> AsyncGenerator[Request, None]:
    while (request := await outbox.get()) is not None:
        yield request
