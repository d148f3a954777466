"""Vectors like those of photos: clusters around recorded vectors of a model, or around random ones.

A vector is one of the centres with Gaussian noise added, 0.4 times as long as the centre, at unit length again: two of
one cluster then have a cosine of about 0.86. Searches take centres that no photo was made from, every other one as it
is, as a text may lie, and the others with noise of their own, as a picture does.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

NOISE = 0.4
_GENERATED_CENTRES = 2_000
_GENERATED_DIMENSIONS = 512
_GENERATED_COSINE = 0.75  # of two centres: a model's vectors lie in a narrow cone
_HELD_OUT = 10  # of so many centres one is for searches
_CHUNK = 20_000


class NoVectors(Exception):
    """A folder holds no vectors. The text says what it should hold."""


@dataclass(frozen=True)
class MadeVectors:
    """`values` has a row for each photo, `clusters` the number of the centre that it was made from."""

    values: Vectors
    clusters: NDArray[np.int64]
    queries: Vectors


def read_centres(folder: Path) -> Vectors:
    """All rows of the folder's *.npy files, of unit length. Raises NoVectors."""
    try:
        tables = [np.load(file).astype(np.float32) for file in sorted(folder.glob("*.npy"))]
    except (OSError, ValueError) as error:
        raise NoVectors(f"The vectors in {folder} can't be read: {error}") from error
    if not tables or any(table.ndim != 2 or table.shape[1] != tables[0].shape[1] for table in tables):
        raise NoVectors(f"{folder} must hold *.npy files, each a table with a vector in a row, all of one length.")
    rows = np.concatenate(tables)
    lengths = np.linalg.norm(rows, axis=1)
    return unit(rows[np.isfinite(lengths) & (lengths > 0)])


def random_centres() -> Vectors:
    """Random vectors of unit length around a common direction."""
    chance = np.random.default_rng(1)
    common = unit(chance.normal(size=(1, _GENERATED_DIMENSIONS)))
    own = unit(chance.normal(size=(_GENERATED_CENTRES, _GENERATED_DIMENSIONS)))
    return unit(_GENERATED_COSINE**0.5 * common + (1 - _GENERATED_COSINE) ** 0.5 * own)


def make_vectors(centres: Vectors, count: int, query_count: int, file: Path) -> MadeVectors:
    """So many vectors, kept in the file, and as many queries. More of them begin with the same ones."""
    chance = np.random.default_rng(0)
    shuffled = centres[chance.permutation(len(centres))]
    held_out = max(1, len(centres) // _HELD_OUT)
    asked, seeds = shuffled[:held_out], shuffled[held_out:]
    asked = asked[np.arange(query_count) % held_out]
    queries = np.where(np.arange(query_count)[:, None] % 2, with_noise(asked, chance), asked)

    values = np.memmap(file, np.float32, "w+", shape=(count, centres.shape[1]))
    clusters = np.empty(count, np.int64)
    for start in range(0, count, _CHUNK):
        rows = slice(start, min(start + _CHUNK, count))
        chance = np.random.default_rng((1, start))
        clusters[rows] = chance.integers(0, len(seeds), _CHUNK)[: rows.stop - start]
        values[rows] = with_noise(seeds[clusters[rows]], chance)
    return MadeVectors(values, clusters, queries)


def with_noise(vectors: Vectors, chance: np.random.Generator) -> Vectors:
    """Each with noise that is NOISE times as long as itself, of unit length again."""
    noise = chance.standard_normal(vectors.shape, np.float32) / np.float32(vectors.shape[1] ** 0.5)
    return unit(vectors + np.float32(NOISE) * noise)


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """The rows at length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
