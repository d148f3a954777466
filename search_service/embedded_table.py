"""One LanceDB table: what is done with its rows."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import structlog
from lancedb import AsyncConnection
from lancedb.index import BTree, IvfFlat
from lancedb.query import ColumnOrdering
from lancedb.table import AsyncTable

from search_service.embedded_durability import Commits, set_broken_manifests_aside
from search_service.embedded_filter import after_sql, all_of, fingerprints_sql, ids_sql, images_sql
from search_service.embedded_schema import (
    FACT_COLUMNS,
    FINGERPRINT_COLUMNS,
    table_schema,
    to_fingerprint,
    to_image,
    to_table,
)
from search_service.embedded_state import StoredIndex
from search_service.errors import StorageUnavailable
from search_service.images import (
    MAX_FINGERPRINT_BATCH,
    Filter,
    Fingerprint,
    FingerprintFilter,
    Image,
    ListOrder,
    ListPlace,
    Vector,
    Window,
)
from search_service.write_batch import CopySource

_log = structlog.stdlib.get_logger("embedded")

_INDEXED_COLUMNS = ("id", "relative_path", "content_sha256", "taken_at_us")
# So many hits more than the window has are looked at, to order equal ones at its edge by id.
_EDGE = 32
# Cosines that differ less are equal: float32 sums differ by more from one code path to another.
_SCORE_DECIMALS = 6
# Writes wait meanwhile.
_OLD_READERS_SECONDS = 2.0
# Of the vector index. The engine splits and joins partitions to keep about this size.
_PARTITION_ROWS = 4_096
# Deletes all versions but the last. Zero would say the same with a warning.
_ALL_OLD = timedelta(milliseconds=1)
_NEVER = timedelta(days=36_500)


class EmbeddedTable:
    """A table and its folder. Reads may run at any time, writes (merge, delete, tidy, train) one at a time."""

    def __init__(self, index: StoredIndex, table: AsyncTable, folder: Path) -> None:
        """Use `create` or `open`."""
        self.index = index
        self.commits_since_tidy = 0
        self._table = table
        self._commits = Commits(table, folder)
        self._readers: set[asyncio.Event] = set()
        self._generation = 0  # the number of commits, failed ones too
        self._source_counts: dict[str, int] | None = None

    @classmethod
    async def create(cls, connection: AsyncConnection, index: StoredIndex, folder: Path) -> "EmbeddedTable":
        """A new, empty table; durable on return."""
        with storage_errors("be made"):
            created = await connection.create_table(index.table, schema=table_schema(index.dimensions))
            table = cls(index, created, folder)
            await table._commits.sync_new()
            return table

    @classmethod
    async def open(cls, connection: AsyncConnection, index: StoredIndex, folder: Path) -> "EmbeddedTable":
        """An existing table."""
        with storage_errors("be opened"):
            await asyncio.to_thread(set_broken_manifests_aside, folder)
            table = cls(index, await connection.open_table(index.table), folder)
            await table._commits.recover()
        table.commits_since_tidy = 1  # the process before may have ended without tidying up
        return table

    async def merge(self, rows: Sequence[tuple[Image, Vector]]) -> None:
        """Adds or replaces photos, each id once; durable on return."""
        async with self._committing():
            data = to_table(rows, self.index.dimensions, datetime.now(UTC))
            merge = self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            await merge.execute(data)

    async def delete(self, ids: Sequence[str]) -> int:
        """Removes photos; durable on return. Returns how many there were."""
        async with self._reading():
            count = await self._table.count_rows(ids_sql(ids))
        if count:
            async with self._committing():
                await self._table.delete(ids_sql(ids))
        return count

    async def get(self, ids: Sequence[str]) -> dict[str, Image]:
        """The photos that there are of these ids."""
        rows = await self._rows(FACT_COLUMNS, ids_sql(ids))
        return {row["id"]: to_image(row) for row in rows}

    async def vectors(self, ids: Sequence[str]) -> dict[str, Vector]:
        """The vectors that there are of these ids."""
        return {image_id: source.vector for image_id, source in (await self.copy_sources(ids)).items()}

    async def copy_sources(self, ids: Sequence[str]) -> dict[str, CopySource]:
        """The vectors that there are of these ids, and the contents that they are of."""
        columns = ["id", "content_sha256", "vector"]
        async with self._reading():
            found = await self._table.query().where(ids_sql(ids)).select(columns).to_arrow()
        values = found.column("vector").combine_chunks().flatten().to_numpy(zero_copy_only=False)
        vectors = values.reshape(-1, self.index.dimensions)
        contents = found.column("content_sha256").to_pylist()
        sources = map(CopySource, contents, vectors)
        return dict(zip(found.column("id").to_pylist(), sources, strict=True))

    async def nearest(
        self, vector: Vector, *, keep: Filter, excluded_ids: Sequence[str], window: Window
    ) -> list[tuple[str, float]]:
        """Ids and cosines of the window, best first, equal ones by id."""
        # The excluded ones are taken out afterwards: as a filter they would cost more.
        size = window.size + len(excluded_ids)
        limit = size + _EDGE
        async with self._reading():
            while True:
                found = await self._nearest_rows(vector, images_sql(keep), max(window.candidates, limit), limit)
                # If the last one that was looked at equals the window's last one, there may be more that equal it.
                if len(found) < limit or found[size - 1][0] < found[-1][0]:
                    break
                limit *= 4
        kept = [(image_id, -score) for score, image_id in found if image_id not in excluded_ids]
        return kept[: window.size]

    async def list_page(self, order: ListOrder, *, keep: Filter, after: ListPlace | None, limit: int) -> list[Image]:
        """The next photos of a list."""
        ordering = {
            ListOrder.NEWEST_FIRST: [_by("taken_at_us", ascending=False), _by("id")],
            ListOrder.SAMPLE: [_by("sample_key"), _by("id")],
        }[order]
        condition = all_of(images_sql(keep), after_sql(order, after))
        async with self._reading():
            query = self._table.query().where(condition).order_by(ordering).select(FACT_COLUMNS).limit(limit)
            return [to_image(row) for row in await query.to_list()]

    async def fingerprints(self, keep: FingerprintFilter) -> AsyncIterator[list[Fingerprint]]:
        """By relative_path, then id. The engine sorts what is kept in memory before the first one comes."""
        async with self._reading():
            query = self._table.query().where(fingerprints_sql(keep)).select(FINGERPRINT_COLUMNS)
            ordered = query.order_by([_by("relative_path"), _by("id")])
            async for batch in await ordered.to_batches(max_batch_length=MAX_FINGERPRINT_BATCH):
                for start in range(0, batch.num_rows, MAX_FINGERPRINT_BATCH):
                    part = batch.slice(start, MAX_FINGERPRINT_BATCH)
                    yield [to_fingerprint(row) for row in part.to_pylist()]

    async def source_counts(self) -> dict[str, int]:
        """How many photos there are of each source, by name. Counted once for each state of the table."""
        if self._source_counts is not None:
            return self._source_counts
        generation, counts = self._generation, await self.count_sources()
        if generation == self._generation:  # what was counted may be older than a commit that ended meanwhile
            self._source_counts = counts
        return counts

    async def count_sources(self) -> dict[str, int]:
        """How many photos there are of each source now, by name."""
        counts: Counter[str] = Counter()
        async with self._reading():
            async for batch in await self._table.query().select(["source"]).to_batches():
                for entry in batch.column("source").value_counts().to_pylist():
                    counts[entry["values"]] += entry["counts"]
        return dict(sorted(counts.items()))

    async def tidy(self) -> None:
        """Merges small files, updates the indexes and, unless a read still needs them, removes old versions."""
        merged = True
        while merged:  # before anything is removed, what replaces it is whole and on the disk
            async with self._committing():
                stats = await self._table.optimize(cleanup_older_than=_NEVER)
                merged = stats.compaction.files_added > 0
        if await self.readers_ended():
            async with self._committing():
                await self._table.optimize(cleanup_older_than=_ALL_OLD, delete_unverified=True)
            self.commits_since_tidy = 0

    async def train(self) -> None:
        """Makes the vector index and those of columns anew."""
        async with self._committing():
            for column in _INDEXED_COLUMNS:
                await self._table.create_index(column, config=BTree(), replace=True)
            config = IvfFlat(distance_type="cosine", target_partition_size=_PARTITION_ROWS)
            await self._table.create_index("vector", config=config, replace=True)

    async def count(self, keep: Filter | None = None) -> int:
        """How many photos there are, or how many of them the filter keeps."""
        async with self._reading():
            return await self._table.count_rows((images_sql(keep) or None) if keep else None)

    async def columns(self, names: list[str], keep: Filter) -> AsyncIterator[Any]:
        """These columns of the photos that the filter keeps, in Arrow's batches."""
        async with self._reading():
            query = self._table.query().where(all_of(images_sql(keep))).select(names)
            async for batch in await query.to_batches():
                yield batch

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
        self._table.close()  # type: ignore[no-untyped-call]

    async def _rows(self, columns: list[str], condition: str) -> list[dict[str, Any]]:
        async with self._reading():
            return await self._table.query().where(condition).select(columns).to_list()

    async def _nearest_rows(
        self, vector: Vector, condition: str, candidates: int, limit: int
    ) -> list[tuple[float, str]]:
        query = self._table.query().nearest_to(vector).distance_type("cosine")
        if condition:  # a vector index then searches as many partitions as it needs
            query = query.where(condition).maximum_nprobes(0)
        else:
            query = query.nprobes(ceil(candidates / _PARTITION_ROWS))
        found = await query.select(["id", "_distance"]).limit(limit).to_arrow()
        distances = found.column("_distance").to_pylist()
        scores = [round(distance - 1, _SCORE_DECIMALS) for distance in distances]
        return sorted(zip(scores, found.column("id").to_pylist(), strict=True))

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[None]:
        ended = asyncio.Event()
        self._readers.add(ended)
        try:
            with storage_errors("be read"):
                yield
        finally:
            self._readers.discard(ended)
            ended.set()

    @asynccontextmanager
    async def _committing(self) -> AsyncIterator[None]:
        with storage_errors("be written"):
            try:
                async with self._commits.committing():
                    yield
            finally:
                self._generation += 1
                self._source_counts = None
                self.commits_since_tidy += 1


@contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Turns the engine's errors, which are of builtin classes, into StorageUnavailable."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        _log.exception("the engine failed", exc_info=error)
        raise StorageUnavailable(f"The index can't {what}: {_cause(str(error))}") from error


def _cause(text: str) -> str:
    if "No space left" in text or "os error 28" in text:
        return "the disk is full. Make room and try again."
    if "Permission denied" in text or "Read-only file system" in text:
        return "its folder may not be written. Allow it and try again."
    return "the search service's log says more."


def _by(column: str, *, ascending: bool = True) -> ColumnOrdering:
    return ColumnOrdering(column_name=column, ascending=ascending, nulls_first=False)
