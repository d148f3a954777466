"""Fixtures that run the real programs.

services      a search service (LanceDB in a folder of its own) and a plain embedder, both serving; their `address`,
              `kill` and `start`, and `index(folder, *options)`, which runs the indexer (see processes.py). The tests of
              a module share them and their index: each has a source of its own
search_stub   calls to that search service
photos        a folder for pictures, whose name is the test's source; make_photos fills it
"""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import grpc
import pytest

from imagesearch.search.v1 import search_pb2_grpc
from tests.integration.processes import Services, make_services


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
