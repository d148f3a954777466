"""How long a person's text waits while indexers keep the embedder busy."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Annotated

import typer

from benchmarks.embedder.calls import text_calls
from benchmarks.embedder.inputs import query_text, sent_pictures
from benchmarks.embedder.load import Answers, Call, End
from benchmarks.embedder.machine import other_cores, print_machine, running_on
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
from benchmarks.embedder.process import Service, embedder_service, open_connection
from grpc_runtime.telemetry import configure_logging
from imagesearch.embedder.v1 import embedder_pb2

_DEADLINE_SECONDS = 60.0
_ALLOWED_MS = 150.0


@dataclass
class Bulk:
    """Streams of pictures that never end."""

    answered: int = 0


def run(
    *,
    model: Model = "",
    text_model: TextModel = "",
    cache_dir: CacheDir = CACHE,
    cores: CoreNumbers = FIRST_CORE,
    precision: Precisions = ALL_PRECISIONS,
    device: Device = "cpu",
    streams: Annotated[int, typer.Option(help="How many indexers send pictures as fast as they are taken.")] = 4,
    texts: Annotated[int, typer.Option(help="How many texts are timed, idle and under load.")] = 300,
    pause: Annotated[float, typer.Option(help="Seconds between a text's answer and the next text.")] = 0.1,
    warm_up: Annotated[float, typer.Option(help="Seconds that the streams run before it is measured.")] = 5.0,
) -> None:
    """Prints p50 and p99 of a text, idle and while pictures are streamed, and the pictures a second."""
    configure_logging("console", "warning")
    options = EmbedderOptions.make(model, text_model, cache_dir, cores, device)
    load_cores = other_cores(options.cores)
    print_machine(options.cores, load_cores)
    print(f"{streams} streams, {texts} texts in each state, {pause:g} s between them\n")
    print(
        "| form | idle p50 | p99 | pictures alone | with texts | p50 | p99 | longest | p99 over idle | target "
        "| a batch of pictures takes |"
    )
    print("| --- " * 11 + "|")
    with running_on(load_cores):
        for each in parse_precisions(precision):
            asyncio.run(_measure(options.with_precision(each), streams, texts, pause, warm_up))


async def _measure(options: EmbedderOptions, streams: int, texts: int, pause: float, warm_up: float) -> None:
    numbers = count()
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(embedder_service(options))
        call = await stack.enter_async_context(text_calls(service.address, query_text, _DEADLINE_SECONDS))
        await _ask(call, [next(numbers) for _ in range(5)], 0)
        idle = await _ask(call, [next(numbers) for _ in range(texts)], pause)
        async with _bulk(service, streams) as bulk:
            await asyncio.sleep(warm_up)
            alone = await _rate(bulk, max(warm_up, 1.0))
            before, started, done = (
                bulk.answered,
                time.perf_counter(),
                await service.sums("embedder_model_seconds", "bulk_image"),
            )
            busy = await _ask(call, [next(numbers) for _ in range(texts)], pause)
            beside = (bulk.answered - before) / (time.perf_counter() - started)
            batch = 1_000 * (await service.sums("embedder_model_seconds", "bulk_image")).mean_since(done)
    over = busy.p99 - idle.p99
    times = (busy.p50, busy.p99, max(busy.milliseconds, default=0.0))
    print(
        f"| {options.precision}: {service.form} | {idle.p50:.0f} ms | {idle.p99:.0f} ms | {alone:.1f}/s "
        f"| {beside:.1f}/s | {' | '.join(f'{each:.0f} ms' for each in times)} | {over:+.0f} ms "
        f"| {'met' if over <= _ALLOWED_MS and not busy.failed else 'missed'} | {batch:.0f} ms |"
    )
    if failed := idle.failed + busy.failed:
        print(f"{failed} texts were not answered")


async def _ask(call: Call, numbers: Sequence[int], pause: float) -> Answers:
    """One text after another."""
    taken = []
    begin = time.perf_counter()
    for number in numbers:
        started = time.perf_counter()
        if await call(number) is End.ANSWERED:
            taken.append(1_000 * (time.perf_counter() - started))
        await asyncio.sleep(pause)
    return Answers(time.perf_counter() - begin, taken, len(numbers) - len(taken))


async def _rate(bulk: Bulk, seconds: float) -> float:
    before, started = bulk.answered, time.perf_counter()
    await asyncio.sleep(seconds)
    return (bulk.answered - before) / (time.perf_counter() - started)


@asynccontextmanager
async def _bulk(service: Service, streams: int) -> AsyncIterator[Bulk]:
    bulk = Bulk()
    pictures = sent_pictures()

    async def requests() -> AsyncIterator[embedder_pb2.EmbedImagesRequest]:
        for number in count():
            yield embedder_pb2.EmbedImagesRequest(key=str(number), image=pictures[number % len(pictures)])

    async def stream() -> None:
        async with open_connection(service.address) as stub:
            async for answer in stub.EmbedImages(requests()):
                assert answer.WhichOneof("result") == "embedding", answer.error.message
                bulk.answered += 1

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(stream()) for _ in range(streams)]
        yield bulk
        for task in tasks:
            task.cancel()
