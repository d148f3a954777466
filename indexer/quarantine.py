"""Tells the search service which files failed and which do no more, so that no run tries a bad file over and over."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from indexer.failure import Failure
from indexer.patience import Patience
from indexer.ports import Search
from indexer.spool import Spool
from indexer.tally import Failures

_AT_ONCE = 1000
_GATHERING_SECONDS = 1.0
_LAST_MOMENT_SECONDS = 3.0


class Quarantine:
    """The failures of one run over a source: each is told to the person and, in batches, to the search service."""

    def __init__(self, source: str, search: Search, patience: Patience, failures: Failures) -> None:
        self._source = source
        self._search = search
        self._patience = patience
        self._failures = failures
        self._reports = Spool()
        self._sending: list[list[Any]] = []
        self._gone = Spool()
        self._ended = asyncio.Event()

    def add(self, failure: Failure) -> None:
        """Records a failure."""
        self._failures.add(failure)
        if failure.relative_path:
            content = [failure.reason, failure.message, failure.size, failure.modified_ns, failure.extractor_version]
            self._reports.append([failure.relative_path, *content])

    def keep(self, failure: Failure) -> None:
        """Records a file that failed before and is not tried again."""
        self._failures.keep(failure)

    def resolve(self, relative_path: str) -> None:
        """The file that failed before does no more."""
        self._reports.append([relative_path])

    def resolve_at_end(self, relative_path: str) -> None:
        """The file that failed before is gone, if it turns out that the folder is not."""
        self._gone.append([relative_path])

    async def run(self) -> None:
        """Reports until `end` is called and everything is reported. Raises what the patience raises."""
        while batch := await self._next_batch():
            await self._patience.until_answered(lambda: self._report(batch))
            self._sending = []
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _GATHERING_SECONDS)

    def end(self) -> None:
        """Nothing more will be recorded while `run` goes on."""
        self._reports.complete()
        self._ended.set()

    async def resolve_gone(self) -> None:
        """Reports the files that are gone; after `run`."""
        self._gone.complete()
        while batch := await self._gone.take_up_to(_AT_ONCE):
            await self._patience.until_answered(lambda: self._report(batch))

    async def close(self) -> None:
        """Reports in a moment what a run that ended early left, if that can be done, and frees the disk space.

        Raises nothing of its own: the run tells why it ended.
        """
        self.end()
        try:
            with suppress(Exception):
                async with asyncio.timeout(_LAST_MOMENT_SECONDS):
                    while batch := await self._next_batch():
                        await self._report(batch)
                        self._sending = []
        finally:
            self._reports.close()
            self._gone.close()

    async def _next_batch(self) -> list[list[Any]]:
        self._sending = self._sending or await self._reports.take_up_to(_AT_ONCE)
        return self._sending

    async def _report(self, batch: Sequence[list[Any]]) -> None:
        failures = [Failure(*record) for record in batch if len(record) > 1]
        resolved = [record[0] for record in batch if len(record) == 1]
        await self._search.report_failures(self._source, failures, resolved)
