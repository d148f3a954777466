"""One run of `python -m indexer`, measured from outside: time, processor time and memory, of it and of the services."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import typer

from tests.integration.processes import Process, Services

_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE_SECONDS = 0.05
_COUNTS = {
    "embedded": re.compile(r"([\d,]+) embedded and written"),
    "copied": re.compile(r"([\d,]+) written with a vector"),
    "unchanged": re.compile(r"([\d,]+) unchanged"),
    "removed": re.compile(r"([\d,]+) removed"),
}


@dataclass(frozen=True)
class MeasuredRun:
    """What one run did and took. Times are in seconds; `cpu` is processor time by program."""

    seconds: float
    cpu: dict[str, float]
    peak_bytes: int
    """The indexer's most resident memory."""
    counts: dict[str, int]


def measured_run(services: Services, folder: Path, *options: str) -> MeasuredRun:
    """Runs the indexer over a folder to its end. Ends the benchmark if the run fails."""
    before = {name: _cpu_seconds(process) for name, process in _named(services)}
    measured = _measured(services, folder, options)
    measured.cpu.update({name: _cpu_seconds(process) - before[name] for name, process in _named(services)})
    return measured


def _measured(services: Services, folder: Path, options: Sequence[str]) -> MeasuredRun:
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        indexer = _start(services, folder, options, output)
        peak = 0
        while not (ended := os.wait4(indexer.pid, os.WNOHANG))[0]:
            peak = _peak_bytes(indexer.pid) or peak
            time.sleep(_SAMPLE_SECONDS)
        seconds = time.perf_counter() - started
        _, status, usage = ended
        indexer.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if indexer.returncode:
        typer.echo(text, err=True)
        raise typer.Exit(1)
    return MeasuredRun(seconds, {"indexer": usage.ru_utime + usage.ru_stime}, peak, _counts(text))


def _start(services: Services, folder: Path, options: Sequence[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    addresses = ("--embedder", services.embedder.address, "--search", services.search.address)
    return subprocess.Popen(
        [sys.executable, "-m", "indexer", os.fspath(folder), "--quiet", *addresses, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=output,
    )


def _named(services: Services) -> list[tuple[str, Process]]:
    return [("embedder", services.embedder), ("search", services.search)]


def _cpu_seconds(process: Process) -> float:
    """User and system time of all threads so far: fields 14 and 15 of /proc/PID/stat (proc(5))."""
    assert process.process is not None
    fields = Path(f"/proc/{process.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _peak_bytes(process: int) -> int:
    """The most memory that was resident; 0 if it has ended. (The ru_maxrss of a child begins with its parent's.)"""
    for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    return 0


def _counts(output: str) -> dict[str, int]:
    found = {name: pattern.search(output) for name, pattern in _COUNTS.items()}
    return {name: int(match[1].replace(",", "")) if match else 0 for name, match in found.items()}
