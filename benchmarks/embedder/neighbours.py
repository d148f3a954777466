"""The search service and the gateway as processes of their own on some cores, beside the embedder."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.embedder.machine import Cores, running_on
from tests.integration.processes import Process
from tests.ports import free_port

_READY_SECONDS = 60.0


@dataclass(frozen=True)
class Search:
    """A search service that runs. `folder` is where an embedded index lies."""

    address: str
    folder: Path


@asynccontextmanager
async def search_running(cores: Cores, settings: Mapping[str, str]) -> AsyncIterator[Search]:
    """With these settings, and an index of its own if it is embedded."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        own = {"SEARCH_HOST": "127.0.0.1", "SEARCH_PORT": str(port), "SEARCH_METRICS_PORT": "0"}
        own |= {"SEARCH_EMBEDDED_PATH": os.fspath(index), "SEARCH_LOG_LEVEL": "warning"}
        process = Process("search_service", [], {**own, **settings}, Path(folder) / "log", port)
        try:
            with running_on(cores):
                await process.start()
            yield Search(process.address, index)
        finally:
            process.stop()


@asynccontextmanager
async def gateway_running(cores: Cores, embedder: str, search: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Gives a client of it. The addresses are those of the services, HOST:PORT."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        settings = {"GATEWAY_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "GATEWAY_CACHE_DIR": folder}
        settings |= {"GATEWAY_EMBEDDER": embedder, "GATEWAY_SEARCH": search, "GATEWAY_LOG_LEVEL": "warning"}
        with running_on(cores):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "gateway"),
                env={**os.environ, **settings},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
            )
        try:
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
                await _until_ready(session)
                yield session
        finally:
            process.terminate()
            await process.wait()


async def _until_ready(session: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(_READY_SECONDS):
        while True:
            try:
                async with session.get("/readyz") as answer:
                    if answer.ok:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.1)
