"""Compares what is in the folder with what the index holds of it, without holding either in memory."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from indexer.errors import ServiceRefused, TemporaryTrouble
from indexer.patience import Patience
from indexer.photo import Fingerprint
from indexer.ports import Search
from indexer.walk import Entry, UnreadableFolder

_WALKED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Seen:
    """Something in the folder, and what the index holds of it, if it does."""

    entry: Entry
    known: Fingerprint | None


@dataclass(frozen=True, slots=True)
class Gone:
    """What the index holds of a file that is not in the folder any more."""

    known: Fingerprint


async def compare(
    walked: Iterator[Entry], fingerprints: AsyncIterator[Sequence[Fingerprint]]
) -> AsyncIterator[Seen | Gone]:
    """Merges the walk and the fingerprints, both ordered by relative_path.

    What the index holds below a folder that can't be read is passed over: nobody knows whether it is gone.
    """
    known = _Fingerprints(fingerprints)
    await known.advance()
    while entries := await asyncio.to_thread(list, islice(walked, _WALKED_AT_ONCE)):
        for entry in entries:
            while known.current and known.current.relative_path < entry.relative_path:
                yield Gone(known.current)
                await known.advance()
            match = None
            if isinstance(entry, UnreadableFolder):
                while known.current and known.current.relative_path.startswith(entry.relative_path):
                    await known.advance()
            elif known.current and known.current.relative_path == entry.relative_path:
                match = known.current
                await known.advance()
            yield Seen(entry, match)
    while known.current:
        yield Gone(known.current)
        await known.advance()


class _Fingerprints:
    """The fingerprints one by one."""

    def __init__(self, batches: AsyncIterator[Sequence[Fingerprint]]) -> None:
        self._batches = batches
        self._batch: Iterator[Fingerprint] = iter(())
        self.current: Fingerprint | None = None

    async def advance(self) -> None:
        """Makes the next one the current one; None after the last."""
        following = next(self._batch, None)
        while following is None:
            batch = await anext(self._batches, None)
            if batch is None:
                break
            self._batch = iter(batch)
            following = next(self._batch, None)
        if following and self.current and following.relative_path < self.current.relative_path:
            # Going on would take photos for gone that are there.
            raise ServiceRefused(
                "The search service lists its fingerprints out of order. Run a version of it that fits this indexer."
            )
        self.current = following


async def read_fingerprints(
    search: Search, source: str, rebuild_id: str, patience: Patience
) -> AsyncIterator[Sequence[Fingerprint]]:
    """All fingerprints of a source, in order, in batches; a stream that breaks is continued where it broke."""
    last = ("", "")
    while True:
        done = last
        try:
            async for batch in search.list_fingerprints(source, "", rebuild_id):
                fresh = [known for known in batch if (known.relative_path, known.image_id) > done]
                if fresh:
                    last = (fresh[-1].relative_path, fresh[-1].image_id)
                    patience.reset()
                    yield fresh
        except TemporaryTrouble as trouble:
            await patience.wait(trouble)
        else:
            return
