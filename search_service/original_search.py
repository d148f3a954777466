"""What is asked of an index of the original tool: the requests' bodies and the answers' meaning.

Its documents have no field to order photos by that is theirs alone, and Elasticsearch may not sort by _id. So equals
are ordered by path and then by sequence number, which all copies of a shard share. The sample's order is a hash of it.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
from elastic_transport import ObjectApiResponse

from search_service.civil_time import micros
from search_service.elastic_client import ElasticClient
from search_service.elastic_config import ElasticSettings
from search_service.elastic_document import VECTOR
from search_service.elastic_errors import raise_if_failed
from search_service.elastic_filter import is_in_shard
from search_service.elastic_knn import MOST_HITS, best_first, cosine_of, knn_clause
from search_service.errors import InvalidEmbedding, StalePageToken
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
    SearchOrder,
    Vector,
    Window,
    WindowHits,
)
from search_service.original_document import date_field, read_fields, read_fingerprint, read_image, read_time
from search_service.original_filter import Query, fingerprints_query, ids_query, images_query
from search_service.original_index import OriginalIndex

_SAMPLE_SEED = 1


class OriginalReader:
    """Reads an index. All methods raise MissingIndex if it is gone, and StorageUnavailable."""

    def __init__(self, client: ElasticClient, settings: ElasticSettings) -> None:
        self._client = client
        self._oversampling = settings.oversampling

    async def count(self, index: OriginalIndex, **options: Any) -> int:
        """How many photos there are. The options are those of ElasticClient.call."""
        found = await self._search(index, {"size": 0, "track_total_hits": True}, **options)
        return int(found["hits"]["total"]["value"])

    async def get(self, index: OriginalIndex, ids: Sequence[str]) -> dict[str, Image]:
        """The photos that there are of these ids."""
        body = {"query": ids_query(ids), "size": len(ids), "docvalue_fields": read_fields(index)}
        hits = (await self._search(index, body))["hits"]["hits"]
        return {hit["_id"]: read_image(hit, index) for hit in hits}

    async def vectors(self, index: OriginalIndex, ids: Sequence[str]) -> dict[str, Vector]:
        """The vectors that there are of these ids, of unit length. Raises InvalidEmbedding for a photo without one."""
        known = [image_id for image_id in dict.fromkeys(ids) if image_id]
        if not known:
            return {}
        found = await self._client.call(
            lambda elastic: elastic.mget(index=index.name, ids=known, source_includes=[VECTOR])
        )
        raise_if_failed(found["docs"])
        return {one["_id"]: _unit_vector(one, index) for one in found["docs"] if one.get("found")}

    async def search(
        self,
        index: OriginalIndex,
        vector: Vector,
        *,
        keep: Filter,
        excluded_ids: Sequence[str],
        window: Window,
        offset: int,
        limit: int,
        order: SearchOrder,
    ) -> HitPage:
        """A page of the window."""
        body = self._knn_body(index, vector, images_query(index, keep, excluded_ids), window)
        if order is SearchOrder.NEWEST_FIRST:
            return await self._newest(index, body, window, offset, limit)
        size = max(0, min(limit, window.size - offset))
        page = {"from_": min(offset, MOST_HITS - size), "size": size, "docvalue_fields": read_fields(index)}
        found = await self._search(index, {**body, **page})
        hits = [Hit(read_image(hit, index), cosine_of(hit)) for hit in found["hits"]["hits"]]
        return HitPage(hits, more=offset + limit < min(found["hits"]["total"]["value"], window.size))

    async def window(
        self, index: OriginalIndex, vector: Vector, *, keep: Filter, excluded_ids: Sequence[str], window: Window
    ) -> WindowHits:
        """The whole window, with times alone."""
        body = self._knn_body(index, vector, images_query(index, keep, excluded_ids), window)
        found = await self._search(index, {**body, "size": window.size, "docvalue_fields": [date_field(index)]})
        hits = found["hits"]["hits"]
        times = [read_time(hit, index) for hit in hits]
        return WindowHits(
            ids=[hit["_id"] for hit in hits],
            scores=[cosine_of(hit) for hit in hits],
            contents=[""] * len(hits),
            looks=np.zeros(len(hits), dtype=np.uint64),
            has_look=np.zeros(len(hits), dtype=np.bool_),
            taken_at_us=[None if time is None else micros(time) for time in times],
        )

    async def list_page(
        self, index: OriginalIndex, order: ListOrder, *, keep: Filter, after: ListPlace | None, limit: int
    ) -> list[Image]:
        """The next photos of a list. Raises StalePageToken if the photo that they come after is gone."""
        body = {
            "query": _ordered(images_query(index, keep), order),
            "sort": _list_sort(index, order),
            "size": limit,
            "docvalue_fields": read_fields(index),
            "track_total_hits": False,
        }
        if after:
            body["search_after"] = await self._place(index, order, after.id)
        hits = (await self._search(index, body))["hits"]["hits"]
        return [read_image(hit, index) for hit in hits]

    async def fingerprints(self, index: OriginalIndex, keep: FingerprintFilter) -> AsyncIterator[list[Fingerprint]]:
        """By path, in lists of at most MAX_FINGERPRINT_BATCH."""
        body: dict[str, Any] = {
            "query": fingerprints_query(index, keep),
            "sort": _ties(index),
            "size": MAX_FINGERPRINT_BATCH,
            "docvalue_fields": read_fields(index),
            "track_total_hits": False,
        }
        while True:
            hits = (await self._search(index, body))["hits"]["hits"]
            batch = [read_fingerprint(hit, index) for hit in hits]
            if kept := [
                one
                for one in batch
                if one.relative_path.startswith(keep.path_prefix) and is_in_shard(one.id, keep.shard)
            ]:
                yield kept
            if len(hits) < MAX_FINGERPRINT_BATCH:
                return
            body["search_after"] = hits[-1]["sort"]

    async def _newest(
        self, index: OriginalIndex, body: dict[str, Any], window: Window, offset: int, limit: int
    ) -> HitPage:
        """A page of the window, newest first. Of the rest of it only times and scores are read."""
        found = await self._search(index, {**body, "size": window.size, "docvalue_fields": [date_field(index)]})
        ordered = sorted(found["hits"]["hits"], key=lambda hit: _newest_first(hit, index))
        page = ordered[offset : offset + limit]
        images = await self.get(index, [hit["_id"] for hit in page]) if page else {}
        return HitPage(
            [Hit(images[hit["_id"]], cosine_of(hit)) for hit in page if hit["_id"] in images],
            more=offset + limit < len(ordered),
        )

    async def _place(self, index: OriginalIndex, order: ListOrder, image_id: str) -> list[Any]:
        """A photo's place in a list, as the values that it is sorted by."""
        body = {"query": _ordered(ids_query([image_id]), order), "sort": _list_sort(index, order), "size": 1}
        hits = (await self._search(index, body))["hits"]["hits"]
        if not hits:
            raise StalePageToken
        place: list[Any] = hits[0]["sort"]
        return place

    def _knn_body(self, index: OriginalIndex, vector: Vector, query: Query, window: Window) -> dict[str, Any]:
        knn = knn_clause(
            vector,
            query,
            k=min(window.size, MOST_HITS),
            candidates=window.candidates,
            index_type=index.index_type,
            oversampling=self._oversampling,
        )
        return {**best_first(knn, vector, _ties(index)), "track_total_hits": True}

    async def _search(self, index: OriginalIndex, body: dict[str, Any], **options: Any) -> ObjectApiResponse[Any]:
        return await self._client.call(
            lambda elastic: elastic.search(index=index.name, source=False, allow_partial_search_results=False, **body),
            **options,
        )


