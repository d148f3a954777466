"""Very many small photos: whether the indexer's memory stays flat, how fast it checks, and where the time goes.

The embedder is one without a model, so that the indexer and the search service are what limits. The index is a folder.
"""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.embedder.inputs import write_small_photos
from benchmarks.embedder.machine import print_machine
from benchmarks.indexer.measured_run import MeasuredRun, measured_run
from tests.integration.processes import Services, make_services

_MEGABYTE = 1_000_000
_PROGRAMS = ("indexer", "embedder", "search")


def run(
    *,
    count: Annotated[int, typer.Option(help="How many photos the large folder holds.")] = 100_000,
    small: Annotated[int, typer.Option(help="How many the small one holds, and how many are moved.")] = 10_000,
    folder: Annotated[
        Path | None, typer.Option(help="Where photos and index are made. Default: a temporary one.")
    ] = None,
) -> None:
    """Prints time, processor time by program and the indexer's memory for a first run and later ones."""
    cores = frozenset(os.sched_getaffinity(0))
    print_machine(cores, cores)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        asyncio.run(_run(Path(made), count, small))


async def _run(folder: Path, count: int, small: int) -> None:
    services = make_services(folder, seconds_a_picture=0)
    try:
        await services.start()
        await _measure(services, folder, count, small)
    finally:
        services.stop()


async def _measure(services: Services, folder: Path, count: int, small: int) -> None:
    programs = " | ".join(f"{name}, CPU" for name in _PROGRAMS)
    print(f"\n| run | files | s | files/s | embedded | copied | unchanged | indexer, peak | {programs} |")
    print("| --- " * (8 + len(_PROGRAMS)) + "|")
    one, few, many = folder / "one", folder / "few", folder / "many"
    write_small_photos(one, 1)
    write_small_photos(few, small)
    write_small_photos(many, count)
    _print("one photo (what each run takes to start)", 1, await measured_run(services, one))
    at_small = await measured_run(services, few)
    _print("first", small, at_small)
    at_count = await measured_run(services, many)
    _print("first", count, at_count)
    _print("second, nothing changed", count, await measured_run(services, many))
    moved = _move(many, small)
    _print(f"{moved:,} moved to another folder", count, await measured_run(services, many, "--prune"))
    _print("third, nothing changed", count, await measured_run(services, many))
    growth = at_count.peak_bytes / at_small.peak_bytes - 1
    print(f"\nThe indexer's peak memory for {count:,} photos is {growth:+.1%} of that for {small:,}.")


def _move(folder: Path, count: int) -> int:
    """Moves whole folders with so many photos or a few more."""
    moved = 0
    (folder / "moved").mkdir()
    for part in sorted(path for path in folder.iterdir() if path.name != "moved"):
        if moved >= count:
            break
        moved += sum(1 for _ in part.iterdir())
        part.rename(folder / "moved" / part.name)
    return moved


def _print(title: str, files: int, measured: MeasuredRun) -> None:
    counts = " | ".join(f"{measured.counts[name]:,}" for name in ("embedded", "copied", "unchanged"))
    cpu = " | ".join(f"{measured.cpu[name]:.1f} s" for name in _PROGRAMS)
    print(
        f"| {title} | {files:,} | {measured.seconds:.1f} | {files / measured.seconds:,.0f} | {counts} "
        f"| {measured.peak_bytes / _MEGABYTE:,.0f} MB | {cpu} |",
        flush=True,
    )
