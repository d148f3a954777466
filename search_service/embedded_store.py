"""The tables of the index folder: which one serves, which one comes next, and how they are kept in order.

Every change is one replacement of the folder's state, made after the new table is on the disk and before the old one is
removed. A process that is killed in between leaves a table that the state does not name; the next start removes it.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import lancedb
import structlog
from lancedb import AsyncConnection

from search_service.embedded_failures import TABLE as FAILURES_TABLE
from search_service.embedded_failures import EmbeddedFailures
from search_service.embedded_lance import storage_errors
from search_service.embedded_state import IndexFolder, StoredIndex, StoredState
from search_service.embedded_table import EmbeddedTable
from search_service.errors import (
    IndexMissing,
    RebuildConflict,
    RebuildIncomplete,
    RebuildNotFound,
    StorageUnavailable,
)
from search_service.images import Model
from search_service.to_the_end import ToTheEnd

_log = structlog.stdlib.get_logger("embedded")

_TIDY_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class EmbeddedOptions:
    """How the folder is kept.

    Below `vector_index_from` photos a search compares all vectors: exact, and fast enough. The vector index is made
    anew whenever there are twice as many photos as it was made from. `tidy_seconds` is how long small files and old
    versions may lie about.
    """

    vector_index_from: int = 10_000
    tidy_after_commits: int = 20
    tidy_seconds: float = 60.0
    cache_bytes: int = 1 << 30


class EmbeddedStore:
    """The tables. Hold `writing` around every write of a table; the methods below take it unless they say otherwise."""

    def __init__(self, folder: IndexFolder, connection: AsyncConnection, options: EmbeddedOptions) -> None:
        """Use `open`."""
        self.writing = asyncio.Lock()
        self.serving: EmbeddedTable | None = None
        self.next: EmbeddedTable | None = None
        self.to_the_end = ToTheEnd()
        self.failures = EmbeddedFailures(connection, folder.table_path(FAILURES_TABLE), self.to_the_end)
        self._folder = folder
        self._connection = connection
        self._options = options
        self._retired: list[EmbeddedTable] = []
        self._tidy_due = asyncio.Event()
        self._tidying: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, path: Path, options: EmbeddedOptions) -> Self:
        """Opens the folder, makes it where it is missing, and removes what a killed process left behind.

        Raises StorageInUse, StorageUnavailable or IndexFormat.
        """
        folder = await asyncio.to_thread(IndexFolder, path)
        try:
            with storage_errors("be opened"):
                session = lancedb.Session(index_cache_size_bytes=options.cache_bytes)
                connection = await lancedb.connect_async(str(folder.path), session=session)
                for table in folder.leftover_tables():
                    _log.info("removing a leftover", table=table)
                    await connection.drop_table(table)
            store = cls(folder, connection, options)
            store.serving = await store._open_table(folder.state.serving)
            store.next = await store._open_table(folder.state.next)
        except BaseException:
            folder.close()
            raise
        store._tidying = asyncio.create_task(store._tidy_forever())
        return store

    async def close(self) -> None:
        """Waits for the writes that run and lets other processes open the folder."""
        await self.to_the_end.ended()
        if self._tidying:
            self._tidying.cancel()
            await asyncio.wait({self._tidying})
        async with self.writing:
            for table in (self.serving, self.next, *self._retired):
                if table:
                    table.close()
            await self.failures.close()
            self._connection.close()  # type: ignore[no-untyped-call]
            self._folder.close()

    def present(self) -> EmbeddedTable:
        """The table that serves. Raises IndexMissing."""
        if self.serving is None:
            raise IndexMissing
        return self.serving

    def rebuild(self, rebuild_id: str) -> EmbeddedTable:
        """The table of the rebuild under way, which has its name. Raises RebuildNotFound."""
        if self.next is None or self.next.index.table != rebuild_id:
            raise RebuildNotFound(rebuild_id)
        return self.next

    async def create_first(self, model: Model) -> EmbeddedTable:
        """Makes the index at its first write. `writing` is held by the caller."""
        state, index = self._folder.state.numbered(model)
        table = await self._create_table(index)
        await self._store(replace(state, serving=index))
        self.serving = table
        return table

    async def begin_rebuild(self, model: Model) -> EmbeddedTable:
        """The next table, new or continued. Raises RebuildConflict."""
        async with self.writing:
            if self.next:
                index = self.next.index
                if index.to_model() != model:
                    raise RebuildConflict(rebuild_id=index.table, model=index.model, dimensions=index.dimensions)
                return self.next
            state, index = self._folder.state.numbered(model)
            table = await self._create_table(index)
            await self._store(replace(state, next=index))
            self.next = table
            return table

    async def commit_rebuild(self, rebuild_id: str, *, drop_missing_sources: bool) -> None:
        """Lets the next table serve and retires the present one. Raises RebuildNotFound, RebuildIncomplete."""
        async with self.writing:
            coming = self.rebuild(rebuild_id)
            if self.serving and not drop_missing_sources:
                sources = await coming.count_sources()
                if missing := [name for name in await self.serving.count_sources() if name not in sources]:
                    raise RebuildIncomplete(missing)
            await self._store(replace(self._folder.state, serving=coming.index, next=None))
            self._retire(self.serving)
            self.serving, self.next = coming, None

    async def cancel_rebuild(self, rebuild_id: str) -> None:
        """Drops the next table. Raises RebuildNotFound."""
        async with self.writing:
            cancelled = self.rebuild(rebuild_id)
            await self._store(replace(self._folder.state, next=None))
            self._retire(cancelled)
            self.next = None

    def tidy_soon(self, *, after_commits: int | None = None) -> None:
        """Tidies up in the background if a table has had so many commits since the last time."""
        enough = self._options.tidy_after_commits if after_commits is None else after_commits
        if any(table and table.commits_since_tidy >= enough for table in (self.serving, self.next)):
            self._tidy_due.set()

    async def tidy(self) -> None:
        """Removes retired tables and old versions, merges small files, and makes the vector index where it is due."""
        async with self.writing:
            for retired in list(self._retired):
                await self._remove(retired)
        for table in (self.serving, self.next):
            if table and table.commits_since_tidy:
                async with self.writing:
                    await self._train_if_due(table)
                    await table.tidy()
        await self.failures.tidy()

    async def _tidy_forever(self) -> None:
        while True:
            # Not wait_for: before Python 3.12 it can lose a cancellation.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._options.tidy_seconds):
                    await self._tidy_due.wait()
            self._tidy_due.clear()
            try:
                await self.tidy()
            except StorageUnavailable as error:
                _log.warning("could not tidy up", error=error.message)
            await asyncio.sleep(_TIDY_PAUSE_SECONDS)

    async def _train_if_due(self, table: EmbeddedTable) -> None:
        rows = await table.count()
        if rows < max(self._options.vector_index_from, 2 * table.index.trained_rows):
            return
        _log.info("making the vector index", table=table.index.table, rows=rows)
        await table.train()
        table.index = replace(table.index, trained_rows=rows)
        await self._store(self._folder.state.with_index(table.index))
        _log.info("made the vector index", table=table.index.table, rows=rows)

    def _retire(self, table: EmbeddedTable | None) -> None:
        if table:
            self._retired.append(table)
            self._tidy_due.set()

    async def _remove(self, table: EmbeddedTable) -> None:
        if await table.readers_ended():
            table.close()
            with storage_errors("be written"):
                await self._connection.drop_table(table.index.table)
            self._retired.remove(table)

    async def _create_table(self, index: StoredIndex) -> EmbeddedTable:
        if await asyncio.to_thread(self._folder.table_path(index.table).exists):  # of a try that failed halfway
            with storage_errors("be written"):
                await self._connection.drop_table(index.table)
        return await EmbeddedTable.create(self._connection, index, self._folder.table_path(index.table))

    async def _open_table(self, index: StoredIndex | None) -> EmbeddedTable | None:
        if index is None:
            return None
        return await EmbeddedTable.open(self._connection, index, self._folder.table_path(index.table))

    async def _store(self, state: StoredState) -> None:
        await asyncio.to_thread(self._folder.store, state)
