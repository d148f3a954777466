"""Filters as queries of an index of the original tool. What its documents do not tell, no photo has."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pictures.paths import decode_path
from search_service.civil_time import micros
from search_service.elastic_filter import images_query as places_query
from search_service.images import Filter, FingerprintFilter, Folder
from search_service.original_index import OriginalIndex

Query = dict[str, Any]

# The times that a photo can have. Dates of the index may lie beyond them.
FIRST_TIME, LAST_TIME = datetime.min, datetime.max  # noqa: DTZ901 - civil times have no zone

_NOTHING: Query = {"match_none": {}}
_ALL: Query = {"match_all": {}}


def images_query(index: OriginalIndex, keep: Filter, excluded_ids: Sequence[str] = ()) -> Query:
    """The photos that the filter keeps, without these. No photo has a camera or a format."""
    if keep.cameras or keep.media_types:
        return _NOTHING
    conditions: list[Query] = []
    if keep.taken_from or keep.taken_before:
        conditions.append(_taken(index, keep.taken_from or FIRST_TIME, keep.taken_before or LAST_TIME))
    if keep.folders:
        conditions.append({"bool": {"should": [_in_folder(index, folder) for folder in keep.folders]}})
    if keep.bounding_box or keep.nearby:
        place = places_query(Filter(bounding_box=keep.bounding_box, nearby=keep.nearby))
        conditions.append(place if index.has("exif.location") else _NOTHING)
    query: Query = {"filter": conditions or [_ALL]}
    if excluded_ids:
        query["must_not"] = [ids_query(excluded_ids)]
    return {"bool": query}


def ids_query(ids: Sequence[str]) -> Query:
    """The photos with these ids. None is empty: Elasticsearch refuses that."""
    return {"ids": {"values": [image_id for image_id in dict.fromkeys(ids) if image_id]}}


def fingerprints_query(index: OriginalIndex, keep: FingerprintFilter) -> Query:
    """Photos among which are those that the filter keeps; the reader checks shard and prefix. No content is known."""
    if keep.content_sha256 or keep.source not in {"", index.source}:
        return _NOTHING
    as_it_is = keep.path_prefix.partition("%")[0]  # what follows may be cut off in the middle of an escape
    return _begins(index, as_it_is) if as_it_is else _ALL


def _in_folder(index: OriginalIndex, folder: Folder) -> Query:
    if folder.source != index.source:
        return _NOTHING
    if not folder.path:
        return _ALL
    try:
        return _begins(index, f"{decode_path(folder.path).decode()}/")
    except ValueError:  # no path of a folder has this form
        return _NOTHING


def _begins(index: OriginalIndex, text: str) -> Query:
    return {"prefix": {index.fields["relative_path"]: text}}


def _taken(index: OriginalIndex, start: datetime, end: datetime) -> Query:
    times = {"gte": milliseconds(start), "lt": milliseconds(end), "format": "epoch_millis"}
    return {"range": {index.fields["exif.date"]: times}}


def milliseconds(civil_time: datetime) -> int:
    """The first whole millisecond that is not before it, since 1970: dates have no smaller parts."""
    return -(-micros(civil_time) // 1000)
