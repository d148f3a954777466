"""How fast photos of 12 megapixels are indexed end to end, beside the original tool's loop, and where the time goes.

End to end is `python -m indexer FOLDER` with an embedder and a search service (embedded index), all on the same cores.
What the indexer takes for a folder of one photo, mostly to start, is stated and taken off before photos are counted.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from benchmarks.embedder import bare as bare_runtime
from benchmarks.embedder import seed as original_loop
from benchmarks.embedder.bare import Parts
from benchmarks.embedder.inputs import write_photos
from benchmarks.embedder.machine import Cores, PinnedProcess, names, other_cores, print_machine, running_on
from benchmarks.embedder.neighbours import Search, search_running
from benchmarks.embedder.options import (
    ALL_PRECISIONS,
    CACHE,
    CacheDir,
    EmbedderOptions,
    Model,
    Precisions,
    TextModel,
    parse_precisions,
)
from benchmarks.embedder.process import Service, embedder_service
from embedder_service.forms.form import Precision
from grpc_runtime.telemetry import configure_logging


@dataclass(frozen=True)
class Task:
    """What is done in each round: all photos of FOLDER/photos are indexed, and the one of FOLDER/one."""

    folder: Path
    seed_photos: int
    rounds: int


@dataclass(frozen=True)
class Round:
    """What one round gave, in milliseconds."""

    seed: float
    """A photo in the original tool's loop."""
    start: float
    """The indexer, for one photo."""
    photo: float
    """Each further photo."""
    batch: int
    """Of how many photos the model's batches were, on average."""
    parts: Parts


def run(
    *,
    model: Model = "",
    text_model: TextModel = "",
    cache_dir: CacheDir = CACHE,
    cores: Annotated[
        list[str] | None, typer.Option(help="What all runs on, as 0 or 0,1; may be given several times.")
    ] = None,
    precision: Precisions = ALL_PRECISIONS,
    count: Annotated[int, typer.Option(help="How many photos are indexed in a round.")] = 96,
    seed_photos: Annotated[
        int, typer.Option(help="How many the original loop takes in a round; 0 leaves it out.")
    ] = 12,
    rounds: Annotated[int, typer.Option(help="How often all of it is done, in turns; the table has the medians.")] = 3,
) -> None:
    """Prints photos a second of indexing beside the original tool's loop, and the parts of a photo's time."""
    configure_logging("console", "warning")
    available = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        files = write_photos(Path(folder) / "photos", count)
        write_photos(Path(folder) / "one", 1)
        size = sum(file.stat().st_size for file in files) / len(files) / 1e6
        print(f"{count} JPEGs of 12 megapixels, {size:.1f} MB each, in the page cache; medians of {rounds} rounds")
        for chosen in cores or dict.fromkeys([names({available[0]}), names(set(available[:2]))]):
            options = EmbedderOptions.make(model, text_model, cache_dir, chosen)
            asyncio.run(_measure(options, parse_precisions(precision), Task(Path(folder), seed_photos, rounds)))


async def _measure(options: EmbedderOptions, precisions: Sequence[Precision], task: Task) -> None:
    cores = options.cores
    print()
    print_machine(cores, cores)
    print("\n| cores | form | original loop | indexer | times the loop | indexer's start | with it, times the loop |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    further = []
    for precision in precisions:
        chosen = options.with_precision(precision)
        async with embedder_service(chosen) as service:
            with running_on(other_cores(cores)), PinnedProcess(cores) as seed, PinnedProcess(cores) as bare:
                taken = [await _round(chosen, service, task, seed, bare) for _ in range(task.rounds)]
        count = len(list((task.folder / "photos").iterdir()))
        loop, photo, start = (median(getattr(each, name) for each in taken) for name in ("seed", "photo", "start"))
        # Ratios are of what ran next to each other.
        times = median(each.seed / each.photo for each in taken)
        whole = median(each.seed * count / (each.start + each.photo * (count - 1)) for each in taken)
        print(
            f"| {len(cores)} | {precision}: {service.form} | {_a_second(loop)} | {_a_second(photo)} | {times:.1f} "
            f"| {start / 1_000:.1f} s | {whole:.1f} |"
        )
        further.append(_parts_row(len(cores), precision, taken))
    titles = [f"{step.name.replace('_', ' ')}" for step in fields(Parts)]
    heads = ["cores", "form", "batch", *titles, "sum for these cores", "a photo end to end", "sum / end to end"]
    print(f"\n| {' | '.join(heads)} |")
    print("| --- " * len(heads) + "|")
    print("\n".join(further))


async def _round(
    options: EmbedderOptions, service: Service, task: Task, seed: PinnedProcess, bare: PinnedProcess
) -> Round:
    files = sorted((task.folder / "photos").iterdir())
    loop = [float("nan")]
    if task.seed_photos:
        loop = await seed.run(
            original_loop.milliseconds_a_photo, options.model, len(options.cores), files[: task.seed_photos]
        )
    before = await service.sums("embedder_batch_size", "bulk_image")
    async with search_running(options.cores, {"SEARCH_BACKEND": "embedded"}) as search:
        start = await _index(options.cores, service, search, task.folder / "one")
        whole = await _index(options.cores, service, search, task.folder / "photos")
    batch = round((await service.sums("embedder_batch_size", "bulk_image")).mean_since(before))
    parts = await bare.run(bare_runtime.parts, options, files[: max(task.seed_photos, 8)], max(1, batch))
    photo = (whole - start) / max(1, len(files) - 1)
    return Round(sum(loop) / len(loop), start, photo, batch, parts)


async def _index(cores: Cores, service: Service, search: Search, photos: Path) -> float:
    """Milliseconds of an indexer from its start to its end."""
    started = time.perf_counter()
    with running_on(cores):
        indexer = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "indexer", os.fspath(photos), "--quiet", "--readers", str(len(cores))),
            *("--embedder", service.address, "--search", search.address),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    _, output = await indexer.communicate()
    taken = 1_000 * (time.perf_counter() - started)
    if indexer.returncode:
        typer.echo(output.decode(errors="replace"), err=True)
        raise typer.Exit(1)
    return taken


def _parts_row(cores: int, precision: str, rounds: Sequence[Round]) -> str:
    steps = [f"{median(getattr(each.parts, step.name) for each in rounds):.1f} ms" for step in fields(Parts)]
    total = median(each.parts.total(cores) for each in rounds)
    photo = median(each.photo for each in rounds)
    share = median(each.parts.total(cores) / each.photo for each in rounds)
    batch = median(each.batch for each in rounds)
    return (
        f"| {cores} | {precision} | {batch:.0f} | {' | '.join(steps)} | {total:.1f} ms | {photo:.1f} ms | {share:.0%} |"
    )


def _a_second(milliseconds: float) -> str:
    return f"{1_000 / milliseconds:.1f}/s"
