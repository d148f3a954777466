"""What an exact search finds, to compare an approximate one with."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.made_photos import MadePhotos, Selection
from benchmarks.made_vectors import Vectors

_CHUNK = 20_000

# The rows of the nearest photos, best first; -1 where fewer were kept.
Rows = NDArray[np.int64]


class BestRows:
    """The best rows of each query among those seen so far."""

    def __init__(self, query_count: int, depth: int) -> None:
        self._scores = np.full((query_count, depth), -np.inf, np.float32)
        self._rows = np.full((query_count, depth), -1, np.int64)
        self._depth = depth

    def add(self, scores: NDArray[np.float32], first_row: int) -> None:
        """Scores of each query with the rows from this one on; -inf where a row is not kept."""
        rows = np.broadcast_to(np.arange(first_row, first_row + scores.shape[1]), scores.shape)
        both_scores = np.concatenate([self._scores, scores], axis=1)
        both_rows = np.concatenate([self._rows, rows], axis=1)
        best = np.argpartition(-both_scores, self._depth - 1, axis=1)[:, : self._depth]
        self._scores = np.take_along_axis(both_scores, best, axis=1)
        self._rows = np.take_along_axis(both_rows, best, axis=1)

    def rows(self) -> Rows:
        """Of each query, best first."""
        order = np.argsort(-self._scores, axis=1, kind="stable")
        rows = np.take_along_axis(self._rows, order, axis=1)
        return np.where(np.isneginf(np.take_along_axis(self._scores, order, axis=1)), -1, rows)


def nearest_rows(
    vectors: Vectors, queries: Vectors, photos: MadePhotos, selections: Sequence[Selection], depth: int
) -> tuple[list[Rows], list[float]]:
    """For each selection the nearest rows of each query, and the share of the photos that was kept on average."""
    best = [BestRows(len(queries), depth) for _ in selections]
    kept = [0 for _ in selections]
    for start in range(0, len(vectors), _CHUNK):
        rows = slice(start, min(start + _CHUNK, len(vectors)))
        scores = queries @ np.asarray(vectors[rows]).T
        for position, selection in enumerate(selections):
            mask = np.stack([selection.keeps(photos, number, rows) for number in range(len(queries))])
            kept[position] += int(mask.sum())
            best[position].add(np.where(mask, scores, -np.inf).astype(np.float32), start)
    return [one.rows() for one in best], [count / (len(vectors) * len(queries)) for count in kept]


def share_found(found: Sequence[Sequence[int]], right: Rows) -> float:
    """Recall: the mean share of the right rows that were found, over the queries that have any."""
    shares = [
        len(set(rows) & wanted) / len(wanted)
        for rows, row in zip(found, right.tolist(), strict=True)
        if (wanted := set(row) - {-1})
    ]
    return float(np.mean(shares))
