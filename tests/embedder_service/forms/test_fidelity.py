import numpy as np
import pytest

from embedder_service.encoder import Vectors
from embedder_service.forms.fidelity import Fidelity, Search, compare
from embedder_service.forms.fidelity_set import fidelity_pictures, fidelity_texts

GALLERY = 48


def unit(rows: np.ndarray) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def spread_out(seed: int, count: int = GALLERY) -> Vectors:
    return unit(np.random.default_rng(seed).normal(size=(count, 64)))


def moved(vectors: Vectors, by: float) -> Vectors:
    return unit(vectors + by * spread_out(99, len(vectors)))


def among_themselves(vectors: Vectors) -> Search:
    return Search(vectors, vectors, same=True)


def test_equal_vectors_are_perfectly_true() -> None:
    found = compare(among_themselves(spread_out(1)), among_themselves(spread_out(1)))

    assert (found.mean_cosine, found.worst_cosine) == pytest.approx((1, 1), abs=1e-6)
    assert found.top10_overlap == 1
    assert found.sufficient


def test_vectors_that_moved_a_little_suffice_and_those_that_moved_much_do_not() -> None:
    true = spread_out(1)

    assert compare(among_themselves(true), among_themselves(moved(true, 0.02))).sufficient
    assert not compare(among_themselves(true), among_themselves(moved(true, 0.5))).sufficient


def test_one_vector_that_is_far_off_is_enough_to_refuse() -> None:
    true = spread_out(1)
    form = true.copy()
    form[7] = moved(true, 0.5)[7]
    found = compare(among_themselves(true), among_themselves(form))

    assert found.mean_cosine > 0.995
    assert found.worst_cosine < 0.985
    assert not found.sufficient


def test_hits_that_only_change_places_with_ties_are_kept() -> None:
    queries = spread_out(1, 1)
    # Twenty pictures that the query finds all but equally near, and as many far ones.
    near = unit(queries + 0.001 * spread_out(2, 20))
    gallery = np.concatenate([near, -near])
    other = np.concatenate([unit(queries + 0.001 * spread_out(3, 20)), -near])

    assert compare(Search(queries, gallery, same=False), Search(queries, other, same=False)).top10_overlap == 1


def test_a_search_that_finds_others_is_not_true() -> None:
    queries, gallery = spread_out(1), spread_out(2)
    found = compare(Search(queries, gallery, same=False), Search(queries, gallery[::-1], same=False))

    assert found.worst_cosine == pytest.approx(1)
    assert found.top10_overlap < 0.5
    assert not found.sufficient


def test_what_is_not_a_number_is_not_true() -> None:
    assert not Fidelity(float("nan"), float("nan"), 1.0).sufficient


def test_the_set_is_varied_and_always_the_same() -> None:
    pictures, texts = fidelity_pictures(), fidelity_texts()
    means = np.array([np.asarray(picture).mean() for picture in pictures])
    contrasts = np.array([np.asarray(picture).std() for picture in pictures])

    assert len(pictures) == len(set(texts)) == len(texts) == 48
    assert means.max() - means.min() > 100
    assert contrasts.max() > 4 * contrasts.min()
    assert [picture.tobytes() for picture in pictures] == [picture.tobytes() for picture in fidelity_pictures()]
