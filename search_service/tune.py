"""How much of the truly nearest an approximate search finds, and what finding it costs, for several settings."""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from search_service.images import Vector

# Scores that differ by less are equal: they were computed in another order.
_SAME_SCORE = 1e-6
# Times that differ by less are equal: that much is chance.
_SAME_TIME = 1.1

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Pair:
    """The two settings. No oversampling: the index has only exact vectors."""

    num_candidates: int
    oversampling: float | None


@dataclass(frozen=True, slots=True)
class Query:
    """A search of one `kind`. It was made of the photo `own_id`, which counts neither as found nor as missed."""

    vector: Vector
    kind: str
    own_id: str = ""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A photo and its cosine."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a pair. `recalls`: the mean of each kind of query; `worst`: of a single one; times in ms."""

    pair: Pair
    looked_at: int
    recalls: dict[str, float]
    worst: float
    p50: float
    p99: float

    def reaches(self, target: float) -> bool:
        """Whether each kind of query does."""
        return all(recall >= target for recall in self.recalls.values())


class TunableIndex(Protocol):
    """An index with an approximate search that can be tuned. All methods may raise ServiceError."""

    async def exact(self, vectors: Sequence[Vector], limit: int, progress: Progress) -> list[list[Neighbour]]:
        """For each vector the truly nearest photos, best first."""
        ...

    async def search(self, vector: Vector, pair: Pair, window: int, limit: int) -> list[Neighbour]:
        """The first photos of a search, as the service would search with these settings."""
        ...

    def looked_at(self, pair: Pair, window: int) -> int:
        """How many vectors each shard looks at in such a search. Pairs with the same number find the same."""
        ...


async def measure(
    index: TunableIndex, queries: Sequence[Query], pairs: Sequence[Pair], *, window: int, k: int, progress: Progress
) -> list[Measured]:
    """Searches one at a time, all pairs in turns, so that whatever else the cluster does hits all of them alike."""
    exact = await index.exact([query.vector for query in queries], k + 1, progress)
    for pair in pairs:  # not counted: what is read for the first time takes longer
        await index.search(queries[0].vector, pair, window, k + 1)
    recalls: dict[Pair, list[float]] = {pair: [] for pair in pairs}
    times: dict[Pair, list[float]] = {pair: [] for pair in pairs}
    for number, (query, nearest) in enumerate(zip(queries, exact, strict=True)):
        progress(f"search {number + 1} of {len(queries)} with each of {len(pairs)} pairs")
        for pair in random.Random(number).sample(pairs, len(pairs)):  # noqa: S311 - not for secrets
            started = time.perf_counter()
            found = await index.search(query.vector, pair, window, k + 1)
            times[pair].append(1_000 * (time.perf_counter() - started))
            recalls[pair].append(recall(query, found, nearest, k))
    return [
        _summary(pair, index.looked_at(pair, window), queries, recalls=recalls[pair], times=times[pair])
        for pair in pairs
    ]


def recall(query: Query, found: Sequence[Neighbour], nearest: Sequence[Neighbour], k: int) -> float:
    """The share of k photos found that are no farther than the k-th nearest: of equal ones any will do."""
    true = [one for one in nearest if one.id != query.own_id][:k]
    farthest = true[-1].score - _SAME_SCORE
    others = [one for one in found if one.id != query.own_id][:k]
    return sum(one.score >= farthest for one in others) / len(true)


def pairs_to_measure(
    index: TunableIndex,
    present: Pair,
    num_candidates: Iterable[int],
    oversamplings: Iterable[float | None],
    window: int,
) -> list[Pair]:
    """The combinations that differ in what a search does, from the least work to the most.

    Of those that don't, the present one, else the one that changes least.
    """
    combined = [Pair(candidates, times) for times in oversamplings for candidates in sorted(num_candidates)]
    kept: dict[int, Pair] = {}
    for pair in [*sorted(combined, key=lambda pair: pair.oversampling == present.oversampling), present]:
        kept[index.looked_at(pair, window)] = pair
    return [kept[looked_at] for looked_at in sorted(kept)]


def cheapest(measured: Sequence[Measured], target: float, present: Pair) -> Measured | None:
    """The pair that reaches the target with the least work; but the present one if that is as quick."""
    reaching = [one for one in measured if one.reaches(target)]
    if not reaching:
        return None
    least = min(reaching, key=lambda one: one.looked_at)
    now = next((one for one in reaching if one.pair == present), least)
    return now if now.p50 <= _SAME_TIME * least.p50 else least


def _summary(
    pair: Pair, looked_at: int, queries: Sequence[Query], *, recalls: Sequence[float], times: Sequence[float]
) -> Measured:
    kinds: dict[str, list[float]] = {}
    for query, one in zip(queries, recalls, strict=True):
        kinds.setdefault(query.kind, []).append(one)
    p50, p99 = np.percentile(times, [50, 99])
    means = {kind: float(np.mean(ones)) for kind, ones in kinds.items()}
    return Measured(pair, looked_at, means, min(recalls), float(p50), float(p99))
