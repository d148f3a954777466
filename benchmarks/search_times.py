"""What searches find and how long they take: those of the service, and the same ones made with Elasticsearch's client.

The kinds of search take turns, and each is first as often as the others, so that a busy machine slows all of them.
"""

from __future__ import annotations  # the stub has no parameters at runtime

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.elastic_cluster import Cluster
from benchmarks.made_photos import Selection, photo_row
from benchmarks.made_vectors import Vectors
from benchmarks.search_process import embedding
from imagesearch.search.v1 import search_pb2
from search_service.elastic_config import default_oversampling
from search_service.elastic_document import VECTOR
from search_service.elastic_filter import images_query
from search_service.service_filter import read_filter

if TYPE_CHECKING:
    from imagesearch.search.v1.search_pb2_grpc import SearchServiceAsyncStub

PAGE = 50
WINDOW = 1_000
DEPTH = 10
_USUAL_CANDIDATES = 100

# Makes the search of a number and returns the rows that it found first.
Search = Callable[[int], Awaitable[list[int]]]


@dataclass(frozen=True)
class Timings:
    """How long each search of one kind took, in milliseconds, in the order of their numbers."""

    each: Sequence[float]

    @property
    def p50(self) -> float:
        """The median."""
        return float(np.percentile(self.each, 50))

    @property
    def p99(self) -> float:
        """What 99 of 100 stay below."""
        return float(np.percentile(self.each, 99))


def service_search(
    stub: SearchServiceAsyncStub,
    queries: Vectors,
    selection: Selection,
    order: search_pb2.SearchOrder.ValueType = search_pb2.SEARCH_ORDER_SCORE,
) -> Search:
    """First pages of the service."""
    terms = [search_pb2.SearchTerm(embedding=embedding(query)) for query in queries]

    async def search(number: int) -> list[int]:
        request = search_pb2.SearchImagesRequest(
            terms=[terms[number]], filter=selection.filter(number), page_size=PAGE, order=order
        )
        found = await stub.SearchImages(request)
        return [photo_row(hit.image.name) for hit in found.hits[:DEPTH]]

    return search


def window_search(cluster: Cluster, queries: Vectors, selection: Selection) -> Search:
    """What the service asks for, with all that finds hits and nothing that orders equal ones: k, candidates, rescoring,
    filter, and which fields of a page's photos come back.
    """
    knn: dict[str, Any] = {"k": WINDOW, "num_candidates": max(WINDOW, cluster.settings.num_candidates)}
    if (usual := default_oversampling(cluster.settings.index_type)) is not None:
        knn["rescore_vector"] = {"oversample": cluster.settings.oversampling or usual}
    return _knn_search(cluster, queries, selection, knn)


def usual_search(cluster: Cluster, queries: Vectors, selection: Selection) -> Search:
    """As Elasticsearch's guides show it: only a page's hits are looked for, among 100 candidates, not rescored."""
    return _knn_search(cluster, queries, selection, {"k": PAGE, "num_candidates": _USUAL_CANDIDATES})


def facet_counts(stub: SearchServiceAsyncStub, selection: Selection) -> Search:
    """Counts of the photos that a filter keeps; they find no rows."""

    async def count(number: int) -> list[int]:
        await stub.GetFacets(search_pb2.GetFacetsRequest(filter=selection.filter(number)))
        return []

    return count


async def in_turns(searches: Sequence[Search], count: int) -> list[Timings]:
    """How long each kind takes for the numbers below `count`."""
    taken: list[list[float]] = [[0.0] * count for _ in searches]
    for number in range(count):
        for turn in range(len(searches)):
            kind = (number + turn) % len(searches)
            started = time.perf_counter()
            await searches[kind](number)
            taken[kind][number] = 1_000 * (time.perf_counter() - started)
    return [Timings(each) for each in taken]


def _knn_search(cluster: Cluster, queries: Vectors, selection: Selection, options: dict[str, Any]) -> Search:
    alias = cluster.settings.alias

    async def search(number: int) -> list[int]:
        knn = {"field": VECTOR, "query_vector": queries[number], **options}
        knn["filter"] = images_query(read_filter(selection.filter(number)))
        found = await cluster.client.call(
            lambda elastic: elastic.search(index=alias, knn=knn, size=PAGE, source={"excludes": [VECTOR]})
        )
        return [photo_row(hit["_source"]["image_name"]) for hit in found["hits"]["hits"][:DEPTH]]

    return search
