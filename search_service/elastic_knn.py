"""Searches for nearest vectors as Elasticsearch takes them, and what their scores mean."""

import hashlib
from typing import Any

from search_service.elastic_config import default_oversampling
from search_service.elastic_document import VECTOR
from search_service.images import Vector

# Elasticsearch looks at no more candidates and returns no more hits.
MOST_HITS = 10_000

Body = dict[str, Any]


def knn_clause(
    vector: Vector, query: Body, *, k: int, candidates: int, index_type: str, oversampling: float | None
) -> Body:
    """The k nearest that the query keeps. Without `oversampling` it is the usual one of the index's type."""
    knn: Body = {
        "field": VECTOR,
        "query_vector": vector,
        "k": k,
        "num_candidates": max(k, min(candidates, MOST_HITS)),
        "filter": query,
    }
    if (usual := default_oversampling(index_type)) is not None:
        knn["rescore_vector"] = {"oversample": oversampling or usual}
    return knn


def best_first(knn: Body, vector: Vector, ties: list[Body]) -> Body:
    """A search whose hits come best first, equals by `ties`."""
    return {
        "knn": knn,
        "sort": [{"_score": "desc"}, *ties],
        # All pages of a search come from the same copies of the shards: two copies' graphs differ a little.
        "preference": hashlib.sha256(vector.tobytes()).hexdigest()[:16],
    }


def score_of(hit: Any) -> float:
    """The score of a hit of `best_first`."""
    return float(hit["sort"][0])


def cosine_of(hit: Any) -> float:
    """Its cosine: Elasticsearch's score is (1 + cosine) / 2."""
    return min(1.0, max(-1.0, 2 * score_of(hit) - 1))
