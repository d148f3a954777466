import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, cast

import lancedb

from search_service.embedded_state import StoredIndex
from search_service.embedded_table import EmbeddedTable
from tests.search_service.photos import DIMENSIONS, MODEL, photo, unit


class SlowQuery:
    """Reads the table at once, and hands the rows out once `go` is set."""

    def __init__(self, query: Any, read: asyncio.Event, go: asyncio.Event) -> None:
        self._query, self._read, self._go = query, read, go

    def select(self, columns: list[str]) -> "SlowQuery":
        return SlowQuery(self._query.select(columns), self._read, self._go)

    async def to_batches(self) -> Any:
        batches = await self._query.to_batches()
        self._read.set()
        await self._go.wait()
        return batches


class SlowTable:
    """A table of the engine whose queries end late."""

    def __init__(self, table: Any) -> None:
        self.read, self.go = asyncio.Event(), asyncio.Event()
        self._table = table

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def query(self) -> SlowQuery:
        return SlowQuery(self._table.query(), self.read, self.go)


class SlowConnection:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def create_table(self, *arguments: Any, **options: Any) -> SlowTable:
        self.table = SlowTable(await self._connection.create_table(*arguments, **options))
        return self.table


async def test_a_count_that_ends_after_a_write_is_not_taken_for_the_new_one(tmp_path: Path) -> None:
    connection = SlowConnection(await lancedb.connect_async(str(tmp_path)))
    index = StoredIndex("images-tiny-1", MODEL, DIMENSIONS)
    table = await EmbeddedTable.create(cast(Any, connection), index, tmp_path / "images-tiny-1.lance")
    counting: Awaitable[dict[str, int]] = asyncio.ensure_future(table.source_counts())
    await connection.table.read.wait()
    await table.merge([(photo("a"), unit(1))])
    connection.table.go.set()

    assert await counting == {}
    assert await table.source_counts() == {"photos": 1}
    table.close()
