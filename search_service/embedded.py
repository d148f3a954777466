"""The index in a folder on disk: LanceDB in this process, behind the port."""

import importlib.metadata
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Self

from search_service.civil_time import micros
from search_service.embedded_facets import count_facets
from search_service.embedded_store import EmbeddedOptions, EmbeddedStore
from search_service.embedded_table import EmbeddedTable
from search_service.errors import IndexMissing, ServiceError, StorageUnavailable
from search_service.facets import FacetOptions, Facets
from search_service.images import (
    Filter,
    Fingerprint,
    FingerprintFilter,
    Hit,
    HitPage,
    Image,
    IndexInfo,
    IndexState,
    ListOrder,
    ListPlace,
    Model,
    Rebuild,
    SearchOrder,
    Vector,
    Window,
    WindowHits,
    Write,
)
from search_service.query_vector import check_model
from search_service.write_batch import copied_ids, first_model, resolve_writes, without_index

BACKEND = f"lancedb {importlib.metadata.version('lancedb')}"


class EmbeddedImages:
    """Implements images.Images. A write goes on to its end even if its caller gives up."""

    def __init__(self, store: EmbeddedStore) -> None:
        """Use `open`."""
        self._store = store
        self._write_failure = ""
        self._to_the_end = store.to_the_end.run
        self.failures = store.failures

    @classmethod
    async def open(cls, path: Path, options: EmbeddedOptions | None = None) -> Self:
        """The index in this folder, made where it is missing. Raises StorageInUse, StorageUnavailable, IndexFormat."""
        return cls(await EmbeddedStore.open(path, options or EmbeddedOptions()))

    async def close(self) -> None:
        """Waits for the writes that run and lets other processes open the folder."""
        await self._store.close()

    async def describe(self) -> IndexInfo:
        """As in Images."""
        serving, coming = self._store.serving, self._store.next
        model = serving.index.to_model() if serving else None
        try:
            rebuild = await _to_rebuild(coming) if coming else None
            sources = await serving.source_counts() if serving else {}
        except StorageUnavailable as error:
            return IndexInfo(IndexState.UNAVAILABLE, error.message, model, 0, {}, None, BACKEND)
        if serving is None:
            return IndexInfo(IndexState.MISSING, IndexMissing().message, None, 0, {}, rebuild, BACKEND)
        state = IndexState.DEGRADED if self._write_failure else IndexState.READY
        return IndexInfo(state, self._write_failure, model, sum(sources.values()), sources, rebuild, BACKEND)

    async def model(self) -> Model:
        """As in Images."""
        return self._store.present().index.to_model()

    async def get(self, ids: Sequence[str]) -> dict[str, Image]:
        """As in Images."""
        return await self._store.serving.get(ids) if self._store.serving and ids else {}

    async def vectors(self, ids: Sequence[str]) -> dict[str, Vector]:
        """As in Images."""
        table = self._store.present()
        return await table.vectors(ids) if ids else {}

    async def search(
        self,
        vector: Vector,
        *,
        keep: Filter,
        excluded_ids: Sequence[str],
        window: Window,
        offset: int,
        limit: int,
        order: SearchOrder = SearchOrder.SCORE,
        model: Model | None = None,
    ) -> HitPage:
        """As in Images."""
        table = self._store.present()
        check_model(model, table.index.to_model())
        found = await table.nearest(vector, keep=keep, excluded_ids=excluded_ids, window=window)
        if order is SearchOrder.NEWEST_FIRST:
            found = await _newest_first(found, table)
        page = found[offset : offset + limit]
        images = await table.get([image_id for image_id, _ in page]) if page else {}
        # A photo that was removed between the two reads is passed over.
        hits = [Hit(images[image_id], score) for image_id, score in page if image_id in images]
        return HitPage(hits, more=offset + limit < len(found))

    async def window(
        self,
        vector: Vector,
        *,
        keep: Filter,
        excluded_ids: Sequence[str],
        window: Window,
        model: Model | None = None,
    ) -> WindowHits:
        """As in Images."""
        table = self._store.present()
        check_model(model, table.index.to_model())
        return await table.window(vector, keep=keep, excluded_ids=excluded_ids, window=window)

    async def list_page(self, order: ListOrder, *, keep: Filter, after: ListPlace | None, limit: int) -> list[Image]:
        """As in Images."""
        return await self._store.present().list_page(order, keep=keep, after=after, limit=limit)

    async def facets(self, keep: Filter, options: FacetOptions) -> Facets:
        """As in Images."""
        return await count_facets(self._store.present(), keep, options)

    async def fingerprints(self, keep: FingerprintFilter) -> AsyncIterator[list[Fingerprint]]:
        """As in Images."""
        table = self._store.rebuild(keep.rebuild_id) if keep.rebuild_id else self._store.serving
        if table:
            async for batch in table.fingerprints(keep):
                yield batch

    async def write(self, writes: Sequence[Write], rebuild_id: str = "") -> list[ServiceError | None]:
        """As in Images."""
        answers = await self._to_the_end(self._write(writes, rebuild_id))
        self._store.tidy_soon()
        return answers

    async def finish_writing(self) -> None:
        """As in Images. What was written is visible already; but the end of a stream is a good time to tidy up."""
        self._store.tidy_soon(after_commits=1)

    async def delete(self, ids: Sequence[str]) -> int:
        """As in Images."""
        deleted = await self._to_the_end(self._delete(ids))
        self._store.tidy_soon()
        return deleted

    async def begin_rebuild(self, model: Model) -> Rebuild:
        """As in Images."""
        return await _to_rebuild(await self._to_the_end(self._store.begin_rebuild(model)))

    async def commit_rebuild(self, rebuild_id: str, *, drop_missing_sources: bool) -> IndexInfo:
        """As in Images."""
        await self._to_the_end(self._store.commit_rebuild(rebuild_id, drop_missing_sources=drop_missing_sources))
        return await self.describe()

    async def cancel_rebuild(self, rebuild_id: str) -> None:
        """As in Images."""
        await self._to_the_end(self._store.cancel_rebuild(rebuild_id))

    async def tidy(self) -> None:
        """What runs in the background from time to time: see EmbeddedStore.tidy."""
        await self._store.tidy()

    async def _write(self, writes: Sequence[Write], rebuild_id: str) -> list[ServiceError | None]:
        async with self._store.writing:
            try:
                table = await self._table_for(writes, rebuild_id)
                if table is None:
                    return [without_index(write) for write in writes]
                ids = copied_ids(writes)
                stored = await table.copy_sources(ids) if ids else {}
                batch = resolve_writes(writes, table.index.to_model(), stored)
                if batch.rows:
                    await table.merge(list(batch.rows.values()))
                    self._write_failure = ""
            except StorageUnavailable as error:
                self._write_failure = error.message
                return [error for _ in writes]
            except ServiceError as error:  # the rebuild is gone
                return [error for _ in writes]
            return batch.errors

    async def _table_for(self, writes: Sequence[Write], rebuild_id: str) -> EmbeddedTable | None:
        if rebuild_id:
            return self._store.rebuild(rebuild_id)
        if self._store.serving is None and (model := first_model(writes)):
            return await self._store.create_first(model)
        return self._store.serving

    async def _delete(self, ids: Sequence[str]) -> int:
        async with self._store.writing:
            return await self._store.serving.delete(ids) if self._store.serving and ids else 0


async def _newest_first(found: Sequence[tuple[str, float]], table: EmbeddedTable) -> list[tuple[str, float]]:
    images = await table.get([image_id for image_id, _ in found]) if found else {}

    def place(hit: tuple[str, float]) -> tuple[bool, int, str]:
        taken_at = images[hit[0]].taken_at if hit[0] in images else None
        return (taken_at is None, 0 if taken_at is None else -micros(taken_at), hit[0])

    return sorted(found, key=place)


async def _to_rebuild(table: EmbeddedTable) -> Rebuild:
    return Rebuild(table.index.table, table.index.to_model(), await table.count())
