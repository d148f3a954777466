"""Requests that go on and on while something is restarted, and what became of them."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen


@dataclass
class Outcomes:
    """How long each request took, in seconds, and what went wrong with the failed ones."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        slowest = max(self.seconds, default=0.0)
        return f"{len(self.seconds)} answered (slowest {slowest:.1f} s), {len(self.failures)} failed"


class Load:
    """Calls `request` again and again, in some threads, while it is entered."""

    def __init__(self, request: Callable[[], object], threads: int = 2) -> None:
        self.outcomes = Outcomes()
        self._request = request
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self) -> None:
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                self._request()
                self.outcomes.seconds.append(time.monotonic() - started)
            except Exception as error:
                self.outcomes.failures.append(f"{type(error).__name__}: {error}")
            time.sleep(0.02)


def search(address: str, text: str = "a+cat") -> bytes:
    """One search over HTTP, on a connection of its own. Raises URLError if it fails."""
    with urlopen(f"{address}/api/v1/search?q={text}&page_size=3", timeout=40) as answer:
        return bytes(answer.read())


def gap_seconds(address: str, during: Callable[[], object]) -> float:
    """For how long nobody answers at the address while something is done."""
    stop, gaps = threading.Event(), [0.0]

    def watch() -> None:
        last = time.monotonic()
        while not stop.is_set():
            try:
                with urlopen(f"{address}/livez", timeout=1):
                    gaps.append(time.monotonic() - last)
                    last = time.monotonic()
            except (URLError, OSError):
                pass
            time.sleep(0.02)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    during()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            search(address)
            break
        except (URLError, OSError):
            time.sleep(0.1)
    stop.set()
    watching.join(10)
    return max(gaps)
