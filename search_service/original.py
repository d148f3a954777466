"""An index of the original tool (flask-elastic-image-search) behind the port: searched, never written."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Self, TypeVar

from search_service.elastic_client import ElasticClient
from search_service.elastic_config import ElasticSettings
from search_service.elastic_errors import MissingIndex
from search_service.elastic_health import PAUSES, RED, UNVERIFIED, colour_of
from search_service.errors import IndexReadOnly, RebuildNotFound, ServiceError
from search_service.facets import FacetOptions, Facets
from search_service.images import (
    Filter,
    Fingerprint,
    FingerprintFilter,
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
from search_service.original_facets import count_facets
from search_service.original_failures import OriginalFailures
from search_service.original_index import OriginalIndex, OriginalIndexMissing, OriginalIndices
from search_service.original_search import OriginalReader
from search_service.query_vector import check_model

_T = TypeVar("_T")


class OriginalImages:
    """Implements images.Images for reading; all that writes raises IndexReadOnly.

    Equal photos are ordered by path, not by id, and a list is continued only while the photo it comes after is there:
    else StalePageToken. Reads raise OriginalIndexMissing and OriginalIndexUnfit in the place of IndexMissing.
    """

    def __init__(self, settings: ElasticSettings) -> None:
        """`settings` name the index and its model. Connects at the first call."""
        self._name = settings.original_index
        self._client = ElasticClient(settings)
        self._indices = OriginalIndices(self._client, settings)
        self._reader = OriginalReader(self._client, settings)
        self.failures = OriginalFailures(self._name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()

    async def describe(self) -> IndexInfo:
        """As in Images."""
        index = None
        try:
            index = await self._indices.read(pauses=PAUSES)
            colour = await colour_of(self._client, index.name)
            if colour == "red":
                return self._info(IndexState.UNAVAILABLE, RED, index, 0)
            count = await self._reader.count(index, pauses=PAUSES)
        except ServiceError as error:
            return self._info(IndexState.UNAVAILABLE, error.message, index, 0)
        except MissingIndex:  # removed between two looks
            return self._info(IndexState.UNAVAILABLE, OriginalIndexMissing(self._name).message, None, 0)
        if colour == "yellow":
            return self._info(IndexState.DEGRADED, f"{_YELLOW} {_READ_ONLY}", index, count)
        return self._info(IndexState.READY, _READ_ONLY, index, count)

    async def model(self) -> Model:
        """As in Images."""
        return (await self._indices.present()).model

    async def get(self, ids: Sequence[str]) -> dict[str, Image]:
        """As in Images."""
        return await self._read(lambda index: self._reader.get(index, ids)) if ids else {}

    async def vectors(self, ids: Sequence[str]) -> dict[str, Vector]:
        """As in Images; of unit length, however they are stored. Raises InvalidEmbedding for a photo without one."""
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

        async def read_page(index: OriginalIndex) -> HitPage:
            check_model(model, index.model)
            return await self._reader.search(
                index,
                vector,
                keep=keep,
                excluded_ids=excluded_ids,
                window=window,
                offset=offset,
                limit=limit,
                order=order,
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
        """As in Images. Nothing is known by which photos could look alike."""

        async def read_window(index: OriginalIndex) -> WindowHits:
            check_model(model, index.model)
            return await self._reader.window(index, vector, keep=keep, excluded_ids=excluded_ids, window=window)

        return await self._read(read_window)

    async def list_page(self, order: ListOrder, *, keep: Filter, after: ListPlace | None, limit: int) -> list[Image]:
        """As in Images."""
        return await self._read(lambda index: self._reader.list_page(index, order, keep=keep, after=after, limit=limit))

    async def facets(self, keep: Filter, options: FacetOptions) -> Facets:
        """As in Images."""
        return await self._read(lambda index: count_facets(self._client, index, keep, options))

    async def fingerprints(self, keep: FingerprintFilter) -> AsyncIterator[list[Fingerprint]]:
        """As in Images: where each photo lies, with nothing by which its file could be compared."""
        if keep.rebuild_id:
            raise RebuildNotFound(keep.rebuild_id)
        try:
            async for batch in self._reader.fingerprints(await self._indices.present(), keep):
                yield batch
        except MissingIndex:
            raise OriginalIndexMissing(self._name) from None

    async def write(self, writes: Sequence[Write], rebuild_id: str = "") -> list[ServiceError | None]:
        """Refuses each."""
        return [IndexReadOnly(self._name) for _ in writes]

    async def finish_writing(self) -> None:
        """There is nothing to finish."""

    async def delete(self, ids: Sequence[str]) -> int:
        """Raises IndexReadOnly."""
        raise IndexReadOnly(self._name)

    async def begin_rebuild(self, model: Model) -> Rebuild:
        """Raises IndexReadOnly."""
        raise IndexReadOnly(self._name)

    async def commit_rebuild(self, rebuild_id: str, *, drop_missing_sources: bool) -> IndexInfo:
        """Raises IndexReadOnly."""
        raise IndexReadOnly(self._name)

    async def cancel_rebuild(self, rebuild_id: str) -> None:
        """Raises IndexReadOnly."""
        raise IndexReadOnly(self._name)

    async def _read(self, read: Callable[[OriginalIndex], Awaitable[_T]]) -> _T:
        try:
            return await read(await self._indices.present())
        except MissingIndex:
            raise OriginalIndexMissing(self._name) from None

    def _info(self, state: IndexState, detail: str, index: OriginalIndex | None, count: int) -> IndexInfo:
        return IndexInfo(
            state=state,
            state_detail=" ".join(filter(None, [detail, UNVERIFIED if self._client.trusts_all else ""])),
            model=index.model if index else None,
            image_count=count,
            sources={index.source: count} if index and count else {},
            rebuild=None,
            backend=f"elasticsearch {self._client.version}".strip(),
        )


_READ_ONLY = "The index was made by flask-elastic-image-search and is only read."
_YELLOW = (
    "Some shards lack a further copy (the index is yellow in Elasticsearch): a node that fails may take photos with "
    "it. Add a node, or set the index's number_of_replicas to 0."
)
