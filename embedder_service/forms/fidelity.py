"""Whether a form's vectors are near enough to the reference's that nobody notices which of them served.

The reference is torch in fp32; docs/models.md says why the limits are as they are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedder_service.encoder import Vectors

MIN_MEAN_COSINE = 0.995
MIN_WORST_COSINE = 0.985
MIN_OVERLAP = 0.95
TOP = 10
# Photos whose scores differ by less may change places.
TIE = 0.005


@dataclass(frozen=True)
class Fidelity:
    """How near a form came, over all pictures or texts of the set."""

    mean_cosine: float
    worst_cosine: float
    top10_overlap: float

    @property
    def sufficient(self) -> bool:
        """Whether the form may serve. NaN is not."""
        return (
            self.mean_cosine >= MIN_MEAN_COSINE
            and self.worst_cosine >= MIN_WORST_COSINE
            and self.top10_overlap >= MIN_OVERLAP
        )


@dataclass(frozen=True)
class Search:
    """A small search: queries, and the gallery that they look into. `same`: the queries are the gallery itself."""

    queries: Vectors
    gallery: Vectors
    same: bool

    def scores(self) -> NDArray[np.float32]:
        """Cosines of each query (row) with what it may find (column)."""
        scores: NDArray[np.float32] = self.queries @ self.gallery.T
        if self.same:  # that everything finds itself says nothing
            np.fill_diagonal(scores, -1)
        return scores


def compare(reference: Search, form: Search) -> Fidelity:
    """A hit of the form's first ten counts if it is in the reference's first ten, or misses them by less than TIE."""
    cosines = (reference.queries * form.queries).sum(axis=1)
    true, found = reference.scores(), form.scores()
    top = min(TOP, true.shape[1])
    last = -np.partition(-true, top - 1, axis=1)[:, top - 1, None]
    hits = np.argsort(-found, axis=1)[:, :top]
    overlap = (np.take_along_axis(true, hits, axis=1) >= last - TIE).mean()
    return Fidelity(float(cosines.mean()), float(cosines.min()), float(overlap))
