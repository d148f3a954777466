"""What the embedder does when many times more is asked of it than it can do.

Calls come at random times, whether or not those before were answered, each with the same deadline. Goodput is what is
answered within it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Annotated, Literal

import typer

from benchmarks.embedder.calls import image_calls, text_calls
from benchmarks.embedder.inputs import query_text, sent_pictures
from benchmarks.embedder.load import Arrivals, Call, End, closed_loop, open_loop, percentile
from benchmarks.embedder.machine import other_cores, print_machine, running_on
from benchmarks.embedder.options import (
    CACHE,
    FIRST_CORE,
    CacheDir,
    CoreNumbers,
    Device,
    EmbedderOptions,
    Model,
    Precision,
    TextModel,
)
from benchmarks.embedder.process import Service, embedder_service
from grpc_runtime.telemetry import configure_logging

_ALLOWED_SHARE, _ALLOWED_MS = 0.8, 50.0
_CALLERS = 16
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Load:
    """So many times the capacity is asked for; times are in seconds."""

    kind: Literal["image", "text"]
    times: float
    seconds: float
    deadline: float


def run(
    *,
    model: Model = "",
    text_model: TextModel = "",
    cache_dir: CacheDir = CACHE,
    cores: CoreNumbers = FIRST_CORE,
    precision: Precision = "auto",
    device: Device = "cpu",
    kind: Annotated[Literal["image", "text"], typer.Option(help="What is asked for.")] = "image",
    times: Annotated[float, typer.Option(help="How many times the capacity is asked for.")] = 10.0,
    seconds: Annotated[float, typer.Option(help="For how long.")] = 60.0,
    deadline: Annotated[float, typer.Option(help="Seconds within which each caller wants its answer.")] = 2.0,
    capacity_seconds: Annotated[float, typer.Option(help="For how long the capacity is measured first.")] = 15.0,
) -> None:
    """Prints goodput, how fast refusals are, and memory, at a multiple of the capacity."""
    configure_logging("console", "warning")
    options = EmbedderOptions.make(model, text_model, cache_dir, cores, device).with_precision(precision)
    load_cores = other_cores(options.cores)
    print_machine(options.cores, load_cores)
    with running_on(load_cores):
        asyncio.run(_measure(options, Load(kind, times, seconds, deadline), capacity_seconds))


async def _measure(options: EmbedderOptions, load: Load, capacity_seconds: float) -> None:
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(embedder_service(options))
        patient = await stack.enter_async_context(_calls(service, load.kind, 60.0))
        urgent = await stack.enter_async_context(_calls(service, load.kind, load.deadline))
        numbers = count()
        before = await closed_loop(patient, numbers, _CALLERS, capacity_seconds)
        capacity = before.per_second
        print(f"\n{service.form}; capacity {capacity:.1f} {load.kind}s a second, measured with {_CALLERS} callers")
        print(f"{load.times:g} times as many are asked for during {load.seconds:g} s, each within {load.deadline:g} s")
        resident = [service.resident_bytes()]
        watching = asyncio.create_task(_watch(service, resident, load.seconds / 4))
        first = next(numbers)
        arrivals = await open_loop(lambda number: urgent(first + number), load.times * capacity, load.seconds)
        watching.cancel()
        resident.append(service.resident_bytes())
        after = await closed_loop(patient, count(next(numbers) + len(arrivals.delays)), _CALLERS, capacity_seconds)
    _print_ends(arrivals, load.seconds)
    goodput = len(arrivals.milliseconds[End.ANSWERED]) / load.seconds
    refusals = percentile(arrivals.milliseconds[End.REFUSED], 99)
    print("\n| | | target |\n| --- | --- | --- |")
    print(f"| goodput / capacity | {goodput / capacity:.0%} | {_target(goodput >= _ALLOWED_SHARE * capacity)} |")
    print(f"| refusals, p99 | {refusals:.1f} ms | {_target(refusals < _ALLOWED_MS)} |")
    print(f"| capacity afterwards | {after.per_second:.1f}/s | |")
    print(f"| resident memory, from start to end | {', '.join(f'{each / _MEGABYTE:,.0f}' for each in resident)} MB | |")
    print(f"| calls sent late, p99 | {percentile(arrivals.delays, 99):.0f} ms | |")


@asynccontextmanager
async def _calls(service: Service, kind: str, timeout: float) -> AsyncIterator[Call]:
    calls = (
        text_calls(service.address, query_text, timeout)
        if kind == "text"
        else image_calls(service.address, sent_pictures(), timeout)
    )
    async with calls as call:
        yield call


async def _watch(service: Service, resident: list[int], pause: float) -> None:
    while True:
        await asyncio.sleep(pause)
        resident.append(service.resident_bytes())


def _print_ends(arrivals: Arrivals, seconds: float) -> None:
    print("\n| calls | a second | share | p50 | p99 |\n| --- | --- | --- | --- | --- |")
    for end, taken in arrivals.milliseconds.items():
        share = len(taken) / max(1, len(arrivals.delays))
        times = f"{percentile(taken, 50):.1f} ms | {percentile(taken, 99):.1f} ms" if taken else " | "
        print(f"| {end.value} | {len(taken) / seconds:.1f} | {share:.1%} | {times} |")


def _target(met: bool) -> str:
    return "met" if met else "missed"
