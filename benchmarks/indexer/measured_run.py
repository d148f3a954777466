"""One run of `python -m indexer`, measured from outside: time, processor time and memory, of it and of the services."""

import asyncio
import os
import re
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import typer

from benchmarks.embedder.machine import peak_resident_bytes
from tests.integration.processes import Process, Services

_LONGEST_SECONDS = 3_600.0
_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE_SECONDS = 0.05
_COUNTS = {
    "embedded": re.compile(r"([\d,]+) embedded and written"),
    "copied": re.compile(r"([\d,]+) written with a vector"),
    "unchanged": re.compile(r"([\d,]+) unchanged"),
}


@dataclass(frozen=True)
class MeasuredRun:
    """What one run did and took. Times are in seconds; `cpu` is processor time by program."""

    seconds: float
    cpu: dict[str, float]
    peak_bytes: int
    """The indexer's most resident memory."""
    counts: dict[str, int]


async def measured_run(services: Services, folder: Path, *options: str) -> MeasuredRun:
    """Runs the indexer over a folder to its end. Ends the benchmark if the run fails."""
    before = _cpu_seconds(services)
    started = time.perf_counter()
    indexer = await services.start_indexer(folder, "--quiet", *options)
    ending = asyncio.ensure_future(indexer.ended(_LONGEST_SECONDS))
    peak = 0
    while not ending.done():
        peak = peak_resident_bytes(indexer.process.pid) or peak
        await asyncio.wait({ending}, timeout=_SAMPLE_SECONDS)
    seconds = time.perf_counter() - started
    ended = await ending
    if ended.code:
        typer.echo(ended.output, err=True)
        raise typer.Exit(1)
    cpu = {name: after - before[name] for name, after in _cpu_seconds(services).items()}
    return MeasuredRun(seconds, cpu, peak, _counts(ended.output))


def _cpu_seconds(services: Services) -> dict[str, float]:
    """Processor time so far, by program. The indexers are the only children that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "indexer": ended.ru_utime + ended.ru_stime,
        "embedder": _cpu_seconds_of(services.embedder),
        "search": _cpu_seconds_of(services.search),
    }


def _cpu_seconds_of(process: Process) -> float:
    """User and system time of all threads so far: fields 14 and 15 of /proc/PID/stat (proc(5))."""
    assert process.process is not None
    fields = Path(f"/proc/{process.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _counts(output: str) -> dict[str, int]:
    found = {name: pattern.search(output) for name, pattern in _COUNTS.items()}
    return {name: int(match[1].replace(",", "")) if match else 0 for name, match in found.items()}
