"""Threads that decode pictures: those that a person waits for first, and never more than fit the memory for it."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from embedder_service import metrics
from embedder_service.batching.pace import Pace
from embedder_service.batching.waiting import Kind

Output = TypeVar("Output")

# So many that people wait for are decoded before one in bulk has its turn.
_MOST_IN_A_ROW = 9
# A picture that takes more of the memory is decoded by itself, in a thread for such.
_LARGE_SHARE = 0.25


@dataclass(frozen=True)
class Decoding(Generic[Output]):
    """A picture to decode. `weigh` tells how many bytes of memory `work` takes; both are called in a thread."""

    work: Callable[[], Output]
    weigh: Callable[[], int]


@dataclass(eq=False)
class _Job(Generic[Output]):
    decoding: Decoding[Output]
    kind: Kind
    result: Future[Output] = field(default_factory=Future)
    seconds: float = 0.0
    large: bool = False

    def run(self) -> None:
        if not self.result.set_running_or_notify_cancel():
            return
        started = time.perf_counter()
        try:
            output = self.decoding.work()
        except BaseException as error:
            self.result.set_exception(error)
        else:
            self.seconds = time.perf_counter() - started
            self.result.set_result(output)

    def fail(self, error: BaseException) -> None:
        if self.result.set_running_or_notify_cancel():
            self.result.set_exception(error)


class Decoders:
    """Decodes in threads. What a caller no longer waits for is left out.

    All but large pictures share `most_bytes`; a large one takes more than a quarter of that, and there is at most one
    of them beside the others, which need not wait for it.
    """

    def __init__(self, threads: int, most_bytes: int) -> None:
        self._width = threads
        self._large_bytes = int(_LARGE_SHARE * most_bytes)
        self._memory = _Memory(most_bytes)
        self._lane = _Lane(threads, "decoder", self._decode)
        self._lane_of_large = _Lane(1, "large decoder", _Job.run)
        self._pace = Pace()  # of people's pictures: those in bulk may be of another size

    def close(self) -> None:
        """Ends the threads after what they are at; what waits is cancelled."""
        self._lane.close()
        self._lane_of_large.close()

    def waiting(self, kind: Kind) -> int:
        """How many of them were not begun; large ones do not count, since others pass them."""
        return self._lane.waiting(kind)

    def expected_wait(self) -> float:
        """How many seconds a person's picture that comes now would likely wait; 0 if a thread is free for it next."""
        return self.waiting(Kind.IMAGE) * self._pace.seconds / self._width

    async def run(self, decoding: Decoding[Output], kind: Kind) -> Output:
        """What `work` gives or raises, or `weigh` raises."""
        job = _Job(decoding, kind)
        self._lane.add(job)
        try:
            output = await asyncio.wrap_future(job.result)
        except asyncio.CancelledError:
            job.result.cancel()
            for lane in (self._lane, self._lane_of_large):
                lane.drop(job)
            raise
        if kind is Kind.IMAGE and not job.large:
            self._pace.learn(job.seconds)
        metrics.DECODE_SECONDS.labels(kind.value).observe(job.seconds)
        return output

    def _decode(self, job: _Job[Any]) -> None:
        try:
            size = job.decoding.weigh()
        except BaseException as error:
            job.fail(error)
            return
        if size > self._large_bytes:
            job.large = True
            self._lane_of_large.add(job)
            return
        with self._memory.taken(size):
            job.run()


class _Lane:
    """Does jobs in threads of its own, people's first; which one is next is decided when a thread is free."""

    def __init__(self, threads: int, name: str, do: Callable[[_Job[Any]], None]) -> None:
        self._do = do
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._jobs: dict[Kind, deque[_Job[Any]]] = {Kind.IMAGE: deque(), Kind.BULK_IMAGE: deque()}
        self._choosing = threading.Lock()
        self._first_in_a_row = 0
        self._closed = False

    def add(self, job: _Job[Any]) -> None:
        """Cancelled at once if this is closed."""
        with self._choosing:
            if self._closed:
                job.result.cancel()
            if job.result.cancelled():
                return
            self._jobs[job.kind].append(job)
            self._threads.submit(self._do_next)  # there are at least as many turns as jobs

    def drop(self, job: _Job[Any]) -> None:
        """One that is not awaited any more leaves the line, and its picture the memory."""
        with self._choosing, suppress(ValueError):
            self._jobs[job.kind].remove(job)

    def waiting(self, kind: Kind) -> int:
        return len(self._jobs[kind])

    def close(self) -> None:
        with self._choosing:
            self._closed = True
            self._threads.shutdown(wait=False, cancel_futures=True)
            for jobs in self._jobs.values():
                while jobs:
                    jobs.popleft().result.cancel()

    def _do_next(self) -> None:
        job = self._next()
        if job is not None and not job.result.cancelled():
            self._do(job)

    def _next(self) -> _Job[Any] | None:
        first, bulk = self._jobs[Kind.IMAGE], self._jobs[Kind.BULK_IMAGE]
        with self._choosing:
            if bulk and (not first or self._first_in_a_row >= _MOST_IN_A_ROW):
                self._first_in_a_row = 0
                return bulk.popleft()
            self._first_in_a_row += 1
            return first.popleft() if first else None


class _Memory:
    """Bytes that threads take and give back; who comes first is served first, so that none waits for ever."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._line = threading.Lock()
        self._given_back = threading.Condition()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """`size` must be within the whole."""
        with self._line, self._given_back:
            self._given_back.wait_for(lambda: self._free >= size)
            self._free -= size
        try:
            yield
        finally:
            with self._given_back:
                self._free += size
                self._given_back.notify()
