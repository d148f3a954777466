"""Threads that decode pictures: those that a person waits for first."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from embedder_service import metrics
from embedder_service.batching.pace import Pace
from embedder_service.batching.waiting import Kind

Output = TypeVar("Output")

# So many that people wait for are decoded before one in bulk has its turn.
_MOST_IN_A_ROW = 9


@dataclass(eq=False)
class _Job(Generic[Output]):
    work: Callable[[], Output]
    result: Future[Output] = field(default_factory=Future)
    seconds: float = 0.0


class Decoders:
    """Does work in threads. What a caller no longer waits for is left out."""

    def __init__(self, threads: int) -> None:
        self._width = threads
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="decoder")
        self._jobs: dict[Kind, deque[_Job[Any]]] = {Kind.IMAGE: deque(), Kind.BULK_IMAGE: deque()}
        self._choosing = threading.Lock()
        self._first_in_a_row = 0
        self._pace = Pace()  # of people's pictures: those in bulk may be of another size

    def close(self) -> None:
        """Ends the threads after what they are at; what waits is cancelled."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for jobs in self._jobs.values():
            for job in jobs:
                job.result.cancel()

    def waiting(self, kind: Kind) -> int:
        """How many of them were not begun."""
        return len(self._jobs[kind])

    def expected_wait(self) -> float:
        """How many seconds a person's picture that comes now would likely wait; 0 if a thread is free for it next."""
        return self.waiting(Kind.IMAGE) * self._pace.seconds / self._width

    async def run(self, work: Callable[[], Output], kind: Kind) -> Output:
        """What `work` gives or raises."""
        job = _Job(work)
        self._jobs[kind].append(job)
        # Which job is done is decided when a thread is free; there are as many turns as jobs.
        self._threads.submit(self._do_next)
        output = await asyncio.wrap_future(job.result)
        if kind is Kind.IMAGE:
            self._pace.learn(job.seconds)
        metrics.DECODE_SECONDS.labels(kind.value).observe(job.seconds)
        return output

    def _do_next(self) -> None:
        job = self._next()
        if not job.result.set_running_or_notify_cancel():
            return
        started = time.perf_counter()
        try:
            output = job.work()
        except BaseException as error:
            job.result.set_exception(error)
        else:
            job.seconds = time.perf_counter() - started
            job.result.set_result(output)

    def _next(self) -> "_Job[Any]":
        first, bulk = self._jobs[Kind.IMAGE], self._jobs[Kind.BULK_IMAGE]
        with self._choosing:
            if bulk and (not first or self._first_in_a_row >= _MOST_IN_A_ROW):
                self._first_in_a_row = 0
                return bulk.popleft()
            self._first_in_a_row += 1
            return first.popleft()
