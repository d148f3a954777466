"""A gateway over fake services, each a real server on a port of its own."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.app import init_app
from gateway.config import Config
from grpc_runtime.server import Server
from imagesearch.embedder.v1 import embedder_pb2_grpc
from imagesearch.search.v1 import search_pb2_grpc
from imagesearch.type.v1 import image_pb2
from tests.gateway.fake_services import EMBEDDER, SEARCH, FakeEmbedder, FakeSearch, made_up_services
from tests.gateway.made_up_photos import SOURCE, make_photos

Gateway = TestClient[web.Request, web.Application]
# Starts a gateway with these settings changed.
StartGateway = Callable[..., Awaitable[Gateway]]


@dataclass
class Services:
    """Both fake services, where they listen, and the photos that their index knows."""

    embedder: FakeEmbedder
    search: FakeSearch
    embedder_server: Server
    search_server: Server
    photos: list[image_pb2.Image]
    folder: Path

    @property
    def embedder_address(self) -> str:
        return f"127.0.0.1:{self.embedder_server.port}"

    @property
    def search_address(self) -> str:
        return f"127.0.0.1:{self.search_server.port}"


@pytest.fixture(scope="session")
def photo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared by all tests, none of which changes it."""
    return tmp_path_factory.mktemp("photos")


@pytest.fixture(scope="session")
def photos(photo_folder: Path) -> list[image_pb2.Image]:
    return make_photos(photo_folder, 48)


@pytest.fixture
async def services(photo_folder: Path, photos: list[image_pb2.Image]) -> AsyncIterator[Services]:
    embedder, search = made_up_services(photos)
    embedder_server = Server("127.0.0.1:0", [EMBEDDER], drain_seconds=0)
    search_server = Server("127.0.0.1:0", [SEARCH], drain_seconds=0)
    embedder_pb2_grpc.add_EmbedderServiceServicer_to_server(embedder, embedder_server.grpc)
    search_pb2_grpc.add_SearchServiceServicer_to_server(search, search_server.grpc)
    async with embedder_server, search_server:
        await embedder_server.set_serving(True)
        await search_server.set_serving(True)
        yield Services(embedder, search, embedder_server, search_server, photos, photo_folder)


@pytest.fixture
def web_root(tmp_path: Path) -> Path:
    """A page of two files, and a file beside it that is none of the page's."""
    root = tmp_path / "web"
    root.mkdir()
    (root / "index.html").write_text("<!doctype html><title>Photos</title>", encoding="utf-8")
    (root / "app.js").write_text("export const answer = 42;", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    return root


@pytest.fixture
async def start_gateway(services: Services, tmp_path: Path, web_root: Path) -> AsyncIterator[StartGateway]:
    clients: list[Gateway] = []

    async def start(**changed: Any) -> Gateway:
        settings = {
            "embedder": services.embedder_address,
            "search": services.search_address,
            "sources": {SOURCE: services.folder},
            "cache_dir": tmp_path / "cache",
            **changed,
        }
        settings["sources"] = {name: os.fspath(folder) for name, folder in settings["sources"].items()}
        client = TestClient(TestServer(init_app(Config(**settings), web_root)))
        await client.start_server()
        clients.append(client)
        return client

    yield start
    for client in clients:
        await client.close()


@pytest.fixture
async def gateway(start_gateway: StartGateway) -> Gateway:
    return await start_gateway()
