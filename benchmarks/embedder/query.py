"""What the services add to a search by text: GET /api/v1/search beside the text encoder and the kNN search alone.

Alone means: the same form of the model and the same kNN search, for as many hits and with the facts of as many photos,
as plain calls of their libraries. The two take turns; each asks for a text that was not asked for before, as the
embedder and the gateway remember texts.
"""

from __future__ import annotations  # the stub has no parameters at runtime

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import typer

from benchmarks.elastic_cluster import Cluster, open_cluster
from benchmarks.embedder import bare as bare_runtime
from benchmarks.embedder.inputs import query_text
from benchmarks.embedder.lance import nearest_in_folder
from benchmarks.embedder.load import Answers
from benchmarks.embedder.machine import PinnedProcess, other_cores, print_machine, running_on
from benchmarks.embedder.neighbours import gateway_running, search_running
from benchmarks.embedder.options import (
    ALL_PRECISIONS,
    CACHE,
    FIRST_CORE,
    CacheDir,
    CoreNumbers,
    Device,
    EmbedderOptions,
    Model,
    Precisions,
    TextModel,
    parse_precisions,
)
from benchmarks.embedder.process import embedder_service
from benchmarks.made_photos import SELECTIONS, MadePhotos
from benchmarks.made_vectors import unit, with_noise
from benchmarks.search_process import fill
from benchmarks.search_times import PAGE, window_search
from grpc_runtime.channels import open_channel
from grpc_runtime.telemetry import configure_logging
from imagesearch.search.v1 import search_pb2_grpc

_ALLOWED_TIMES, _ALLOWED_MS = 1.15, 3.0
_CENTRES = 200
_WARM_UP = 10
_FILL_SECONDS = 600.0
# Of the embedded index: so that both sides compare all vectors.
_EXACT = {"SEARCH_BACKEND": "embedded", "SEARCH_EMBEDDED_VECTOR_INDEX_FROM": "1000000000"}

# Milliseconds of a kNN search for a vector.
Nearest = Callable[[Sequence[float]], Awaitable[float]]


@dataclass(frozen=True)
class Asked:
    """Milliseconds of each query: through the gateway, and the text encoder and the kNN search alone."""

    gateway: list[float]
    encoder: list[float]
    nearest: list[float]


def run(
    *,
    model: Model = "",
    text_model: TextModel = "",
    cache_dir: CacheDir = CACHE,
    cores: CoreNumbers = FIRST_CORE,
    precision: Precisions = ALL_PRECISIONS,
    device: Device = "cpu",
    count: Annotated[int, typer.Option(help="How many photos the index has.")] = 20_000,
    queries: Annotated[int, typer.Option(help="How many texts are searched for.")] = 300,
    elasticsearch: Annotated[
        str, typer.Option(metavar="HOSTS", help="A cluster to search in; without it, the index in a folder.")
    ] = "",
) -> None:
    """Prints p50 and p99 of a search by text through all services, and of its two parts alone."""
    configure_logging("console", "warning")
    options = EmbedderOptions.make(model, text_model, cache_dir, cores, device)
    load_cores = other_cores(options.cores)
    print_machine(options.cores, load_cores)
    index = "Elasticsearch, whose own cores are not set" if elasticsearch else "the index in a folder, exact search"
    print(f"{count:,} photos in {index}; {queries} texts; pages of {PAGE}\n")
    print("| form | encoder p50 | p99 | kNN p50 | p99 | sum p50 | p99 | gateway p50 | p99 | target p50 | p99 |")
    print("| --- " * 11 + "|")
    with running_on(load_cores):
        for each in parse_precisions(precision):
            asyncio.run(_measure(options.with_precision(each), count, queries, elasticsearch))


async def _measure(options: EmbedderOptions, count: int, queries: int, hosts: str) -> None:
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(embedder_service(options))
        bare = stack.enter_context(PinnedProcess(options.cores))
        cluster = await stack.enter_async_context(open_cluster(hosts, "", "")) if hosts else None
        settings = cluster.environment if cluster else _EXACT
        search = await stack.enter_async_context(search_running(options.cores, settings))
        await _fill(search.address, service.model.id, service.model.dimensions, count)
        nearest = _of_cluster(cluster) if cluster else _of_folder(bare, f"{search.folder}")
        session = await stack.enter_async_context(gateway_running(options.cores, service.address, search.address))

        async def ask(number: int) -> float:
            started = time.perf_counter()
            parameters = {"q": query_text(number), "page_size": str(PAGE)}
            async with session.get("/api/v1/search", params=parameters) as answer:
                content = await answer.read()
                assert answer.ok, content
            return 1_000 * (time.perf_counter() - started)

        asked = Asked([], [], [])
        for number in range(-_WARM_UP, queries):
            gateway = await ask(number + _WARM_UP) if number % 2 else 0.0
            vector, encoder = await bare.run(bare_runtime.text_vector, options, query_text(number + _WARM_UP))
            knn = await nearest(vector)
            gateway = gateway or await ask(number + _WARM_UP)
            if number >= 0:
                asked.gateway.append(gateway)
                asked.encoder.append(encoder)
                asked.nearest.append(knn)
    _print_row(f"{options.precision}: {service.form}", asked)


def _print_row(title: str, asked: Asked) -> None:
    added = [one + other for one, other in zip(asked.encoder, asked.nearest, strict=True)]
    kinds = [Answers(1, each) for each in (asked.encoder, asked.nearest, added, asked.gateway)]
    cells = [f"{number:.1f} ms" for kind in kinds for number in (kind.p50, kind.p99)]
    for alone, whole in ((kinds[2].p50, kinds[3].p50), (kinds[2].p99, kinds[3].p99)):
        allowed = _ALLOWED_TIMES * alone + _ALLOWED_MS
        cells.append(f"{allowed:.1f} ms {'met' if whole <= allowed else 'missed'}")
    print(f"| {title} | {' | '.join(cells)} |")


async def _fill(address: str, model: str, dimensions: int, count: int) -> None:
    chance = np.random.default_rng(0)
    centres = unit(chance.normal(size=(_CENTRES, dimensions)))
    clusters = chance.integers(0, _CENTRES, count)
    async with open_channel(address, idempotent={}, default_timeout=_FILL_SECONDS) as channel:
        stub = search_pb2_grpc.SearchServiceStub(channel)
        await fill(stub, MadePhotos(clusters), with_noise(centres[clusters], chance), model)


def _of_folder(bare: PinnedProcess, folder: str) -> Nearest:
    async def search(vector: Sequence[float]) -> float:
        return await bare.run(nearest_in_folder, folder, vector)

    return search


def _of_cluster(cluster: Cluster) -> Nearest:
    async def search(vector: Sequence[float]) -> float:
        once = window_search(cluster, np.asarray([vector], np.float32), SELECTIONS[0])
        started = time.perf_counter()
        await once(0)
        return 1_000 * (time.perf_counter() - started)

    return search
