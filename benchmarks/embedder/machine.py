"""On what the embedder is measured: cores, versions, and processes that keep to their cores."""

import asyncio
import os
import platform
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

_PACKAGES = ("torch", "onnxruntime", "openvino", "transformers", "sentence-transformers", "pillow", "grpcio")

Cores = frozenset[int]

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def parse_cores(text: str) -> Cores:
    """Numbers separated by commas. Raises ValueError."""
    cores = frozenset(int(part) for part in text.split(","))
    if not cores <= os.sched_getaffinity(0):
        raise ValueError(f"this process may only use the cores {names(os.sched_getaffinity(0))}, not {text}")
    return cores


def other_cores(cores: Cores) -> Cores:
    """Those that a load generator takes: all but these, or these if there are no others."""
    return frozenset(os.sched_getaffinity(0)) - cores or cores


@contextmanager
def running_on(cores: Cores) -> Iterator[None]:
    """Threads and processes that this thread starts meanwhile keep to these cores, and so does this thread."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class PinnedProcess:
    """A process of its own on some cores, in which functions are run one after another. Enter it to use it."""

    def __init__(self, cores: Cores) -> None:
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=os.sched_setaffinity, initargs=(0, cores))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()

    async def run(
        self, function: Callable[_Parameters, _Result], *args: _Parameters.args, **kwargs: _Parameters.kwargs
    ) -> _Result:
        """What the function returns there; it, its arguments and its result must be such as pickle takes."""
        return await asyncio.wrap_future(self._pool.submit(function, *args, **kwargs))


def resident_bytes(process: int) -> int:
    """The resident memory of a process. Raises ProcessLookupError if it has ended."""
    resident = _memory_bytes(process, "VmRSS")
    if resident is None:
        raise ProcessLookupError(process)
    return resident


def peak_resident_bytes(process: int) -> int | None:
    """The most memory of a process that was resident so far; None if it has ended.

    (The ru_maxrss of a child is no less than what its parent had when it was started.)
    """
    return _memory_bytes(process, "VmHWM")


def _memory_bytes(process: int, field: str) -> int | None:
    """A field of /proc/PID/status (proc(5)) in bytes. A process that has ended has no memory."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    for line in status.splitlines():
        if line.startswith(f"{field}:"):
            return 1024 * int(line.split()[1])
    return None


def names(cores: Cores | set[int]) -> str:
    """As `parse_cores` reads them."""
    return ",".join(map(str, sorted(cores)))


def print_machine(cores: Cores, load_cores: Cores) -> None:
    """The lines above a table."""
    load = " ".join(f"{number:.1f}" for number in os.getloadavg())
    print(f"{_cpu()}, {os.cpu_count()} cores, load of the machine {load}")
    print(f"Python {platform.python_version()}, " + ", ".join(_versions()))
    shared = " (shared)" if cores & load_cores else ""
    print(f"measured on core {names(cores)}; the load comes from another process on core {names(load_cores)}{shared}")


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _versions() -> Iterator[str]:
    for package in _PACKAGES:
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            continue
