"""What waits for the model: lines of calls, in order of arrival."""

import asyncio
import math
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from embedder_service import metrics
from embedder_service.errors import TooLate

Input = TypeVar("Input")
Output = TypeVar("Output")


class Kind(Enum):
    """What is embedded together; the values are the metrics' labels."""

    TEXT = "text"
    IMAGE = "image"
    """A picture that a person waits for."""
    BULK_IMAGE = "bulk_image"
    """A picture of a stream: of an indexer, that has time."""


@dataclass(eq=False, frozen=True)
class Entry(Generic[Input, Output]):
    """One input, and the future of what comes of it. Times are of the batcher's clock, in seconds."""

    value: Input
    answer: asyncio.Future[Output]
    since: float
    deadline: float = math.inf


class Line(Generic[Input, Output]):
    """The calls of one kind that wait. One that goes away leaves its place at once."""

    def __init__(self, kind: Kind) -> None:
        self._entries: OrderedDict[Entry[Input, Output], None] = OrderedDict()
        self._gauge = metrics.WAITING.labels(kind.value)
        self._queue_seconds = metrics.QUEUE_SECONDS.labels(kind.value)
        self._expired = metrics.REFUSED.labels(kind.value, "expired")

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry[Input, Output]) -> None:
        """At the end."""
        self._entries[entry] = None
        self._gauge.inc()

    def leave(self, entry: Entry[Input, Output]) -> None:
        """Its caller has gone, or it has its answer."""
        if entry in self._entries:
            del self._entries[entry]
            self._gauge.dec()

    def take(self, most: int, now: float, seconds: float) -> list[Entry[Input, Output]]:
        """The first ones that are in time if they take so many seconds. What is not gets TooLate.

        The last one is tried as long as its deadline has not passed: the seconds may be wrong.
        """
        taken: list[Entry[Input, Output]] = []
        while self._entries and len(taken) < most:
            entry, _ = self._entries.popitem(last=False)
            self._gauge.dec()
            if entry.answer.done():
                continue
            others = self._entries or taken
            if now >= entry.deadline or (others and now + seconds > entry.deadline):
                self._expired.inc()
                entry.answer.set_exception(TooLate())
                continue
            self._queue_seconds.observe(now - entry.since)
            taken.append(entry)
        return taken

    def cancel(self) -> None:
        """Cancels what waits."""
        while self._entries:
            entry, _ = self._entries.popitem()
            self._gauge.dec()
            entry.answer.cancel()
