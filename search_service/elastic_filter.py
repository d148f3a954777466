"""Filters as Elasticsearch's queries. Values from outside are values of a query, never parts of its text."""

from collections.abc import Sequence
from typing import Any

from search_service.civil_time import micros
from search_service.elastic_document import PRIME_POWERS, camera_key, folder_key, residue
from search_service.folders import is_listed
from search_service.images import Filter, FingerprintFilter, Folder, ListOrder, ListPlace, Shard, sample_key
from search_service.places import FARTHEST_METERS, BoundingBox, Nearby

Query = dict[str, Any]

# What Elasticsearch puts where a number is missing that is sorted downwards.
_MISSING = -(2**63)
# In degrees: Elasticsearch rounds places, and a photo on a box's edge is to stay inside.
_ROUNDING = 1e-7


def images_query(keep: Filter, excluded_ids: Sequence[str] = ()) -> Query:
    """The photos that the filter keeps, without these."""
    conditions: list[Query] = []
    if keep.taken_from:
        conditions.append({"range": {"taken_at_us": {"gte": micros(keep.taken_from)}}})
    if keep.taken_before:
        conditions.append({"range": {"taken_at_us": {"lt": micros(keep.taken_before)}}})
    if keep.folders:
        conditions.append(_any_of([_in_folder(folder) for folder in keep.folders]))
    if keep.bounding_box:
        conditions.append(_in_box(keep.bounding_box))
    if keep.nearby:
        conditions.append(_near(keep.nearby))
    if keep.cameras:
        conditions.append({"terms": {"camera_key": [camera_key(camera) for camera in keep.cameras]}})
    if keep.media_types:
        conditions.append({"terms": {"media_type": list(keep.media_types)}})
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
    if is_listed(folder.path):
        return {"term": {"folder_keys": folder_key(folder)}}
    return _all_of([{"term": {"source": folder.source}}, {"prefix": {"relative_path": f"{folder.path}/"}}])


def _in_box(box: BoundingBox) -> Query:
    north, south = min(90, box.north + _ROUNDING), max(-90, box.south - _ROUNDING)
    return _any_of(
        [
            {
                "geo_bounding_box": {
                    "exif.location": {
                        "top_left": {"lat": north, "lon": max(-180, west - _ROUNDING)},
                        "bottom_right": {"lat": south, "lon": min(180, east + _ROUNDING)},
                    }
                }
            }
            for west, east in box.longitudes
        ]
    )


def _near(nearby: Nearby) -> Query:
    if nearby.radius_meters >= FARTHEST_METERS:
        return {"exists": {"field": "exif.location"}}
    center = {"lat": nearby.center.latitude, "lon": nearby.center.longitude}
    return {"geo_distance": {"distance": f"{nearby.radius_meters!r}m", "exif.location": center}}


def _any_of(conditions: Sequence[Query]) -> Query:
    return {"bool": {"should": list(conditions)}}


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
