"""Counts of photos in an index of the original tool: by folder, month and place. It knows no cameras and formats."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from pictures.paths import encode_path
from search_service.elastic_client import ElasticClient
from search_service.elastic_facets import month_aggregations, read_months, read_tiles, search_all, tile_aggregations
from search_service.facet_values import folder_values, opened_folders, without_folders, without_places, without_times
from search_service.facets import FacetOptions, Facets, FolderCount
from search_service.folders import enclosing_folders
from search_service.images import Filter, Folder
from search_service.original_filter import FIRST_TIME, LAST_TIME, images_query, milliseconds
from search_service.original_index import OriginalIndex

# The documents don't name their folders. Of so many photos the paths are read and counted here; of more, only the
# source is counted as a whole.
MAX_COUNTED_PATHS = 20_000

_FIRST_MONTH, _LAST_MONTH_ENDS = milliseconds(FIRST_TIME), milliseconds(LAST_TIME)

Body = dict[str, Any]


async def count_facets(
    client: ElasticClient,
    index: OriginalIndex,
    keep: Filter,
    options: FacetOptions,
    *,
    counted_paths: int = MAX_COUNTED_PATHS,
) -> Facets:
    """As Images.facets. Raises MissingIndex if the index is gone, and StorageUnavailable."""
    paths = {"paths": {"terms": {"field": index.fields["relative_path"], "size": counted_paths}}}
    date = index.fields["exif.date"]
    searches = {
        "all": _body(index, keep, {}),
        "folders": _body(index, without_folders(keep), paths),
        "months": _body(index, without_times(keep), month_aggregations(date, date)),
        "tiles": _body(index, without_places(keep), tile_aggregations(index.fields["exif.location"], options)),
    }
    found = await search_all(client, index.name, searches)
    months, tiles = found["months"]["aggregations"], found["tiles"]["aggregations"]
    buckets = months["months"]["buckets"]
    possible = [bucket for bucket in buckets if _FIRST_MONTH <= bucket["key"] < _LAST_MONTH_ENDS]
    impossible_count = sum(bucket["doc_count"] for bucket in buckets) - sum(one["doc_count"] for one in possible)
    return Facets(
        image_count=found["all"]["hits"]["total"]["value"],
        folders=_folders(index, found["folders"], keep, options.max_values),
        months=read_months({"months": {"buckets": possible}}, options.max_values),
        cameras=[],
        media_types=[],
        tiles=read_tiles(tiles, options.max_values),
        without_time_count=months["without"]["doc_count"] + impossible_count,
        without_place_count=tiles["without"]["doc_count"],
    )


def _body(index: OriginalIndex, keep: Filter, aggregations: Body) -> Body:
    body: Body = {"size": 0, "query": images_query(index, keep), "track_total_hits": True}
    return {**body, "aggs": aggregations} if aggregations else body


def _folders(index: OriginalIndex, found: Mapping[str, Any], keep: Filter, limit: int) -> list[FolderCount]:
    total, paths = found["hits"]["total"]["value"], found["aggregations"]["paths"]
    outer = Counter({Folder(index.source): total} if total else {})
    under: Counter[Folder] = Counter()
    if not paths["sum_other_doc_count"]:
        opened = {folder.path for folder in opened_folders(keep) if folder.source == index.source}
        for bucket in paths["buckets"]:
            around = enclosing_folders(encode_path(bucket["key"].encode()))
            outer.update({Folder(index.source, path): bucket["doc_count"] for path in around[:1]})
            under.update(
                {
                    Folder(index.source, path): bucket["doc_count"]
                    for parent, path in pairwise(around)
                    if parent in opened
                }
            )
    return folder_values(outer, under, limit)
