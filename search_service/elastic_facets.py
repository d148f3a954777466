"""Counts of photos by what they have in common, as Elasticsearch's aggregations."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from search_service.elastic_client import ElasticClient
from search_service.elastic_document import folder_key, read_camera_key, read_folder_key
from search_service.elastic_errors import raise_if_failed
from search_service.elastic_filter import images_query
from search_service.elastic_schema import StoredIndex
from search_service.facet_values import (
    camera_values,
    folder_values,
    media_type_values,
    month_values,
    opened_folders,
    tile_values,
    without_cameras,
    without_folders,
    without_media_types,
    without_places,
    without_times,
)
from search_service.facets import FacetOptions, Facets, MonthCount, TileCount
from search_service.images import Filter, Folder
from search_service.photo_facts import Location

# Each shard tells the counts of so many values: with fewer different ones, the sums are exact.
_SHARD_VALUES = 10_000
_SOURCES_AND_OUTER_FOLDERS = "[01]/.*"
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - civil times have no zone

Body = dict[str, Any]


class ElasticFacets:
    """Counts in the indexes of a cluster. Raises MissingIndex if the index is gone, and StorageUnavailable."""

    def __init__(self, client: ElasticClient) -> None:
        self._client = client

    async def count(self, index: StoredIndex, keep: Filter, options: FacetOptions) -> Facets:
        """As Images.facets: one search for each filter, all in one request."""
        limit = options.max_values
        searches = {
            "all": _body(keep, {}),
            "folders": _body(without_folders(keep), _folder_aggregations(keep, limit)),
            "months": _body(without_times(keep), month_aggregations("exif.date", "taken_at_us")),
            "cameras": _body(without_cameras(keep), {"cameras": _terms("camera_key", limit)}),
            "media_types": _body(without_media_types(keep), {"media_types": _terms("media_type", limit, exclude=[""])}),
            "tiles": _body(without_places(keep), tile_aggregations("exif.location", options)),
        }
        answers = await search_all(self._client, index.handle, searches)
        found = {name: answer.get("aggregations") for name, answer in answers.items()}
        folders = found["folders"]
        opened = [bucket for name, one in folders.items() if name != "outer" for bucket in one["under"]["buckets"]]
        return Facets(
            image_count=answers["all"]["hits"]["total"]["value"],
            folders=folder_values(_folder_counts(folders["outer"]["buckets"]), _folder_counts(opened), limit),
            months=read_months(found["months"], limit),
            cameras=camera_values(
                {read_camera_key(key): count for key, count in _counts(found["cameras"]["cameras"])}, limit
            ),
            media_types=media_type_values(dict(_counts(found["media_types"]["media_types"])), limit),
            tiles=read_tiles(found["tiles"], limit),
            without_time_count=found["months"]["without"]["doc_count"],
            without_place_count=found["tiles"]["without"]["doc_count"],
        )


async def search_all(client: ElasticClient, index: str, searches: Mapping[str, Body]) -> dict[str, Any]:
    """The answer to each search, all asked in one request."""
    header = {"index": index, "allow_partial_search_results": False}
    lines = [line for body in searches.values() for line in (header, body)]
    answer = await client.call(lambda elastic: elastic.msearch(searches=lines))
    raise_if_failed(answer["responses"])
    return dict(zip(searches, answer["responses"], strict=True))


def month_aggregations(field: str, absent: str) -> Body:
    """Counts by the month of a field, and of the photos where the field `absent` is."""
    months = {"field": field, "calendar_interval": "month", "min_doc_count": 1}
    return {"months": {"date_histogram": months}, "without": {"missing": {"field": absent}}}


def read_months(found: Mapping[str, Any], limit: int) -> list[MonthCount]:
    """The months of month_aggregations."""
    return month_values({_month(bucket["key"]): bucket["doc_count"] for bucket in found["months"]["buckets"]}, limit)


def tile_aggregations(field: str, options: FacetOptions) -> Body:
    """Counts by the tile that a field's place lies in, and of the photos without one."""
    place = {"field": field}
    size = {"size": options.max_values, "shard_size": max(options.max_values, _SHARD_VALUES)}
    tiles = {"geotile_grid": {**place, **size, "precision": options.tile_zoom}}
    return {"tiles": {**tiles, "aggs": {"center": {"geo_centroid": place}}}, "without": {"missing": place}}


def read_tiles(found: Mapping[str, Any], limit: int) -> list[TileCount]:
    """The tiles of tile_aggregations."""
    buckets = found["tiles"]["buckets"]
    return tile_values({_tile(bucket["key"]): (bucket["doc_count"], _center(bucket)) for bucket in buckets}, limit)


def _body(keep: Filter, aggregations: Body) -> Body:
    body: Body = {"size": 0, "query": {"bool": {"filter": images_query(keep)}}}
    return {**body, "aggs": aggregations} if aggregations else {**body, "track_total_hits": True}


def _folder_aggregations(keep: Filter, limit: int) -> Body:
    aggregations: Body = {"outer": _terms("folder_keys", limit, include=_SOURCES_AND_OUTER_FOLDERS)}
    for number, folder in enumerate(opened_folders(keep)):
        under = folder_key(Folder(folder.source, f"{folder.path}/"))
        aggregations[f"opened{number}"] = {
            "filter": {"term": {"folder_keys": folder_key(folder)}},
            "aggs": {"under": _terms("folder_keys", limit, include=f"{_quoted(under)}.*")},
        }
    return aggregations


def _terms(field: str, limit: int, **options: Any) -> Body:
    return {"terms": {"field": field, "size": limit, "shard_size": max(limit, _SHARD_VALUES), **options}}


def _quoted(text: str) -> str:
    """A regular expression of Lucene that is this text. Between quotes only the quote itself has a meaning."""
    return "".join('\\"' if part == '"' else f'"{part}"' for part in re.split('(")', text) if part)


def _counts(found: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(bucket["key"], bucket["doc_count"]) for bucket in found["buckets"]]


def _folder_counts(buckets: list[Any]) -> dict[Folder, int]:
    return {read_folder_key(bucket["key"]): bucket["doc_count"] for bucket in buckets}


def _month(milliseconds: int) -> tuple[int, int]:
    start = _EPOCH + timedelta(milliseconds=milliseconds)
    return start.year, start.month


def _tile(key: str) -> tuple[int, int]:
    _, x, y = key.split("/")
    return int(x), int(y)


def _center(bucket: Mapping[str, Any]) -> Location:
    center = bucket["center"]["location"]
    return Location(center["lat"], center["lon"])
