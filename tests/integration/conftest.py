"""Fixtures that run the real programs.

services      a search service (LanceDB in a folder of its own) and a plain embedder, both serving; their `address`,
              `kill`, `start`, and `index(folder, *options)`, which runs the indexer (see processes.py)
search_stub   calls to that search service
photos        a folder for pictures; make_photos fills it
"""

from collections.abc import AsyncGenerator
from pathlib import Path

import grpc
import pytest

from imagesearch.search.v1 import search_pb2_grpc
from tests.integration.processes import Process, Services, free_port

# Slow enough that a run over some dozens of pictures can be hit in the middle.
SECONDS_A_PICTURE = 0.02


@pytest.fixture
async def services(tmp_path: Path) -> AsyncGenerator[Services, None]:
    search_port, embedder_port = free_port(), free_port()
    search = Process(
        "search_service",
        (),
        {
            "SEARCH_PORT": str(search_port),
            "SEARCH_METRICS_PORT": "0",
            "SEARCH_BACKEND": "embedded",
            "SEARCH_EMBEDDED_PATH": str(tmp_path / "index"),
            "SEARCH_DRAIN_SECONDS": "2",
        },
        tmp_path / "search.log",
        search_port,
    )
    embedder = Process(
        "tests.integration.plain_embedder",
        (str(embedder_port), str(SECONDS_A_PICTURE)),
        {},
        tmp_path / "embedder.log",
        embedder_port,
    )
    services = Services(search, embedder)
    try:
        await search.start()
        await embedder.start()
        yield services
    finally:
        await services.stop()


@pytest.fixture
async def search_stub(services: Services) -> AsyncGenerator["search_pb2_grpc.SearchServiceAsyncStub", None]:
    async with grpc.aio.insecure_channel(services.search.address) as channel:
        yield search_pb2_grpc.SearchServiceStub(channel)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder
