"""What is searched for when an index is tuned."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search_service.errors import ServiceError
from search_service.images import Vector
from search_service.tune import Query

# Queries made of photos; see queries_of_photos.
NEAR, FAR = "near", "far"
OWN = "own"

_JITTER = 0.1


class UnusableQueries(ServiceError):
    """The file of query vectors can't be used."""

    reason = "INVALID_EMBEDDING"


def queries_of_photos(photos: Sequence[tuple[str, Vector]], seed: int) -> list[Query]:
    """A query of each photo's id and vector, near and far in turns. None of them is a vector of the index.

    A near one lies as close to its photo as another picture of the same would: what searches for similar photos ask.
    A far one stands for a text. A text's vector lies far from all photos; their order is decided by the part of it
    that lies in the directions in which photos differ. So the photo's vector is mixed with as much noise, made of
    differences between other photos: it points to what several photos have a little of, and to none in particular.
    """
    rng = np.random.default_rng(seed)
    vectors = np.stack([vector for _, vector in photos]).astype(np.float64)
    queries = []
    for number, ((photo_id, _), vector) in enumerate(zip(photos, vectors, strict=True)):
        if number % 2:
            differences = vectors[rng.permutation(len(vectors))] - vectors
            noise, kind = _unit(rng.normal(size=len(vectors)) @ differences), FAR
        else:
            noise, kind = _JITTER * _unit(rng.normal(size=vector.shape)), NEAR
        queries.append(Query(_unit(vector + noise).astype(np.float32), kind, photo_id))
    return queries


def queries_of_file(file: Path, dimensions: int, count: int, seed: int) -> list[Query]:
    """Up to `count` rows, drawn by lot, of an array in NumPy's format. Raises UnusableQueries."""
    try:
        rows = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UnusableQueries(f"{file} can't be read as an array of NumPy ({error}). Write it by numpy.save.") from None
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.dtype.kind != "f" or not len(rows):
        raise UnusableQueries(f"{file} holds no table of numbers: one row a query, float32, is needed.")
    if rows.shape[1] != dimensions:
        raise UnusableQueries(
            f"The queries in {file} have {rows.shape[1]} values, the index's vectors {dimensions}. Embed them by the "
            "index's model."
        )
    drawn = rows[np.random.default_rng(seed).permutation(len(rows))[:count]].astype(np.float64)
    if not np.isfinite(drawn).all() or not np.linalg.norm(drawn, axis=1).all():
        raise UnusableQueries(f"A query in {file} is zero, NaN or infinite. Leave it out.")
    return [Query(_unit(row).astype(np.float32), OWN) for row in drawn]


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """At length 1; zero stays."""
    length = np.linalg.norm(vector)
    return vector / length if length else vector
