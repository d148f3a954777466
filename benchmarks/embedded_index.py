"""What a search on the embedded index costs and finds, with and without its vector index.

The vectors are made up: clusters of photos around random centres. Exact search compares all of them; the vector index
compares about as many as SEARCH_CANDIDATES says. recall@10 is the share of the ten truly nearest that are found.
"""

import asyncio
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from search_service.embedded import EmbeddedImages
from search_service.embedded_store import EmbeddedOptions
from search_service.images import Embedding, Filter, FingerprintFilter, Folder, Image, ListOrder, Window, Write

DIMENSIONS = 512
MODEL = "made-up@000000000000"
_BATCH = 500
_CLUSTER = 50
_SPREAD = 0.7
_QUERIES = 50
_FOLDERS = 100


@dataclass(frozen=True)
class Timings:
    """Of one kind of call, in milliseconds."""

    p50: float
    p99: float


def run(
    counts: Annotated[list[int] | None, typer.Option(help="How many vectors; may be given several times.")] = None,
    window: Annotated[int, typer.Option(help="As SEARCH_WINDOW.")] = 1_000,
    candidates: Annotated[list[int] | None, typer.Option(help="As SEARCH_CANDIDATES; several are compared.")] = None,
) -> None:
    """Prints latency and recall of the embedded index, exact and with its vector index."""
    for count in counts or [10_000, 100_000]:
        asyncio.run(measure(count, window, candidates or [10_000, 30_000, 100_000]))


async def measure(count: int, window: int, candidates: list[int]) -> None:
    """Fills an index with so many vectors and prints a table."""
    vectors, queries = make_vectors(count)
    nearest = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    with tempfile.TemporaryDirectory() as folder:
        exact = await EmbeddedImages.open(Path(folder), EmbeddedOptions(vector_index_from=10**9))
        started = time.perf_counter()
        await fill(exact, vectors)
        loaded = time.perf_counter() - started
        await exact.tidy()
        print(f"{count} vectors of {DIMENSIONS} values: written in {loaded:.1f} s, {count / loaded:.0f} a second")
        await report(exact, "exact", queries, nearest, Window(window, count))
        await report_other_calls(exact)
        await exact.close()

        indexed = await EmbeddedImages.open(Path(folder), EmbeddedOptions(vector_index_from=256))
        started = time.perf_counter()
        await indexed.tidy()
        print(f"  vector index made in {time.perf_counter() - started:.1f} s")
        for number in candidates:
            await report(indexed, f"{number} candidates", queries, nearest, Window(window, number))
        await indexed.close()
    print(f"  peak memory of the process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def make_vectors(count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Unit vectors in clusters, and queries that lie near some of them."""
    chance = np.random.default_rng(0)
    centres = chance.normal(size=(max(1, count // _CLUSTER), DIMENSIONS))
    picked = centres[chance.integers(0, len(centres), count)]
    vectors = picked + _SPREAD * chance.normal(size=(count, DIMENSIONS))
    queries = centres[chance.integers(0, len(centres), _QUERIES)] + chance.normal(size=(_QUERIES, DIMENSIONS))
    return _unit(vectors), _unit(queries)


async def fill(images: EmbeddedImages, vectors: NDArray[np.float32]) -> None:
    """Writes a photo for each vector."""
    for start in range(0, len(vectors), _BATCH):
        rows = range(start, min(start + _BATCH, len(vectors)))
        writes = [Write(_image(row), Embedding(MODEL, vectors[row])) for row in rows]
        assert not any(await images.write(writes))


async def report(
    images: EmbeddedImages,
    title: str,
    queries: NDArray[np.float32],
    nearest: NDArray[np.int64],
    window: Window,
) -> None:
    """One line: latency and recall, without a filter and with one that keeps a hundredth."""
    found: list[list[str]] = []

    async def search(query: int) -> None:
        page = await images.search(queries[query], keep=Filter(), excluded_ids=[], window=window, offset=0, limit=50)
        found.append([hit.image.id for hit in page.hits[:10]])

    async def search_folder(query: int) -> None:
        keep = Filter(folders=(Folder("photos", f"folder {query % _FOLDERS}"),))
        await images.search(queries[query], keep=keep, excluded_ids=[], window=window, offset=0, limit=50)

    plain = await timed(search, len(queries))
    recall = np.mean(
        [
            len({_id(row) for row in rows} & set(ids)) / 10
            for rows, ids in zip(nearest, found[-len(queries) :], strict=True)
        ]
    )
    filtered = await timed(search_folder, len(queries))
    print(
        f"  {title:>18}: p50 {plain.p50:6.1f} ms  p99 {plain.p99:6.1f} ms  recall@10 {recall:.3f}"
        f"   in one folder of {_FOLDERS}: p50 {filtered.p50:6.1f} ms"
    )


async def report_other_calls(images: EmbeddedImages) -> None:
    """One line: what lists and fingerprints cost."""

    async def newest(_: int) -> None:
        await images.list_page(ListOrder.NEWEST_FIRST, keep=Filter(), after=None, limit=50)

    async def fingerprints(_: int) -> None:
        async for _batch in images.fingerprints(FingerprintFilter(source="photos")):
            pass

    first, all_of_them = await timed(newest, 10), await timed(fingerprints, 3)
    print(f"  a page of the newest: p50 {first.p50:.1f} ms; all fingerprints: {all_of_them.p50:.0f} ms")


async def timed(call: Callable[[int], Awaitable[None]], times: int) -> Timings:
    """Runs a call so many times, one after another, after a few that don't count."""
    for number in range(min(3, times)):
        await call(number)
    taken: list[float] = []
    for number in range(times):
        started = time.perf_counter()
        await call(number)
        taken.append(1_000 * (time.perf_counter() - started))
    return Timings(float(np.percentile(taken, 50)), float(np.percentile(taken, 99)))


def _image(row: int) -> Image:
    name = f"IMG_{row:07}.jpg"
    return Image(
        id=_id(row), source="photos", relative_path=f"folder {row % _FOLDERS}/2024/{name}", name=name, size_bytes=row
    )


def _id(row: int) -> str:
    return f"{row * 2_654_435_761 % 2**32:08x}{row:024x}"


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
