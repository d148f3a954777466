"""What the embedder serves to so many callers at once, beside the same model in a loop and beside infinity-emb.

All three have the same weights and cores, and take turns. Decoding and preprocessing count on every side.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from benchmarks.embedder import bare as bare_runtime
from benchmarks.embedder.calls import image_calls, text_calls
from benchmarks.embedder.infinity import infinity
from benchmarks.embedder.inputs import query_text, sent_pictures
from benchmarks.embedder.load import Answers, Call, closed_loop, together
from benchmarks.embedder.machine import PinnedProcess, other_cores, print_machine, running_on
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
from grpc_runtime.telemetry import configure_logging

_DEADLINE_SECONDS = 120.0
# A caller of this benchmark waits as long as it takes.
_PATIENT = {"EMBEDDER_MAX_WAIT_SECONDS": str(_DEADLINE_SECONDS)}


@dataclass(frozen=True)
class Plan:
    """How it is measured."""

    callers: Sequence[int]
    seconds: float
    rounds: int
    bare_batch: int


def run(
    *,
    model: Model = "",
    text_model: TextModel = "",
    cache_dir: CacheDir = CACHE,
    cores: CoreNumbers = FIRST_CORE,
    precision: Precisions = "",
    device: Device = "cpu",
    callers: Annotated[list[int] | None, typer.Option(help="How many at once; may be given several times.")] = None,
    seconds: Annotated[float, typer.Option(help="For each of them, in each round.")] = 10.0,
    rounds: Annotated[int, typer.Option(help="How often they take turns.")] = 3,
    bare_batch: Annotated[int, typer.Option(help="How many the loop without a service embeds together.")] = 8,
    infinity_command: Annotated[
        Path | None, typer.Option("--infinity", help="The command infinity_emb, to compare with it.")
    ] = None,
    infinity_dtype: Annotated[str, typer.Option(help="What infinity computes in.")] = "float32",
) -> None:
    """Prints images and texts a second, p50 and p99 for 1 to 64 callers at once."""
    configure_logging("console", "warning")
    options = EmbedderOptions.make(model, text_model, cache_dir, cores, device)
    plan = Plan(callers or [1, 4, 16, 64], seconds, rounds, bare_batch)
    load_cores = other_cores(options.cores)
    print_machine(options.cores, load_cores)
    print(f"{rounds} rounds of {seconds:g} s; the loop without a service embeds {bare_batch} at once")
    with running_on(load_cores):
        for each in parse_precisions(precision or ("auto" if device == "cuda" else ALL_PRECISIONS)):
            asyncio.run(_measure(options.with_precision(each), plan, infinity_command, infinity_dtype))


async def _measure(options: EmbedderOptions, plan: Plan, command: Path | None, dtype: str) -> None:
    numbers = count()
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(embedder_service(options, _PATIENT))
        images = {
            "embedder": await stack.enter_async_context(
                image_calls(service.address, sent_pictures(), _DEADLINE_SECONDS)
            )
        }
        texts = {
            "embedder": await stack.enter_async_context(text_calls(service.address, query_text, _DEADLINE_SECONDS))
        }
        if command:
            other = await stack.enter_async_context(infinity(command, options, dtype))
            images["infinity"] = other.image_calls(sent_pictures())
            texts["infinity"] = other.text_calls(query_text)
        bare = stack.enter_context(PinnedProcess(options.cores))
        print(f"\n{options.precision}: {service.form}; the loop: {await bare.run(bare_runtime.form, options)}")

        async def bare_images() -> float:
            function = bare_runtime.images_per_second
            return await bare.run(function, options, sent_pictures(), plan.bare_batch, plan.seconds)

        async def bare_texts() -> float:
            return await bare.run(bare_runtime.texts_per_second, options, plan.bare_batch, plan.seconds)

        for kind, calls, alone in (("images", images, bare_images), ("texts", texts, bare_texts)):
            _print_heading(kind, list(calls))
            for callers in plan.callers:
                taken: dict[str, list[Answers]] = {name: [] for name in calls}
                loop: list[float] = []
                for _ in range(plan.rounds):
                    loop.append(await alone())
                    for name, answers in (await _round(calls, numbers, callers, plan.seconds)).items():
                        taken[name].append(answers)
                _print_row(callers, loop, taken)


async def _round(calls: Mapping[str, Call], numbers: Iterator[int], callers: int, seconds: float) -> dict[str, Answers]:
    return {name: await closed_loop(call, numbers, callers, seconds) for name, call in calls.items()}


def _print_heading(kind: str, servers: Sequence[str]) -> None:
    heads = [f"callers, {kind}", "the loop"]
    heads += [head for name in servers for head in (name, "p50", "p99")]
    heads += ["embedder / loop", *(f"embedder / {name}" for name in servers if name != "embedder"), "not answered"]
    print(f"\n| {' | '.join(heads)} |\n{'| --- ' * len(heads)}|")


def _print_row(callers: int, loop: Sequence[float], taken: Mapping[str, Sequence[Answers]]) -> None:
    cells = [f"{callers}", f"{median(loop):.1f}/s"]
    for rounds in taken.values():
        all_of_them = together(rounds)
        cells += [f"{all_of_them.per_second:.1f}/s", f"{all_of_them.p50:.0f} ms", f"{all_of_them.p99:.0f} ms"]
    own = [answers.per_second for answers in taken["embedder"]]
    # Ratios are of what ran next to each other.
    cells.append(f"{median(mine / alone for mine, alone in zip(own, loop, strict=True)):.0%}")
    for name, rounds in taken.items():
        if name != "embedder":
            ratios = [mine / max(each.per_second, 1e-9) for mine, each in zip(own, rounds, strict=True)]
            cells.append(f"{median(ratios):.2f}")
    cells.append(f"{sum(together(rounds).failed for rounds in taken.values())}")
    print(f"| {' | '.join(cells)} |")
