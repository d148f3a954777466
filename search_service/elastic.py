"""The index in Elasticsearch, behind the port."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Self, TypeVar

from search_service.elastic_bulk import ElasticBulk, Operation
from search_service.elastic_client import ElasticClient
from search_service.elastic_config import ElasticSettings
from search_service.elastic_document import write_document
from search_service.elastic_errors import MissingIndex
from search_service.elastic_facets import ElasticFacets
from search_service.elastic_failures import ElasticFailures
from search_service.elastic_health import ElasticHealth
from search_service.elastic_indices import ElasticIndices
from search_service.elastic_schema import StoredIndex
from search_service.elastic_search import ElasticReader
from search_service.errors import (
    IndexMissing,
    ModelMismatch,
    RebuildIncomplete,
    RebuildNotFound,
    ServiceError,
    StorageUnavailable,
)
from search_service.facets import FacetOptions, Facets
from search_service.images import (
    Filter,
    Fingerprint,
    FingerprintFilter,
    HitPage,
    Image,
    IndexInfo,
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
from search_service.write_batch import WriteBatch, copied_ids, first_model, resolve_writes, without_index

_T = TypeVar("_T")


class ElasticImages:
    """Implements images.Images. Several processes may write and rebuild one index at once."""

    def __init__(self, settings: ElasticSettings) -> None:
        """Connects at the first call, so that it may start before the cluster does."""
        self._client = ElasticClient(settings)
        self._indices = ElasticIndices(self._client, settings)
        self._bulk = ElasticBulk(self._client, settings)
        self._reader = ElasticReader(self._client, settings)
        self._facets = ElasticFacets(self._client)
        self.failures = ElasticFailures(self._client, settings)
        self._health = ElasticHealth(self._client, self._indices, self._reader)
        self._unseen: set[str] = set()  # handles of what was written and not made visible

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()

    async def describe(self) -> IndexInfo:
        """As in Images."""
        return await self._health.describe()

    async def model(self) -> Model:
        """As in Images."""
        return (await self._indices.present()).model

    async def get(self, ids: Sequence[str]) -> dict[str, Image]:
        """As in Images."""
        try:
            return await self._read(lambda index: self._reader.get(index, ids)) if ids else {}
        except IndexMissing:
            return {}

    async def vectors(self, ids: Sequence[str]) -> dict[str, Vector]:
        """As in Images."""
        if not ids:
            await self._indices.present()
            return {}
        return await self._read(lambda index: self._reader.vectors(index, ids))

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
        read = self._reader.newest_of_nearest if order is SearchOrder.NEWEST_FIRST else self._reader.nearest

        async def read_page(index: StoredIndex) -> HitPage:
            check_model(model, index.model)
            return await read(
                index, vector, keep=keep, excluded_ids=excluded_ids, window=window, offset=offset, limit=limit
            )

        return await self._read(read_page)

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

        async def read_window(index: StoredIndex) -> WindowHits:
            check_model(model, index.model)
            return await self._reader.window(index, vector, keep=keep, excluded_ids=excluded_ids, window=window)

        return await self._read(read_window)

    async def list_page(self, order: ListOrder, *, keep: Filter, after: ListPlace | None, limit: int) -> list[Image]:
        """As in Images."""
        return await self._read(lambda index: self._reader.list_page(index, order, keep=keep, after=after, limit=limit))

    async def facets(self, keep: Filter, options: FacetOptions) -> Facets:
        """As in Images."""
        return await self._read(lambda index: self._facets.count(index, keep, options))

    async def fingerprints(self, keep: FingerprintFilter) -> AsyncIterator[list[Fingerprint]]:
        """As in Images."""
        try:
            index = (
                await self._indices.rebuild(keep.rebuild_id, fresh=True)
                if keep.rebuild_id
                else await self._indices.present(fresh=True)
            )
            async for batch in self._reader.fingerprints(index, keep):
                yield batch
        except IndexMissing:
            return
        except MissingIndex:
            raise StorageUnavailable("The index was replaced while it was listed. List it again.") from None

    async def write(self, writes: Sequence[Write], rebuild_id: str = "") -> list[ServiceError | None]:
        """As in Images."""
        try:
            try:
                return await self._write(writes, rebuild_id)
            except (
                MissingIndex
            ):  # the index was swapped or removed by another process: written to the one that serves now
                self._indices.forget()
                return await self._write(writes, rebuild_id)
        except MissingIndex:
            error: ServiceError = StorageUnavailable("The index is being replaced. Send the photos again.")
        except ServiceError as refused:
            error = refused
        return [error for _ in writes]

    async def finish_writing(self) -> None:
        """As in Images."""
        state = await self._indices.state(fresh=True)
        if state.serving:
            await self._indices.end_loading(state.serving)
        known = {index.handle for index in (state.serving, state.next) if index}
        for handle in self._unseen & known:
            await self._refresh(handle)
        self._unseen.clear()

    async def delete(self, ids: Sequence[str]) -> int:
        """As in Images."""
        if not ids:
            return 0
        operations = [Operation(image_id) for image_id in dict.fromkeys(ids)]
        try:
            outcomes = await self._read(lambda index: self._bulk.run(index.handle, operations, refresh=True))
        except IndexMissing:
            return 0
        for outcome in outcomes.values():
            if isinstance(outcome, ServiceError):
                raise outcome
        return sum(outcome == "deleted" for outcome in outcomes.values())

    async def begin_rebuild(self, model: Model) -> Rebuild:
        """As in Images."""
        coming = await self._indices.begin_rebuild(model)
        return await self._health.rebuild(coming)

    async def commit_rebuild(self, rebuild_id: str, *, drop_missing_sources: bool) -> IndexInfo:
        """As in Images."""
        coming = await self._indices.rebuild(rebuild_id, fresh=True)
        try:
            await self._refresh(coming.handle)
            if not drop_missing_sources:
                await self._check_sources(coming)
            await self._indices.end_loading(coming)
            await self._indices.swap(coming)
        except MissingIndex:
            raise RebuildNotFound(rebuild_id) from None
        return await self.describe()

    async def cancel_rebuild(self, rebuild_id: str) -> None:
        """As in Images."""
        await self._indices.remove(await self._indices.rebuild(rebuild_id, fresh=True))

    async def _write(self, writes: Sequence[Write], rebuild_id: str) -> list[ServiceError | None]:
        index = await self._index_for(writes, rebuild_id)
        if index is None:
            return [without_index(write) for write in writes]
        index = await self._indices.extended(index)
        ids = copied_ids(writes)
        stored = await self._reader.copy_sources(index, ids) if ids else {}
        batch = resolve_writes(writes, index.model, stored)
        now = datetime.now(UTC)
        operations = [Operation(key, write_document(image, vector, now)) for key, (image, vector) in batch.rows.items()]
        self._unseen.add(index.handle)
        return _answers(writes, batch, await self._bulk.run(index.handle, operations))

    async def _index_for(self, writes: Sequence[Write], rebuild_id: str) -> StoredIndex | None:
        if rebuild_id:
            return await self._indices.rebuild(rebuild_id)
        serving = (await self._indices.state()).serving
        if serving is None and (model := first_model(writes)):
            return await self._indices.create_first(model)
        return serving

    async def _check_sources(self, coming: StoredIndex) -> None:
        serving = (await self._indices.state(fresh=True)).serving
        if serving is None:
            return
        await self._refresh(serving.handle)
        sources = await self._reader.source_counts(coming)
        if missing := [name for name in await self._reader.source_counts(serving) if name not in sources]:
            raise RebuildIncomplete(missing)

    async def _refresh(self, handle: str) -> None:
        await self._client.call(lambda elastic: elastic.indices.refresh(index=handle))

    async def _read(self, read: Callable[[StoredIndex], Awaitable[_T]]) -> _T:
        """What is read of the index that serves, and again of the next one if that took its place meanwhile."""
        index = await self._indices.present()
        try:
            return await read(index)
        except MissingIndex:
            present = await self._indices.present(fresh=True)
            if present.model != index.model:
                raise ModelMismatch(expected=present.model.name, actual=index.model.name) from None
        try:
            return await read(present)
        except MissingIndex:
            raise StorageUnavailable("The index is being replaced. Try again.") from None


def _answers(
    writes: Sequence[Write], batch: WriteBatch, outcomes: dict[str, ServiceError | str]
) -> list[ServiceError | None]:
    """One for each write: its own error, or that of its document."""
    answers: list[ServiceError | None] = []
    for write, own in zip(writes, batch.errors, strict=True):
        outcome = outcomes.get(write.image.id)
        answers.append(own or (outcome if isinstance(outcome, ServiceError) else None))
    return answers
