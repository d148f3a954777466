"""Whether the embedder's memory stays the same however long a stream of pictures is."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from typing import Annotated

import typer

from benchmarks.embedder.inputs import small_pictures
from benchmarks.embedder.machine import other_cores, print_machine, resident_bytes, running_on
from benchmarks.embedder.options import (
    CACHE,
    FIRST_CORE,
    CacheDir,
    CoreNumbers,
    EmbedderOptions,
    Precision,
    TextModel,
    replica,
)
from benchmarks.embedder.process import embedder_service, open_connection
from grpc_runtime.telemetry import configure_logging
from imagesearch.embedder.v1 import embedder_pb2

_SHARES = (0.01, 0.1, 0.25, 0.5, 0.75, 1.0)
_MEGABYTE = 1_000_000


def run(
    *,
    model: Annotated[
        str, typer.Option(help="As EMBEDDER_MODEL. Without it, a tiny CLIP with random weights, as it ends in minutes.")
    ] = "",
    text_model: TextModel = "",
    cache_dir: CacheDir = CACHE,
    cores: CoreNumbers = FIRST_CORE,
    precision: Precision = "auto",
    count: Annotated[int, typer.Option(help="How many pictures.")] = 100_000,
) -> None:
    """Prints the embedder's resident memory during one long stream of small pictures."""
    configure_logging("console", "warning")
    if not model:
        model, text_model = replica(cache_dir / "replica-tiny", "tiny")
    options = EmbedderOptions.make(model, text_model, cache_dir, cores).with_precision(precision)
    load_cores = other_cores(options.cores)
    print_machine(options.cores, load_cores)
    with running_on(load_cores):
        asyncio.run(_measure(options, count))


async def _measure(options: EmbedderOptions, count: int) -> None:
    pictures = small_pictures()
    marks = {max(1, round(share * count)) for share in _SHARES}

    async def requests() -> AsyncIterator[embedder_pb2.EmbedImagesRequest]:
        for number in range(count):
            yield embedder_pb2.EmbedImagesRequest(key=str(number), image=pictures[number % len(pictures)])

    async with embedder_service(options) as service, open_connection(service.address) as stub:
        print(f"{service.form}; one stream of {count:,} JPEGs of 64x48 pixels\n")
        print("| answered | embedder | more than after the first hundredth | sender | pictures a second |")
        print("| --- | --- | --- | --- | --- |")
        print(f"| 0 | {service.resident_bytes() / _MEGABYTE:,.0f} MB | | {_own() / _MEGABYTE:,.0f} MB | |")
        answered, first = 0, 0
        started = time.perf_counter()
        async for answer in stub.EmbedImages(requests()):
            assert answer.WhichOneof("result") == "embedding", answer.error.message
            answered += 1
            if answered in marks:
                now = service.resident_bytes()
                first = first or now
                print(
                    f"| {answered:,} | {now / _MEGABYTE:,.0f} MB | {(now - first) / _MEGABYTE:+,.1f} MB "
                    f"| {_own() / _MEGABYTE:,.0f} MB | {answered / (time.perf_counter() - started):,.0f} |"
                )
        assert answered == count, f"{answered} of {count} were answered"


def _own() -> int:
    return resident_bytes(os.getpid())
