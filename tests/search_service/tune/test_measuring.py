from collections.abc import Sequence

import numpy as np
import pytest

from search_service.images import Vector
from search_service.tune import (
    Measured,
    Neighbour,
    Pair,
    Progress,
    Query,
    cheapest,
    measure,
    pairs_to_measure,
    recall,
)
from tests.search_service.photos import unit

NEAREST = [Neighbour(name, score) for name, score in [("a", 0.9), ("b", 0.8), ("c", 0.7), ("d", 0.6)]]


class Shelf:
    """Knows the truth, and finds as many of it as a pair's num_candidates say; the others are far."""

    def __init__(self) -> None:
        self.searched: list[tuple[Pair, int]] = []

    async def exact(self, vectors: Sequence[Vector], limit: int, progress: Progress) -> list[list[Neighbour]]:
        return [NEAREST[:limit] for _ in vectors]

    async def search(self, vector: Vector, pair: Pair, window: int, limit: int) -> list[Neighbour]:
        self.searched.append((pair, window))
        far = [Neighbour(f"far {number}", 0.1) for number in range(limit)]
        return [*NEAREST[: pair.num_candidates], *far][:limit]

    def looked_at(self, pair: Pair, window: int) -> int:
        return int(max(pair.num_candidates, window) * (pair.oversampling or 1))


def say(text: str) -> None:
    assert text


def measured(candidates: int, recall: float, p50: float, *, far: float = 1.0) -> Measured:
    return Measured(Pair(candidates, 2.0), 2 * candidates, {"near": recall, "far": far}, 0.0, p50, 2 * p50)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["a", "b", "c"], 1.0),
        (["a", "c", "b"], 1.0),
        (["a", "b", "d"], 2 / 3),
        (["a"], 1 / 3),
        ([], 0.0),
    ],
)
def test_recall_is_the_share_of_the_nearest_that_were_found(found: list[str], expected: float) -> None:
    scores = {one.id: one for one in NEAREST}

    assert recall(Query(unit(1), "near"), [scores[name] for name in found], NEAREST, 3) == pytest.approx(expected)


def test_the_photo_that_a_query_was_made_of_does_not_count() -> None:
    query = Query(unit(1), "near", own_id="a")

    assert recall(query, NEAREST, NEAREST, 3) == 1
    assert recall(query, NEAREST[1:], NEAREST, 3) == 1
    assert recall(query, [NEAREST[0], NEAREST[1], Neighbour("far", 0.1)], NEAREST, 3) == pytest.approx(1 / 3)


def test_another_photo_at_the_same_distance_is_as_good() -> None:
    found = [NEAREST[0], NEAREST[1], Neighbour("copy of c", 0.7 - 1e-8)]

    assert recall(Query(unit(1), "near"), found, NEAREST, 3) == 1


async def test_each_pair_is_measured_by_each_query_with_the_window_of_the_service() -> None:
    shelf, pairs = Shelf(), [Pair(1, 2.0), Pair(3, 2.0)]
    queries = [Query(unit(1), "near"), Query(unit(0, 1), "far"), Query(unit(1), "near", own_id="a")]

    few, many = await measure(shelf, queries, pairs, window=77, k=3, progress=say)

    assert (few.pair, many.pair) == (pairs[0], pairs[1])
    assert few.recalls == {"near": pytest.approx((1 / 3 + 0) / 2), "far": pytest.approx(1 / 3)}
    assert few.worst == 0
    assert many.recalls == {"near": pytest.approx((1 + 2 / 3) / 2), "far": 1}
    assert many.worst == pytest.approx(2 / 3)
    assert 0 < few.p50 <= few.p99
    assert {window for _, window in shelf.searched} == {77}


async def test_pairs_take_turns() -> None:
    shelf, pairs = Shelf(), [Pair(number, None) for number in range(1, 6)]

    await measure(shelf, [Query(unit(1), "near")] * 4, pairs, window=9, k=2, progress=say)

    rounds = np.reshape(np.array([pair.num_candidates for pair, _ in shelf.searched]), (5, 5))
    assert all(sorted(one) == [1, 2, 3, 4, 5] for one in rounds.tolist())
    assert len({tuple(one) for one in rounds.tolist()}) > 2


def test_pairs_that_search_alike_are_measured_once_and_the_present_one_is_among_them() -> None:
    present = Pair(60, 2.0)

    pairs = pairs_to_measure(Shelf(), present, [400, 50, 80, 100], [2.0, 1.0], window=100)

    assert pairs == [Pair(100, 1.0), Pair(60, 2.0), Pair(400, 1.0), Pair(400, 2.0)]


def test_of_pairs_that_search_alike_the_one_with_the_present_oversampling_is_measured() -> None:
    pairs = pairs_to_measure(Shelf(), Pair(300, 2.0), [100, 200], [1.0, 2.0, 4.0], window=10)

    assert pairs == [Pair(100, 1.0), Pair(100, 2.0), Pair(200, 2.0), Pair(300, 2.0), Pair(200, 4.0)]


def test_the_pair_that_reaches_the_target_with_the_least_work_is_proposed() -> None:
    pairs = [measured(100, 0.94, 3), measured(200, 0.96, 5), measured(300, 0.99, 4.9), measured(400, 0.99, 9)]

    assert cheapest(pairs, 0.95, Pair(400, 2.0)) == pairs[1]
    assert cheapest(pairs, 0.97, Pair(400, 2.0)) == pairs[2]
    assert cheapest(pairs, 0.999, Pair(400, 2.0)) is None


def test_each_kind_of_query_must_reach_the_target() -> None:
    pairs = [measured(100, 0.99, 3, far=0.5), measured(200, 0.99, 5, far=0.95)]

    assert cheapest(pairs, 0.95, Pair(100, 2.0)) == pairs[1]


def test_settings_that_are_as_quick_stay() -> None:
    pairs = [measured(100, 0.96, 5.0), measured(200, 0.97, 5.4), measured(300, 0.99, 7)]

    assert cheapest(pairs, 0.95, Pair(200, 2.0)) == pairs[1]
    assert cheapest(pairs, 0.95, Pair(300, 2.0)) == pairs[0]
    assert cheapest(pairs, 0.98, Pair(200, 2.0)) == pairs[2]
