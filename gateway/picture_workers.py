"""Threads for the work on pictures, with a bound on what may wait for them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from gateway.admission import Admission

P = ParamSpec("P")
T = TypeVar("T")


class PictureWorkers:
    """Runs functions in `threads` threads; at most `waiting` calls are unfinished at once."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pictures")
        self._admission = Admission(waiting)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's result. A caller that is cancelled takes its call out of the queue. Raises Overloaded."""
        with self._admission.admit():
            return await asyncio.wrap_future(self._pool.submit(function, *args, **kwargs))

    def close(self) -> None:
        """Lets running calls finish and drops those that wait."""
        self._pool.shutdown(wait=True, cancel_futures=True)
