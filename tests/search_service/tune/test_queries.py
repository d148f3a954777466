from pathlib import Path

import numpy as np
import pytest

from search_service.tune_queries import FAR, NEAR, UnusableQueries, queries_of_file, queries_of_photos
from tests.search_service.photos import random_unit, unit

PHOTOS = [(f"photo {number}", random_unit(number, 32)) for number in range(40)]


def test_queries_of_photos_are_near_and_far_in_turns_and_none_is_a_stored_vector() -> None:
    queries = queries_of_photos(PHOTOS, seed=1)

    assert [query.own_id for query in queries] == [photo_id for photo_id, _ in PHOTOS]
    assert [query.kind for query in queries] == [NEAR, FAR] * 20
    for query, (_, vector) in zip(queries, PHOTOS, strict=True):
        cosine = float(query.vector @ vector)
        assert np.linalg.norm(query.vector) == pytest.approx(1, abs=1e-6)
        assert cosine < 0.999
        assert cosine > 0.98 if query.kind == NEAR else cosine < 0.95


def test_far_queries_lie_in_the_directions_in_which_photos_differ() -> None:
    photos = [(photo_id, unit(1, *vector[:2])) for photo_id, vector in PHOTOS]

    far = [query.vector for query in queries_of_photos(photos, seed=1) if query.kind == FAR]

    assert np.abs(np.stack(far)[:, 3:]).max() < 1e-6


def test_a_seed_gives_the_same_queries_again() -> None:
    once, again, other = (queries_of_photos(PHOTOS, seed) for seed in (1, 1, 2))

    assert all((one.vector == two.vector).all() for one, two in zip(once, again, strict=True))
    assert not any((one.vector == two.vector).all() for one, two in zip(once, other, strict=True))


def test_photos_that_are_all_alike_give_queries() -> None:
    queries = queries_of_photos([("a", unit(1)), ("b", unit(1)), ("c", unit(1))], seed=1)

    assert all(np.isfinite(query.vector).all() for query in queries)


def test_own_vectors_are_brought_to_length_1_and_drawn_by_lot(tmp_path: Path) -> None:
    np.save(tmp_path / "texts.npy", np.diag(np.arange(1, 21)).astype(np.float16))

    queries = queries_of_file(tmp_path / "texts.npy", 20, count=5, seed=1)

    assert len({int(query.vector.argmax()) for query in queries}) == 5
    assert all(query.vector.max() == 1 and query.vector.dtype == np.float32 for query in queries)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (np.ones((2, 7), np.float32), "7 values"),
        (np.ones(8, np.float32), "one row a query"),
        (np.ones((0, 8), np.float32), "one row a query"),
        (np.ones((2, 8), np.int64), "one row a query"),
        (np.zeros((2, 8), np.float32), "zero"),
        (np.full((2, 8), np.nan, np.float32), "NaN"),
    ],
)
def test_own_vectors_that_can_not_be_searched_for_are_refused(
    tmp_path: Path, rows: np.ndarray[tuple[int, ...], np.dtype[np.float32]], said: str
) -> None:
    np.save(tmp_path / "texts.npy", rows)

    with pytest.raises(UnusableQueries, match=said):
        queries_of_file(tmp_path / "texts.npy", 8, count=5, seed=1)


@pytest.mark.parametrize("content", [None, b"", b"no array", b"\x80\x04N."])
def test_a_file_that_holds_no_array_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "texts.npy").write_bytes(content)

    with pytest.raises(UnusableQueries, match="can't be read"):
        queries_of_file(tmp_path / "texts.npy", 8, count=5, seed=1)
