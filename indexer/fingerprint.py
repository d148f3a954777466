"""Compares what is in the folder with what the search service knows of it, without holding either in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from indexer.errors import FolderAway, IndexerError, ServiceRefused
from indexer.failure import Failure
from indexer.photo import Fingerprint
from indexer.walk import Entry, PassedOver, UnreadableFolder

_WALKED_AT_ONCE = 1000


@dataclass(slots=True)
class Compared:
    """A path, and what each side knows of it."""

    path: str
    entry: Entry | None
    """What is there; None if there is nothing."""
    known: Fingerprint | None
    """What the index holds of it."""
    failed: Failure | None
    """How it failed when it was last tried."""


Item = TypeVar("Item", Entry, Fingerprint, Failure)


async def compare(
    walked: Iterator[Entry],
    fingerprints: AsyncIterator[Sequence[Fingerprint]],
    failures: AsyncIterator[Sequence[Failure]],
) -> AsyncIterator[list[Compared]]:
    """Merges the three, all ordered by relative_path, batch by batch.

    What is known of paths below a folder that can't be read is left out: nobody knows whether they are gone. Those
    below a folder that is passed over have it as their entry. Raises ServiceRefused if a listing is not in order, and
    FolderAway if `walked` is not, as when a folder became unreadable between two places in it.
    """
    merge = _Merge(
        _Ordered(_in_batches(walked), _changed_while_walked),
        _Ordered(fingerprints, _listed_out_of_order),
        _Ordered(failures, _listed_out_of_order),
    )
    while batch := await merge.next_batch():
        yield batch


async def _in_batches(walked: Iterator[Entry]) -> AsyncIterator[Sequence[Entry]]:
    while entries := await asyncio.to_thread(list, islice(walked, _WALKED_AT_ONCE)):
        yield entries


class _Ordered(Generic[Item]):
    """Batches one after the other, each looked at item by item without waiting."""

    def __init__(self, batches: AsyncIterator[Sequence[Item]], out_of_order: Callable[[str], IndexerError]) -> None:
        """`out_of_order` makes the error for a path that comes too late: else photos that are there seem to be gone."""
        self._batches: AsyncIterator[Sequence[Item]] = batches
        self._out_of_order = out_of_order
        self._batch: Sequence[Item] = []
        self._next = 0
        self.current: Item | None = None
        """None if the batch is used up; for good, if it has ended."""
        self.ended = False

    async def fill(self) -> None:
        """Gets the next batch that is not empty, if this one is used up."""
        while self.current is None and not self.ended:
            batch = await anext(self._batches, None)
            if batch is None:
                self.ended = True
            elif batch:
                if self._batch and batch[0].relative_path < self._batch[-1].relative_path:
                    raise self._out_of_order(batch[0].relative_path)
                self._batch, self._next = batch, 1
                self.current = batch[0]

    def advance(self) -> None:
        """The next item of the batch, or None."""
        if self._next == len(self._batch):
            self.current = None
            return
        following = self._batch[self._next]
        if self.current is not None and following.relative_path < self.current.relative_path:
            raise self._out_of_order(following.relative_path)
        self._next += 1
        self.current = following


def _changed_while_walked(path: str) -> FolderAway:
    return FolderAway(f"{path or 'The folder'} changed while it was looked through.")


def _listed_out_of_order(_: str) -> ServiceRefused:
    return ServiceRefused("The search service lists out of order. Run a version of it that fits this indexer.")


class _Merge:
    def __init__(
        self, entries: _Ordered[Entry], fingerprints: _Ordered[Fingerprint], failures: _Ordered[Failure]
    ) -> None:
        self._entries = entries
        self._fingerprints = fingerprints
        self._failures = failures
        self._folder: UnreadableFolder | PassedOver | None = None
        """The last folder that was not entered."""

    async def next_batch(self) -> list[Compared]:
        """What comes next, as far as all three are at hand; empty at the end."""
        merged: list[Compared] = []
        while not merged:
            await self._entries.fill()
            await self._fingerprints.fill()
            await self._failures.fill()
            if self._entries.ended and self._fingerprints.ended and self._failures.ended:
                break
            self._merge_into(merged)
        return merged

    def _merge_into(self, merged: list[Compared]) -> None:
        entries, fingerprints, failures = self._entries, self._fingerprints, self._failures
        while True:
            entry, known, failed = entries.current, fingerprints.current, failures.current
            if not ((entry or entries.ended) and (known or fingerprints.ended) and (failed or failures.ended)):
                return
            path = min(item.relative_path for item in (entry, known, failed) if item) if known or failed else None
            if path is None:
                if entry is None:
                    return
                path = entry.relative_path
            here = Compared(path, None, None, None)
            if entry and entry.relative_path == path:
                here.entry = entry
                entries.advance()
                if isinstance(entry, UnreadableFolder | PassedOver) and not path.rpartition("/")[2]:
                    self._folder = entry
            if known and known.relative_path == path:
                here.known = known
                fingerprints.advance()
            if failed and failed.relative_path == path:
                here.failed = failed
                failures.advance()
            if here.entry or not self._is_left_out(here, path):
                merged.append(here)

    def _is_left_out(self, here: Compared, path: str) -> bool:
        """Whether nobody knows what is there; if a folder above it is passed over, this becomes its entry."""
        if self._folder is None or not path.startswith(self._folder.relative_path):
            return False
        if isinstance(self._folder, UnreadableFolder):
            return True
        here.entry = self._folder
        return False
