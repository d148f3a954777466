"""Filters as Elasticsearch's queries. Values from outside are values of a query, never parts of its text."""

from collections.abc import Sequence
from typing import Any

from search_service.elastic_document import MAX_FOLDER_BYTES, MAX_FOLDER_DEPTH, PRIME_POWERS, micros, residue
from search_service.images import Filter, FingerprintFilter, Folder, ListOrder, ListPlace, Shard, sample_key

Query = dict[str, Any]

# What Elasticsearch puts where a number is missing that is sorted downwards.
_MISSING = -(2**63)


def images_query(keep: Filter, excluded_ids: Sequence[str] = ()) -> Query:
    """The photos that the filter keeps, without these."""
    conditions: list[Query] = []
    if keep.taken_from:
        conditions.append({"range": {"taken_at_us": {"gte": micros(keep.taken_from)}}})
    if keep.taken_before:
        conditions.append({"range": {"taken_at_us": {"lt": micros(keep.taken_before)}}})
    if keep.folders:
        conditions.append({"bool": {"should": [_in_folder(folder) for folder in keep.folders]}})
    return _all_of(conditions, excluded_ids)


def fingerprints_query(keep: FingerprintFilter) -> Query:
    """The fingerprints that the filter keeps; of a shard, see `is_in_shard`."""
    conditions: list[Query] = []
    if keep.source:
        conditions.append({"term": {"source": keep.source}})
    if keep.path_prefix:
        conditions.append({"prefix": {"relative_path": keep.path_prefix}})
    if keep.content_sha256:
        conditions.append({"terms": {"content_sha256": list(keep.content_sha256)}})
    if keep.shard:
        conditions += [{"term": {"sample_key_residues": term}} for term in _residues(keep.shard)]
    return _all_of(conditions)


def is_in_shard(image_id: str, shard: Shard | None) -> bool:
    """Whether the photo is of the shard: where its count has large prime factors, the query lets others through."""
    return shard is None or sample_key(image_id) % shard.count == shard.index


def list_sort(order: ListOrder) -> list[Query]:
    """The order of a list; each is total."""
    by_id = {"image_id": "asc"}
    if order is ListOrder.SAMPLE:
        return [{"sample_key": "asc"}, by_id]
    return [{"taken_at_us": {"order": "desc", "missing": "_last"}}, by_id]


def list_after(order: ListOrder, place: ListPlace) -> list[Any]:
    """The place, as the values that the list is sorted by."""
    if order is ListOrder.SAMPLE:
        return [sample_key(place.id), place.id]
    return [_MISSING if place.taken_at is None else micros(place.taken_at), place.id]


def _in_folder(folder: Folder) -> Query:
    conditions: list[Query] = [{"term": {"source": folder.source}}]
    if folder.path:
        listed = folder.path.count("/") < MAX_FOLDER_DEPTH and len(folder.path.encode()) <= MAX_FOLDER_BYTES
        term: Query = {"term": {"folders": folder.path}}
        conditions.append(term if listed else {"prefix": {"relative_path": f"{folder.path}/"}})
    return _all_of(conditions)


def _residues(shard: Shard) -> list[str]:
    """By the Chinese remainder theorem: those of the prime powers that divide the count and are no others' divisors."""
    dividing = [power for power in PRIME_POWERS if shard.count % power == 0]
    largest = [power for power in dividing if not any(other % power == 0 for other in dividing if other > power)]
    return [residue(power, shard.index) for power in largest]


def _all_of(conditions: Sequence[Query], excluded_ids: Sequence[str] = ()) -> Query:
    query: Query = {"filter": list(conditions)} if conditions else {}
    if excluded_ids:
        query["must_not"] = [{"terms": {"image_id": list(excluded_ids)}}]
    return {"bool": query} if query else {"match_all": {}}
