from typing import cast

import numpy as np
import pytest

from search_service.errors import (
    ImageNotFound,
    InvalidEmbedding,
    InvalidField,
    ModelMismatch,
    StorageUnavailable,
    ZeroVector,
)
from search_service.images import CopyOf, Embedding, Images, Model, Vector
from search_service.query_vector import MAX_TERMS, Term, resolve_terms
from tests.search_service.photos import DIMENSIONS, MODEL, random_unit, unit


class StoredVectors:
    """The part of the port that resolving needs."""

    def __init__(self, **vectors: Vector) -> None:
        self._vectors = vectors

    async def model(self) -> Model:
        return Model(MODEL, DIMENSIONS)

    async def vectors(self, ids: list[str]) -> dict[str, Vector]:
        return {name: vector for name, vector in self._vectors.items() if name in ids}


async def resolve(*terms: Term, **stored: Vector) -> Vector:
    query = await resolve_terms(terms, cast(Images, StoredVectors(**stored)))
    assert query.model == MODEL
    return query.values


def near(vector: Vector, weight: float = 1.0) -> Term:
    return Term(Embedding(MODEL, vector), weight)


async def test_one_term_is_its_own_vector() -> None:
    vector = random_unit(1)

    np.testing.assert_allclose(await resolve(near(vector)), vector, atol=1e-6)
    np.testing.assert_allclose(await resolve(near(vector, 1e-30)), vector, atol=1e-6)


async def test_terms_add_and_subtract() -> None:
    a, b = unit(1), unit(0, 1)

    np.testing.assert_allclose(await resolve(near(a), near(b, -1)), unit(1, -1), atol=1e-6)
    np.testing.assert_allclose(await resolve(near(a, 3), near(b, 4)), unit(3, 4), atol=1e-6)


@pytest.mark.parametrize("scale", [1e-50, 0.001, 7, 1e50])
async def test_only_the_weights_ratios_matter(scale: float) -> None:
    a, b = random_unit(1), random_unit(2)

    expected = await resolve(near(a, 2), near(b, -0.5))
    scaled = await resolve(near(a, 2 * scale), near(b, -0.5 * scale))

    np.testing.assert_allclose(scaled, expected, atol=1e-6)


async def test_an_images_stored_vector_is_a_term_like_any_other() -> None:
    found = await resolve(Term(CopyOf("cat")), near(unit(0, 1), -1), cat=unit(1))

    np.testing.assert_allclose(found, unit(1, -1), atol=1e-6)


async def test_an_unknown_image_is_told() -> None:
    with pytest.raises(ImageNotFound) as caught:
        await resolve(Term(CopyOf("dog")), cat=unit(1))

    assert caught.value.metadata == {"image_id": "dog"}


@pytest.mark.parametrize(
    "terms",
    [
        [near(unit(1)), near(unit(-1))],
        [near(unit(1), 0)],
        [near(random_unit(3)), near(random_unit(3), -1)],
        [near(unit(1), 0), near(unit(0, 1), 0)],
    ],
)
async def test_terms_that_cancel_out_have_no_direction(terms: list[Term]) -> None:
    with pytest.raises(ZeroVector):
        await resolve(*terms)


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), -float("inf")])
async def test_a_weight_is_finite(weight: float) -> None:
    with pytest.raises(InvalidField) as caught:
        await resolve(near(unit(1)), near(unit(0, 1), weight))

    assert caught.value.metadata == {"field": "terms[1].weight"}


@pytest.mark.parametrize("count", [0, MAX_TERMS + 1])
async def test_the_number_of_terms_is_limited(count: int) -> None:
    with pytest.raises(InvalidField):
        await resolve(*[near(unit(1))] * count)


@pytest.mark.parametrize(
    "values",
    [[], [1.0], [1.0, *[0.0] * DIMENSIONS], [float("nan")] * DIMENSIONS, [0.0] * DIMENSIONS, [1.0] * 5_000],
)
async def test_a_malformed_vector_is_refused(values: list[float]) -> None:
    with pytest.raises(InvalidEmbedding):
        await resolve(near(np.array(values, dtype=np.float32)))


@pytest.mark.parametrize(("length", "accepted"), [(1.0009, True), (0.9991, True), (1.0011, False), (0.9989, False)])
async def test_the_length_may_be_off_by_a_thousandth(length: float, accepted: bool) -> None:
    vector = np.asarray(unit(1, 1) * length, dtype=np.float32)
    if accepted:
        np.testing.assert_allclose(await resolve(near(vector)), unit(1, 1), atol=1e-6)
    else:
        with pytest.raises(InvalidEmbedding):
            await resolve(near(vector))


async def test_a_stored_vector_of_the_index_that_took_the_other_ones_place_is_not_mixed_with_its_vectors() -> None:
    with pytest.raises(StorageUnavailable, match="Search again"):
        await resolve(Term(CopyOf("cat")), near(unit(1)), cat=unit(1)[:3])


async def test_a_vector_of_another_model_is_refused_before_its_length_is_looked_at() -> None:
    with pytest.raises(ModelMismatch) as caught:
        await resolve(Term(Embedding("other@1", unit(1)[:3])))

    assert caught.value.metadata == {"expected": MODEL, "actual": "other@1"}
