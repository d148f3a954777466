"""Fixtures that run the real programs.

services      a search service (LanceDB in a folder of its own) and a plain embedder, both serving; their `address`,
              `kill` and `start`, and `index(folder, *options)`, which runs the indexer (see processes.py). The tests of
              a module share them and their index: each has a source of its own
search_stub   calls to that search service
photos        a folder for pictures, whose name is the test's source; make_photos fills it
"""

from collections.abc import AsyncGenerator, Generator, Mapping
from pathlib import Path

import grpc
import pytest

from imagesearch.search.v1 import search_pb2_grpc
from tests.integration.processes import Process, Services
from tests.ports import free_port

# Slow enough that a run over some dozens of pictures can be hit in the middle.
SECONDS_A_PICTURE = 0.02


def make_services(
    folder: Path,
    search_settings: Mapping[str, str] | None = None,
    *,
    seconds_a_picture: float = SECONDS_A_PICTURE,
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


@pytest.fixture(scope="module")
def module_services(tmp_path_factory: pytest.TempPathFactory) -> Generator[Services, None, None]:
    services = make_services(tmp_path_factory.mktemp("services"))
    yield services
    services.stop()


@pytest.fixture
async def services(module_services: Services) -> AsyncGenerator[Services, None]:
    await module_services.start()
    yield module_services
    await module_services.end_indexers()


@pytest.fixture
async def search_stub(services: Services) -> AsyncGenerator["search_pb2_grpc.SearchServiceAsyncStub", None]:
    async with grpc.aio.insecure_channel(services.search.address) as channel:
        yield search_pb2_grpc.SearchServiceStub(channel)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / tmp_path.name
    folder.mkdir()
    return folder
