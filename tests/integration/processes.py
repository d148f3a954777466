"""The system's programs as processes of their own, on free ports, to be killed and started again."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.ports import free_port

READY_SECONDS = 60.0
# Slow enough that a run over some dozens of pictures can be hit in the middle.
_SECONDS_A_PICTURE = 0.02


@dataclass
class Process:
    """One gRPC service. Its port stays the same over restarts."""

    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self.port}"

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    async def start(self) -> None:
        """Starts it if it does not run, and returns when it reports SERVING."""
        if not self.runs:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(  # noqa: ASYNC220 it outlives this event loop
                    [sys.executable, "-m", self.module, *self.arguments],
                    env={**os.environ, **self.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
        async with asyncio.timeout(READY_SECONDS):
            while not await self._serves():
                assert self.runs, f"{self.module} ended: {self.log.read_text(errors='replace')}"
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        """Ends it as kill -9 does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """Asks it to end and waits until it has."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()

    async def _serves(self) -> bool:
        async with grpc.aio.insecure_channel(self.address) as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            try:
                answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=2.0)
            except grpc.aio.AioRpcError:
                return False
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


@dataclass
class Ended:
    """What an indexer that ended left: its exit code, what it wrote to the terminal, and to the standard output."""

    code: int
    output: str
    told: str


@dataclass
class Indexer:
    """An indexer that runs."""

    process: asyncio.subprocess.Process

    def kill(self) -> None:
        """Ends it as kill -9 does, if it still runs."""
        if self.process.returncode is None:
            self.process.kill()

    async def ended(self, seconds: float = 100.0) -> Ended:
        """Waits for its end, so long at most."""
        async with asyncio.timeout(seconds):
            told, output = await self.process.communicate()
        assert self.process.returncode is not None
        return Ended(self.process.returncode, output.decode(), told.decode())


@dataclass
class Services:
    """A real search service over an index of its own, an embedder, and indexers that use both."""

    search: Process
    embedder: Process
    indexers: list[Indexer] = field(default_factory=list)

    async def start_indexer(self, folder: Path | str, *options: str) -> Indexer:
        """Starts `python -m indexer FOLDER OPTIONS`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "indexer", os.fspath(folder)),
            *("--embedder", self.embedder.address, "--search", self.search.address, *options),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        indexer = Indexer(process)
        self.indexers.append(indexer)
        return indexer

    async def index(self, folder: Path | str, *options: str) -> Ended:
        """Runs an indexer to its end."""
        return await (await self.start_indexer(folder, *options)).ended()

    async def start(self) -> None:
        """Starts what does not run."""
        await asyncio.gather(self.search.start(), self.embedder.start())

    async def end_indexers(self) -> None:
        """Ends the indexers that a test left behind."""
        for indexer in self.indexers:
            if indexer.process.returncode is None:
                indexer.kill()
                await indexer.process.communicate()
        self.indexers.clear()

    def stop(self) -> None:
        """Ends both services."""
        self.embedder.stop()
        self.search.stop()


def make_services(
    folder: Path,
    search_settings: Mapping[str, str] | None = None,
    *,
    seconds_a_picture: float = _SECONDS_A_PICTURE,
) -> Services:
    """Services that keep what they have in this folder; without settings the index is there too."""
    search_port, embedder_port = free_port(), free_port()
    index = {"SEARCH_BACKEND": "embedded", "SEARCH_EMBEDDED_PATH": str(folder / "index")}
    search = Process(
        "search_service",
        (),
        {
            "SEARCH_PORT": str(search_port),
            "SEARCH_METRICS_PORT": "0",
            "SEARCH_DRAIN_SECONDS": "2",
            **(index if search_settings is None else search_settings),
        },
        folder / "search.log",
        search_port,
    )
    embedder = Process(
        "tests.integration.plain_embedder",
        (str(embedder_port), str(seconds_a_picture)),
        {},
        folder / "embedder.log",
        embedder_port,
    )
    return Services(search, embedder)
