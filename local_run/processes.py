"""The services as processes of their own: started, kept running, and stopped in the reverse order."""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from local_run.errors import CannotRun

START_SECONDS = 180.0
STOP_SECONDS = 30.0
RESTARTS_PER_MINUTE = 3
_LOG_LINES_SHOWN = 12
_PR_SET_PDEATHSIG = 1


@dataclass
class Service:
    """One service's process."""

    name: str
    defaults: Mapping[str, str]
    environment: Mapping[str, str]
    log_file: Path
    process: asyncio.subprocess.Process | None = None
    starts: list[float] = field(default_factory=list)

    def last_log_lines(self) -> str:
        """The end of what it wrote, for a message."""
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-_LOG_LINES_SHOWN:])


class Supervisor:
    """Keeps services running: one that ends is started again, unless it keeps ending. Leaving it stops all of them."""

    def __init__(self, log_folder: Path, say: Callable[[str], None]) -> None:
        self._log_folder = log_folder
        self._say = say
        self._services: list[Service] = []
        self._watchers: list[asyncio.Task[None]] = []
        self._stopping = False
        self._gave_up: asyncio.Future[CannotRun] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        for watcher in self._watchers:
            watcher.cancel()
        for service in reversed(self._services):
            await _stop(service)

    async def start(
        self,
        name: str,
        environment: Mapping[str, str],
        ready: Callable[[], Awaitable[bool]],
        defaults: Mapping[str, str] | None = None,
    ) -> None:
        """Starts `python -m NAME` and returns when `ready` answers true.

        It gets this process's environment, under it `defaults` and above it `environment`. Raises CannotRun with the
        end of its log if it ends before or does not get ready.
        """
        log_file = self._log_folder / f"{name}.log"
        log_file.write_bytes(b"")
        service = Service(name, defaults or {}, environment, log_file)
        self._services.append(service)
        process = await _spawn(service)
        limit = time.monotonic() + START_SECONDS
        while not (await ready() and process.returncode is None):
            if process.returncode is not None:
                raise CannotRun(f"{name} ended at its start. The end of {log_file}:\n{service.last_log_lines()}")
            if time.monotonic() > limit:
                raise CannotRun(f"{name} does not answer. The end of {log_file}:\n{service.last_log_lines()}")
            await asyncio.sleep(0.1)
        self._watchers.append(asyncio.create_task(self._keep_running(service)))

    async def failure(self) -> CannotRun:
        """Returns when a service could not be kept running."""
        return await asyncio.shield(self._gave_up)

    async def _keep_running(self, service: Service) -> None:
        while service.process is not None:
            code = await service.process.wait()
            if self._stopping:
                return
            recent = [moment for moment in service.starts if time.monotonic() - moment < 60]
            if len(recent) > RESTARTS_PER_MINUTE:
                if not self._gave_up.done():
                    self._gave_up.set_result(
                        CannotRun(
                            f"{service.name} keeps ending (exit code {code}). The end of {service.log_file}:\n"
                            f"{service.last_log_lines()}"
                        )
                    )
                return
            self._say(f"{service.name} ended unexpectedly (exit code {code}); starting it again.")
            await _spawn(service)


async def _spawn(service: Service) -> asyncio.subprocess.Process:
    with service.log_file.open("ab") as log:
        service.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            service.name,
            env={**service.defaults, **os.environ, **service.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches only this process, which then stops them in order
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
    service.starts.append(time.monotonic())
    return service.process


async def _stop(service: Service) -> None:
    process = service.process
    if process is None or process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _end_with_parent() -> None:
    """Asks Linux to send SIGTERM when the parent dies, so that a killed run leaves no service behind (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