def _ties(index: OriginalIndex) -> list[Query]:
    """In which order equals come."""
    absent_last = {"order": "asc", "missing": "_last", "unmapped_type": "keyword"}
    return [{index.fields[name]: absent_last} for name in ("relative_path", "image_name")] + [{"_seq_no": "asc"}]


def _newest_first(hit: Any, index: OriginalIndex) -> tuple[Any, ...]:
    taken_at = read_time(hit, index)
    path, name, number = hit["sort"][1:]
    ties = (path is None, path or "", name is None, name or "", number)
    return (taken_at is None, 0 if taken_at is None else -micros(taken_at), *ties)


def _list_sort(index: OriginalIndex, order: ListOrder) -> list[Query]:
    if order is ListOrder.SAMPLE:
        return [{"_score": "desc"}, *_ties(index)]
    newest: Query = {"order": "desc", "missing": "_last", "unmapped_type": "date"}
    return [{index.fields["exif.date"]: newest}, *_ties(index)]


def _ordered(query: Query, order: ListOrder) -> Query:
    """The query, with the score that a sample is ordered by."""
    if order is not ListOrder.SAMPLE:
        return {"bool": {"filter": query}}
    sample = {"seed": _SAMPLE_SEED, "field": "_seq_no"}
    return {"function_score": {"query": query, "random_score": sample, "boost_mode": "replace"}}


def _unit_vector(document: Any, index: OriginalIndex) -> Vector:
    values = np.asarray(document.get("_source", {}).get(VECTOR) or [], dtype=np.float64)
    length = float(np.linalg.norm(values))
    if values.shape != (index.model.dimensions,) or not np.isfinite(length) or not length:
        raise InvalidEmbedding(
            f"The photo {document['_id']!r} has no vector in the index {index.name!r}, or one without a direction: "
            "similar ones can't be found. Index the photos anew: python -m indexer FOLDER"
        )
    return np.asarray(values / length, dtype=np.float32)
