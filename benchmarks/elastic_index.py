"""What the index in Elasticsearch finds, how quick it is, what it takes, and what the service adds to its searches.

The photos are made up (benchmarks/made_photos.py, made_vectors.py) and written by the service's own stream. recall@10
is the share of the ten truly nearest photos, by exact search among those that the filter keeps, that are found.
"""

from __future__ import annotations  # the stub has no parameters at runtime

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
import uvloop

from benchmarks.elastic_cluster import Cluster, Sizes, open_cluster
from benchmarks.exact_search import Rows, nearest_rows, share_found
from benchmarks.made_photos import SELECTIONS, MadePhotos
from benchmarks.made_vectors import MadeVectors, NoVectors, Vectors, make_vectors, random_centres, read_centres
from benchmarks.search_process import fill, search_service
from benchmarks.search_times import DEPTH, Search, facet_counts, in_turns, service_search, usual_search, window_search
from grpc_runtime.telemetry import configure_logging
from imagesearch.search.v1 import search_pb2
from tests.elasticsearch_distribution import ServerUnavailable
from tests.elasticsearch_node import NEWEST

if TYPE_CHECKING:
    from imagesearch.search.v1.search_pb2_grpc import SearchServiceAsyncStub

_MEGABYTE = 1_000_000
_FACET_CALLS = 20
# What a search of the service may take beside one with Elasticsearch's client.
_ALLOWED_SHARE, _ALLOWED_MS = 0.10, 2.0


@dataclass(frozen=True)
class Task:
    """What is indexed and searched for, and of each selection what is right and which share it keeps."""

    made: MadeVectors
    photos: MadePhotos
    right: Sequence[Rows]
    kept: Sequence[float]

    @classmethod
    def make(cls, centres: Vectors, count: int, query_count: int, folder: Path) -> Task:
        """With the vectors in a file in the folder."""
        made = make_vectors(centres, count, query_count, folder / "vectors")
        photos = MadePhotos(made.clusters)
        return cls(made, photos, *nearest_rows(made.values, made.queries, photos, SELECTIONS, DEPTH))


