"""What is asked of an index: the requests' bodies and the answers' meaning."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
from elastic_transport import ObjectApiResponse

from search_service.elastic_client import ElasticClient
from search_service.elastic_config import ElasticSettings
from search_service.elastic_document import (
    FINGERPRINT_FIELDS,
    NOT_READ,
    VECTOR,
    WINDOW_FIELDS,
    read_fingerprint,
    read_image,
    read_window,
)
from search_service.elastic_errors import raise_if_failed
from search_service.elastic_filter import (
    Query,
    fingerprints_query,
    images_query,
    is_in_shard,
    list_after,
    list_sort,
)
from search_service.elastic_knn import MOST_HITS, best_first, cosine_of, knn_clause, score_of
from search_service.elastic_schema import StoredIndex
from search_service.images import (
    MAX_FINGERPRINT_BATCH,
    Filter,
    Fingerprint,
    FingerprintFilter,
    Hit,
    HitPage,
    Image,
    ListOrder,
    ListPlace,
    Vector,
    Window,
    WindowHits,
)
from search_service.write_batch import CopySource

# So many hits more than the window has are looked at, to order equal ones at its edge by id.
_EDGE = 32
_MOST_SOURCES = 10_000


class ElasticReader:
    """Reads the indexes of a cluster. All methods raise MissingIndex if the index is gone, and StorageUnavailable."""

    def __init__(self, client: ElasticClient, settings: ElasticSettings) -> None:
        self._client = client
        self._oversampling = settings.oversampling

    async def get(self, index: StoredIndex, ids: Sequence[str]) -> dict[str, Image]:
        """The photos that there are of these ids, as written last."""
        return {key: read_image(found) for key, found in (await self._documents(index, ids, excludes=NOT_READ)).items()}

    async def vectors(self, index: StoredIndex, ids: Sequence[str]) -> dict[str, Vector]:
        """The vectors that there are of these ids, as written last."""
        found = await self._documents(index, ids, includes=[VECTOR])
        return {image_id: np.asarray(source[VECTOR], dtype=np.float32) for image_id, source in found.items()}

    async def copy_sources(self, index: StoredIndex, ids: Sequence[str]) -> dict[str, CopySource]:
        """The vectors that there are of these ids, as written last, and the contents that they are of."""
        found = await self._documents(index, ids, includes=[VECTOR, "content_sha256"])
        return {
            image_id: CopySource(source["content_sha256"], np.asarray(source[VECTOR], dtype=np.float32))
            for image_id, source in found.items()
        }

    async def nearest(
        self,
        index: StoredIndex,
        vector: Vector,
        *,
        keep: Filter,
        excluded_ids: Sequence[str],
        window: Window,
        offset: int,
        limit: int,
    ) -> HitPage:
        """A page of the window, best first."""
        size = max(0, min(limit, window.size - offset))
        fields = {"source": {"excludes": NOT_READ}}
        query = images_query(keep, excluded_ids)
        found = await self._window(index, vector, query, window, offset=offset, size=size, fields=fields)
        hits = [Hit(read_image(hit["_source"]), cosine_of(hit)) for hit in found[:size]]
        return HitPage(hits, more=len(found) > size and offset + limit < window.size)

    async def newest_of_nearest(
        self,
        index: StoredIndex,
        vector: Vector,
        *,
        keep: Filter,
        excluded_ids: Sequence[str],
        window: Window,
        offset: int,
        limit: int,
    ) -> HitPage:
        """A page of the window, newest first. Of the rest of it only ids, times and scores are read."""
        fields = {"source": False, "stored_fields": "_none_", "docvalue_fields": ["taken_at_us"]}
        query = images_query(keep, excluded_ids)
        found = await self._window(index, vector, query, window, offset=0, size=window.size, fields=fields)
        found = found[: window.size]
        found.sort(key=_newest_first)
        page = found[offset : offset + limit]
        images = await self.get(index, [hit["sort"][1] for hit in page]) if page else {}
        # A photo that was removed between the two reads is passed over.
        hits = [Hit(images[hit["sort"][1]], cosine_of(hit)) for hit in page if hit["sort"][1] in images]
        return HitPage(hits, more=offset + limit < len(found))

    async def window(
        self, index: StoredIndex, vector: Vector, *, keep: Filter, excluded_ids: Sequence[str], window: Window
    ) -> WindowHits:
        """The whole window, best first: of the photos only a few columns."""
        fields = {"source": False, "stored_fields": "_none_", "docvalue_fields": WINDOW_FIELDS}
        query = images_query(keep, excluded_ids)
        found = await self._window(index, vector, query, window, offset=0, size=window.size, fields=fields)
        return read_window([(hit["sort"][1], cosine_of(hit), hit.get("fields", {})) for hit in found[: window.size]])

    async def list_page(
        self, index: StoredIndex, order: ListOrder, *, keep: Filter, after: ListPlace | None, limit: int
    ) -> list[Image]:
        """The next photos of a list."""
        body = {
            "query": {"bool": {"filter": images_query(keep)}},
            "sort": list_sort(order),
            "size": limit,
            "source": {"excludes": NOT_READ},
            "track_total_hits": False,
        }
        found = await self._search(index, {**body, "search_after": list_after(order, after)} if after else body)
        return [read_image(hit["_source"]) for hit in found["hits"]["hits"]]

    async def fingerprints(self, index: StoredIndex, keep: FingerprintFilter) -> AsyncIterator[list[Fingerprint]]:
        """By relative_path, then id, page by page.

        That order is total and a photo never changes its place, so pages neither repeat nor hide one although each is
        read from the index as it is by then; nothing is held at the server in between.
        """
        body: dict[str, Any] = {
            "query": {"bool": {"filter": fingerprints_query(keep)}},
            "sort": [{"relative_path": "asc"}, {"image_id": "asc"}],
            "size": MAX_FINGERPRINT_BATCH,
            "source": False,
            "stored_fields": "_none_",
            "docvalue_fields": FINGERPRINT_FIELDS,
            "track_total_hits": False,
        }
        while True:
            found = await self._search(index, body)
            hits = found["hits"]["hits"]
            batch = [read_fingerprint(hit["fields"]) for hit in hits]
            if kept := [one for one in batch if is_in_shard(one.id, keep.shard)]:
                yield kept
            if len(hits) < MAX_FINGERPRINT_BATCH:
                return
            body["search_after"] = hits[-1]["sort"]

    async def source_counts(self, index: StoredIndex, **options: Any) -> dict[str, int]:
        """How many photos there are of each source, by name. The options are those of ElasticClient.call."""
        sources = {"terms": {"field": "source", "size": _MOST_SOURCES, "order": {"_key": "asc"}}}
        found = await self._search(index, {"size": 0, "aggs": {"sources": sources}}, **options)
        return {bucket["key"]: bucket["doc_count"] for bucket in found["aggregations"]["sources"]["buckets"]}

    async def _window(
        self,
        index: StoredIndex,
        vector: Vector,
        query: Query,
        window: Window,
        *,
        offset: int,
        size: int,
        fields: dict[str, Any],
    ) -> list[Any]:
        """The window's hits from `offset` on, best first: so many and, where there is one, the next."""
        k = asked_hits(window.size)
        start = min(offset, MOST_HITS - size)
        page = {**fields, "from_": start, "size": min(size + 1, MOST_HITS - start)}
        while True:
            knn = self._knn_body(index, vector, query, k, window.candidates)
            found: list[Any] = (await self._search(index, {**knn, **page}))["hits"]["hits"]
            if k == MOST_HITS or not size or len(found) <= size or score_of(found[size]) < score_of(found[size - 1]):
                return found
            # The page's last hit has equals after it. Which of them come first, only all of them tell.
            edge = {"from_": k - 1, "size": 1, "source": False}
            farthest = (await self._search(index, {**knn, **edge}))["hits"]["hits"]
            if not farthest or score_of(farthest[0]) < score_of(found[size - 1]):
                return found
            k = min(4 * k, MOST_HITS)

    def _knn_body(self, index: StoredIndex, vector: Vector, query: Query, k: int, candidates: int) -> dict[str, Any]:
        knn = knn_clause(
            vector, query, k=k, candidates=candidates, index_type=index.index_type, oversampling=self._oversampling
        )
        return {**best_first(knn, vector, [{"image_id": "asc"}]), "track_total_hits": False}

    async def _search(self, index: StoredIndex, body: dict[str, Any], **options: Any) -> ObjectApiResponse[Any]:
        return await self._client.call(
            lambda elastic: elastic.search(index=index.handle, allow_partial_search_results=False, **body), **options
        )

    async def _documents(self, index: StoredIndex, ids: Sequence[str], **fields: Any) -> dict[str, dict[str, Any]]:
        """What is stored of these ids, whether searches see it already or not."""
        options = {f"source_{name}": value for name, value in fields.items()}
        found = await self._client.call(
            lambda elastic: elastic.mget(index=index.handle, ids=list(dict.fromkeys(ids)), **options)
        )
        raise_if_failed(found["docs"])
        return {document["_id"]: document["_source"] for document in found["docs"] if document.get("found")}


def asked_hits(window_size: int) -> int:
    """How many hits a search of such a window asks for."""
    return min(window_size + _EDGE, MOST_HITS)


def _newest_first(hit: dict[str, Any]) -> tuple[bool, int, str]:
    taken_at = hit.get("fields", {}).get("taken_at_us", [None])[0]
    return (taken_at is None, 0 if taken_at is None else -taken_at, hit["sort"][1])
