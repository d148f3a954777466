"""From the terms of a search to the one vector that is searched for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search_service.errors import (
    ImageNotFound,
    InvalidEmbedding,
    InvalidField,
    ModelMismatch,
    StorageUnavailable,
    ZeroVector,
)
from search_service.images import MAX_DIMENSIONS, CopyOf, Embedding, Images, Model, Vector

MAX_TERMS = 32
UNIT_TOLERANCE = 1e-3
# A shorter sum, of terms whose weights add up to 1 in size, is rounding noise.
_SHORTEST_SUM = 1e-5


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a search: what to be near to (weight > 0) or far from (weight < 0)."""

    target: Embedding | CopyOf
    weight: float = 1.0


def check_embedding(embedding: Embedding, model: Model) -> Vector:
    """The embedding's vector, of exactly unit length. Raises ModelMismatch or InvalidEmbedding."""
    if embedding.model != model.name:
        raise ModelMismatch(expected=model.name, actual=embedding.model)
    vector = check_vector(embedding.values)
    if len(vector) != model.dimensions:
        raise InvalidEmbedding(f"The vector has {len(vector)} values; the model {model.name!r} has {model.dimensions}.")
    return vector


def check_vector(values: Vector) -> Vector:
    """The vector, of exactly unit length. Raises InvalidEmbedding if it is not finite or not nearly of that length."""
    if not 1 <= len(values) <= MAX_DIMENSIONS:
        raise InvalidEmbedding(f"The vector has {len(values)} values; 1 to {MAX_DIMENSIONS} are allowed.")
    if not np.isfinite(values).all():
        raise InvalidEmbedding("The vector holds NaN or infinity. Embed again.")
    length = float(np.linalg.norm(values.astype(np.float64)))
    if abs(length - 1) > UNIT_TOLERANCE:
        raise InvalidEmbedding(f"The vector has the length {length:.6g}, not 1. Normalise it or embed again.")
    return np.asarray(values / length, dtype=np.float32)


def check_model(expected: Model | None, actual: Model) -> None:
    """Raises ModelMismatch if a vector was made for another model than the index is of by now."""
    if expected and expected != actual:
        raise ModelMismatch(expected=actual.name, actual=expected.name)


async def resolve_terms(terms: Sequence[Term], images: Images) -> Embedding:
    """The terms' weighted sum, of unit length, and the model that the index is of meanwhile.

    Weights are relative: scaling all of them by one positive number changes nothing. Raises InvalidField, IndexMissing,
    ImageNotFound, ModelMismatch, InvalidEmbedding, ZeroVector, StorageUnavailable.
    """
    _check_terms(terms)
    model = await images.model()
    ids = [term.target.image_id for term in terms if isinstance(term.target, CopyOf)]
    stored = await images.vectors(ids) if ids else {}
    total = sum(abs(term.weight) for term in terms)
    if not total:
        raise ZeroVector
    weighted = np.zeros(model.dimensions, dtype=np.float64)
    for term in terms:
        weighted += _vector_of(term, stored, model).astype(np.float64) * (term.weight / total)
    length = float(np.linalg.norm(weighted))
    if length < _SHORTEST_SUM:
        raise ZeroVector
    return Embedding(model.name, np.asarray(weighted / length, dtype=np.float32))


def _check_terms(terms: Sequence[Term]) -> None:
    if not 1 <= len(terms) <= MAX_TERMS:
        raise InvalidField("terms", f"1 to {MAX_TERMS} are allowed, {len(terms)} were sent.")
    for position, term in enumerate(terms):
        if not np.isfinite(term.weight) or abs(term.weight) > 1e100:
            raise InvalidField(f"terms[{position}].weight", "A weight is a finite number.")


def _vector_of(term: Term, stored: dict[str, Vector], model: Model) -> Vector:
    if isinstance(term.target, Embedding):
        return check_embedding(term.target, model)
    if (vector := stored.get(term.target.image_id)) is None:
        raise ImageNotFound(term.target.image_id)
    if len(vector) != model.dimensions:
        raise StorageUnavailable("The index is being replaced. Search again.")
    return vector