def run(
    *,
    count: Annotated[int, typer.Option(help="How many photos.")] = 100_000,
    vectors: Annotated[
        Path | None, typer.Option(help="A folder of *.npy files with vectors of a model; without it, made-up ones.")
    ] = None,
    queries: Annotated[int, typer.Option(help="How many searches for each filter.")] = 200,
    hosts: Annotated[
        str,
        typer.Option(
            envvar="SEARCH_ELASTICSEARCH_HOSTS",
            help="A cluster, which gets an index of its own for a while; without it, a node is started.",
        ),
    ] = "",
    version: Annotated[str, typer.Option(help="Of the node that is started.")] = NEWEST,
    heap: Annotated[str, typer.Option(help="Of the node that is started.")] = "2g",
    keep: Annotated[
        str,
        typer.Option(
            help="Name of an index in --hosts that stays. A later call with the same vectors writes only what it lacks."
        ),
    ] = "",
    fast_load: Annotated[bool, typer.Option(help="As SEARCH_ELASTICSEARCH_FAST_LOAD.")] = False,
    merge: Annotated[bool, typer.Option(help="Measure again with a single segment.")] = True,
) -> None:
    """Prints recall, latency, index time, memory and disk of the index in Elasticsearch."""

    async def measure(task: Task) -> None:
        async with (
            open_cluster(hosts, version, heap, alias=keep, fast_load=fast_load) as cluster,
            search_service(cluster.environment) as stub,
        ):
            await _report(task, cluster, stub, merge=merge)

    configure_logging("console", "warning")
    try:
        centres = read_centres(vectors) if vectors else random_centres()
        with tempfile.TemporaryDirectory() as folder:
            uvloop.run(measure(Task.make(centres, count, queries, Path(folder))))
    except (NoVectors, ServerUnavailable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


async def _report(task: Task, cluster: Cluster, stub: SearchServiceAsyncStub, *, merge: bool) -> None:
    count, dimensions = task.made.values.shape
    settings = cluster.settings
    print(f"{count:,} photos, vectors of {dimensions} values, {len(task.made.queries)} searches for each filter")
    print(
        f"Elasticsearch {await cluster.version()}, {settings.index_type} m={settings.m} "
        f"ef_construction={settings.ef_construction}, num_candidates={settings.num_candidates}, "
        f"fast_load={settings.fast_load}"
    )
    await _report_filling(task, cluster, stub)
    await _report_state("as indexed", task, cluster, stub)
    if merge:
        started = time.perf_counter()
        await cluster.merge()
        print(f"\nmerged into one segment in {time.perf_counter() - started:.0f} s")
        await _report_state("merged", task, cluster, stub)


async def _report_filling(task: Task, cluster: Cluster, stub: SearchServiceAsyncStub) -> None:
    filled = await fill(stub, task.photos, task.made.values)
    started = time.perf_counter()
    await cluster.settle()
    settling = time.perf_counter() - started
    if not filled.count:
        return
    print(
        f"{filled.count:,} photos indexed in {filled.seconds:.0f} s, {filled.count / filled.seconds:,.0f} a second; "
        f"merges went on for {settling:.0f} s"
    )


async def _report_state(title: str, task: Task, cluster: Cluster, stub: SearchServiceAsyncStub) -> None:
    """Three tables."""
    load = " ".join(f"{number:.1f}" for number in os.getloadavg())
    print(f"\n{title}; load of the machine {load}\n")
    print("| filter | kept | recall@10 | SearchImages p50 | p99 | client p50 | p99 | overhead p50 | target |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    further = []
    for selection, right, kept in zip(SELECTIONS, task.right, task.kept, strict=True):
        queries = task.made.queries
        searches = [
            service_search(stub, queries, selection),
            window_search(cluster, queries, selection),
            usual_search(cluster, queries, selection),
            service_search(stub, queries, selection, search_pb2.SEARCH_ORDER_NEWEST_FIRST),
        ]
        found = share_found(await _all(searches[0], len(queries)), right)
        usual_found = share_found(await _all(searches[2], len(queries)), right)
        service, window, usual, newest = await in_turns(searches, len(queries))
        over = service.p50 - window.p50
        target = "met" if over <= window.p50 * _ALLOWED_SHARE + _ALLOWED_MS else "missed"
        print(
            f"| {selection.title} | {_percent(kept)} | {found:.3f} | {service.p50:.1f} ms | {service.p99:.1f} ms "
            f"| {window.p50:.1f} ms | {window.p99:.1f} ms | {over:+.1f} ms, {over / window.p50:+.0%} | {target} |"
        )
        [facets] = await in_turns([facet_counts(stub, selection)], min(_FACET_CALLS, len(queries)))
        times = " | ".join(f"{kind.p50:.1f} ms" for kind in (usual, newest, facets))
        further.append(f"| {selection.title} | {usual_found:.3f} | {times} |")
    print("\n| filter | k = 50, 100 candidates: recall@10 | p50 | newest first p50 | GetFacets p50 |")
    print("\n".join(["| --- | --- | --- | --- | --- |", *further]))
    _print_sizes(await cluster.sizes(), len(task.made.values))


async def _all(search: Search, count: int) -> list[list[int]]:
    return [await search(number) for number in range(count)]


def _print_sizes(sizes: Sizes, count: int) -> None:
    print("\n| | MB | bytes a photo |")
    print("| --- | --- | --- |")
    off_heap = sizes.off_heap
    rows = {
        f"disk ({sizes.segments} segments)": sizes.disk,
        "exact vectors": off_heap["vec"],
        "quantised vectors": off_heap["veq"] + off_heap["veb"],
        "graph": off_heap["vex"],
        f"heap in use, of {sizes.heap_limit / _MEGABYTE:,.0f} MB": sizes.heap,
        "resident memory of the node": sizes.resident,
        "of it mapped files": sizes.resident_files,
    }
    for title, size in rows.items():
        print(f"| {title} | {size / _MEGABYTE:,.0f} | {size / count:,.0f} |")


def _percent(share: float) -> str:
    return f"{np.format_float_positional(100 * share, precision=2, fractional=False, trim='-')} %"
