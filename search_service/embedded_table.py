"""One LanceDB table: what is done with its rows."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from lancedb import AsyncConnection
from lancedb.index import BTree, IvfFlat

from search_service.embedded_filter import after_sql, all_of, fingerprints_sql, ids_sql, images_sql
from search_service.embedded_lance import LanceTable, by
from search_service.embedded_schema import (
    FACT_COLUMNS,
    FINGERPRINT_COLUMNS,
    table_schema,
    to_fingerprint,
    to_image,
    to_table,
)
from search_service.embedded_state import StoredIndex
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
    WindowHits,
)
from search_service.write_batch import CopySource

_INDEXED_COLUMNS = ("id", "relative_path", "content_sha256", "taken_at_us")
# So many hits more than the window has are looked at, to order equal ones at its edge by id.
_EDGE = 32
# Cosines that differ less are equal: float32 sums differ by more from one code path to another.
_SCORE_DECIMALS = 6
# Of the vector index. The engine splits and joins partitions to keep about this size.
_PARTITION_ROWS = 4_096

# The negative cosine, the id, and the row in what was read.
_Near = tuple[float, str, int]


class EmbeddedTable(LanceTable):
    """The photos of one index. Reads may run at any time, writes (merge, delete, tidy, train) one at a time."""

    index: StoredIndex

    @classmethod
    async def create(cls, connection: AsyncConnection, index: StoredIndex, folder: Path) -> "EmbeddedTable":
        """A new, empty table; durable on return."""
        table = await cls.create_table(connection, index.table, folder, table_schema(index.dimensions))
        table.index = index
        return table

    @classmethod
    async def open(cls, connection: AsyncConnection, index: StoredIndex, folder: Path) -> "EmbeddedTable":
        """An existing table."""
        table = await cls.open_table(connection, index.table, folder, table_schema(index.dimensions))
        table.index = index
        return table

    async def merge(self, rows: Sequence[tuple[Image, Vector]]) -> None:
        """Adds or replaces photos, each id once; durable on return."""
        async with self.committing():
            data = to_table(rows, self.index.dimensions, datetime.now(UTC))
            merge = self.engine.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            await merge.execute(data)

    async def delete(self, ids: Sequence[str]) -> int:
        """Removes photos; durable on return. Returns how many there were."""
        async with self.reading():
            count = await self.engine.count_rows(ids_sql(ids))
        if count:
            async with self.committing():
                await self.engine.delete(ids_sql(ids))
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
        async with self.reading():
            found = await self.engine.query().where(ids_sql(ids)).select(columns).to_arrow()
        values = found.column("vector").combine_chunks().flatten().to_numpy(zero_copy_only=False)
        vectors = values.reshape(-1, self.index.dimensions)
        contents = found.column("content_sha256").to_pylist()
        sources = map(CopySource, contents, vectors)
        return dict(zip(found.column("id").to_pylist(), sources, strict=True))

    async def nearest(
        self, vector: Vector, *, keep: Filter, excluded_ids: Sequence[str], window: Window
    ) -> list[tuple[str, float]]:
        """Ids and cosines of the window, best first, equal ones by id."""
        found, _ = await self._window(vector, [], keep=keep, excluded_ids=excluded_ids, window=window)
        return [(image_id, -score) for score, image_id, _ in found]

    async def window(self, vector: Vector, *, keep: Filter, excluded_ids: Sequence[str], window: Window) -> WindowHits:
        """The window, best first, equal ones by id."""
        columns = ["content_sha256", "perceptual_hash", "taken_at_us"]
        found, rows = await self._window(vector, columns, keep=keep, excluded_ids=excluded_ids, window=window)
        rows = rows.take(np.array([row for _, _, row in found], dtype=np.int64))
        looks = rows.column("perceptual_hash")
        return WindowHits(
            ids=[image_id for _, image_id, _ in found],
            scores=[-score for score, _, _ in found],
            contents=rows.column("content_sha256").to_pylist(),
            looks=looks.fill_null(0).to_numpy(),
            has_look=looks.is_valid().to_numpy(),
            taken_at_us=rows.column("taken_at_us").to_pylist(),
        )

    async def _window(
        self, vector: Vector, columns: list[str], *, keep: Filter, excluded_ids: Sequence[str], window: Window
    ) -> tuple[list[_Near], Any]:
        """The window, and these columns of the rows that it was taken from."""
        # The excluded ones are taken out afterwards: as a filter they would cost more.
        size = window.size + len(excluded_ids)
        limit = size + _EDGE
        async with self.reading():
            while True:
                candidates = max(window.candidates, limit)
                found, rows = await self._nearest_rows(vector, columns, images_sql(keep), candidates, limit)
                # If the last one that was looked at equals the window's last one, there may be more that equal it.
                if len(found) < limit or found[size - 1][0] < found[-1][0]:
                    break
                limit *= 4
        kept = [one for one in found if one[1] not in excluded_ids]
        return kept[: window.size], rows

    async def list_page(self, order: ListOrder, *, keep: Filter, after: ListPlace | None, limit: int) -> list[Image]:
        """The next photos of a list."""
        ordering = {
            ListOrder.NEWEST_FIRST: [by("taken_at_us", ascending=False), by("id")],
            ListOrder.SAMPLE: [by("sample_key"), by("id")],
        }[order]
        condition = all_of(images_sql(keep), after_sql(order, after))
        async with self.reading():
            query = self.engine.query().where(condition).order_by(ordering).select(FACT_COLUMNS).limit(limit)
            return [to_image(row) for row in await query.to_list()]

    async def fingerprints(self, keep: FingerprintFilter) -> AsyncIterator[list[Fingerprint]]:
        """By relative_path, then id. The engine sorts what is kept in memory before the first one comes."""
        async with self.reading():
            query = self.engine.query().where(fingerprints_sql(keep)).select(FINGERPRINT_COLUMNS)
            ordered = query.order_by([by("relative_path"), by("id")])
            async for batch in await ordered.to_batches(max_batch_length=MAX_FINGERPRINT_BATCH):
                for start in range(0, batch.num_rows, MAX_FINGERPRINT_BATCH):
                    part = batch.slice(start, MAX_FINGERPRINT_BATCH)
                    yield [to_fingerprint(row) for row in part.to_pylist()]

    async def train(self) -> None:
        """Makes the vector index and those of columns anew."""
        async with self.committing():
            for column in _INDEXED_COLUMNS:
                await self.engine.create_index(column, config=BTree(), replace=True)
            config = IvfFlat(distance_type="cosine", target_partition_size=_PARTITION_ROWS)
            await self.engine.create_index("vector", config=config, replace=True)

    async def count(self, keep: Filter | None = None) -> int:
        """How many photos there are, or how many of them the filter keeps."""
        async with self.reading():
            return await self.engine.count_rows((images_sql(keep) or None) if keep else None)

    async def columns(self, names: list[str], keep: Filter) -> AsyncIterator[Any]:
        """These columns of the photos that the filter keeps, in Arrow's batches."""
        async with self.reading():
            query = self.engine.query().where(all_of(images_sql(keep))).select(names)
            async for batch in await query.to_batches():
                yield batch

    async def _rows(self, columns: list[str], condition: str) -> list[dict[str, Any]]:
        async with self.reading():
            return await self.engine.query().where(condition).select(columns).to_list()

    async def _nearest_rows(
        self, vector: Vector, columns: list[str], condition: str, candidates: int, limit: int
    ) -> tuple[list[_Near], Any]:
        query = self.engine.query().nearest_to(vector).distance_type("cosine")
        if condition:  # a vector index then searches as many partitions as it needs
            query = query.where(condition).maximum_nprobes(0)
        else:
            query = query.nprobes(ceil(candidates / _PARTITION_ROWS))
        found = await query.select(["id", "_distance", *columns]).limit(limit).to_arrow()
        distances = found.column("_distance").to_pylist()
        scores = [round(distance - 1, _SCORE_DECIMALS) for distance in distances]
        return sorted(zip(scores, found.column("id").to_pylist(), range(len(scores)), strict=True)), found
