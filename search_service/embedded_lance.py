"""A table of LanceDB: reads beside each other, commits that are whole and durable, and files kept in order."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import structlog
from lancedb import AsyncConnection
from lancedb.query import ColumnOrdering
from lancedb.table import AsyncTable

from search_service.embedded_durability import Commits, set_broken_manifests_aside
from search_service.errors import StorageUnavailable

_log = structlog.stdlib.get_logger("embedded")

# Writes wait meanwhile.
_OLD_READERS_SECONDS = 2.0
# Deletes all versions but the last. Zero would say the same with a warning.
_ALL_OLD = timedelta(milliseconds=1)
_NEVER = timedelta(days=36_500)


class LanceTable:
    """A table and its folder. Reads may run at any time, what commits one at a time."""

    def __init__(self, table: AsyncTable, folder: Path) -> None:
        """Use `create_table` or `open_table`."""
        self.commits_since_tidy = 0
        self.generation = 0  # the number of commits, failed ones too
        self.engine = table
        self._commits = Commits(table, folder)
        self._readers: set[asyncio.Event] = set()
        self._source_counts: tuple[int, dict[str, int]] = (-1, {})  # and of which generation

    @classmethod
    async def create_table(cls, connection: AsyncConnection, name: str, folder: Path, schema: Any) -> Self:
        """A new, empty table; durable on return."""
        with storage_errors("be made"):
            table = cls(await connection.create_table(name, schema=schema), folder)
            await table._commits.sync_new()
            return table

    @classmethod
    async def open_table(cls, connection: AsyncConnection, name: str, folder: Path, schema: Any) -> Self:
        """An existing table. It gets the columns that an earlier version did not know, without values."""
        with storage_errors("be opened"):
            await asyncio.to_thread(set_broken_manifests_aside, folder)
            table = cls(await connection.open_table(name), folder)
            await table._commits.recover()
            known = set((await table.engine.schema()).names)
        table.commits_since_tidy = 1  # the process before may have ended without tidying up
        if missing := [field for field in schema if field.name not in known]:
            async with table.committing():
                await table.engine.add_columns(missing)
            _log.info("added columns", table=name, columns=[field.name for field in missing])
        return table

    async def source_counts(self) -> dict[str, int]:
        """How many rows there are of each source, by name. Counted once for each state of the table."""
        generation = self.generation
        if self._source_counts[0] != generation:  # what is counted now may be older than a commit that ends meanwhile
            counts = await self.count_sources()
            self._source_counts = (generation, counts)
            return counts
        return self._source_counts[1]

    async def count_sources(self) -> dict[str, int]:
        """How many rows there are of each source now, by name."""
        counts: Counter[str] = Counter()
        async with self.reading():
            async for batch in await self.engine.query().select(["source"]).to_batches():
                for entry in batch.column("source").value_counts().to_pylist():
                    counts[entry["values"]] += entry["counts"]
        return dict(sorted(counts.items()))

    async def tidy(self) -> None:
        """Merges small files, updates the indexes and, unless a read still needs them, removes old versions."""
        merged = True
        while merged:  # before anything is removed, what replaces it is whole and on the disk
            async with self.committing():
                stats = await self.engine.optimize(cleanup_older_than=_NEVER)
                merged = stats.compaction.files_added > 0
        if await self.readers_ended():
            async with self.committing():
                await self.engine.optimize(cleanup_older_than=_ALL_OLD, delete_unverified=True)
            self.commits_since_tidy = 0

    async def readers_ended(self) -> bool:
        """Waits a little for the reads that run now. Returns whether all of them ended."""
        running = [asyncio.ensure_future(reader.wait()) for reader in self._readers]
        if not running:
            return True
        _, left = await asyncio.wait(running, timeout=_OLD_READERS_SECONDS)
        for task in left:
            task.cancel()
        return not left

    def close(self) -> None:
        """Lets go of the table's files."""
        self.engine.close()  # type: ignore[no-untyped-call]

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """What is read within keeps its files. Raises StorageUnavailable for the engine's errors."""
        ended = asyncio.Event()
        self._readers.add(ended)
        try:
            with storage_errors("be read"):
                yield
        finally:
            self._readers.discard(ended)
            ended.set()

    @asynccontextmanager
    async def committing(self) -> AsyncIterator[None]:
        """What is changed within is durable afterwards, or undone. Raises StorageUnavailable."""
        with storage_errors("be written"):
            try:
                async with self._commits.committing():
                    yield
            finally:
                self.generation += 1
                self.commits_since_tidy += 1


@contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Turns the engine's errors, which are of builtin classes, into StorageUnavailable."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        _log.exception("the engine failed", exc_info=error)
        raise StorageUnavailable(f"The index can't {what}: {_cause(str(error))}") from error


def by(column: str, *, ascending: bool = True) -> ColumnOrdering:
    """An order; rows without a value come last."""
    return ColumnOrdering(column_name=column, ascending=ascending, nulls_first=False)


def _cause(text: str) -> str:
    if "No space left" in text or "os error 28" in text:
        return "the disk is full. Make room and try again."
    if "Permission denied" in text or "Read-only file system" in text:
        return "its folder may not be written. Allow it and try again."
    return "the search service's log says more."
