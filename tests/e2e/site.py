"""A whole site to browse: the real gateway with the real page, over made-up services that do as they are told."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import web

from gateway.app import init_app, make_runner
from gateway.config import Config
from grpc_runtime.server import Server
from imagesearch.embedder.v1 import embedder_pb2_grpc
from imagesearch.search.v1 import search_pb2_grpc
from imagesearch.type.v1 import image_pb2
from tests.gateway.fake_services import EMBEDDER, SEARCH, FakeEmbedder, FakeSearch, made_up_services
from tests.gateway.made_up_photos import SOURCE

UPLOAD_LIMIT = 200_000


class Service:
    """One of the two services: it can be stopped, and started again on the same port."""

    def __init__(self, name: str, servicer: FakeEmbedder | FakeSearch) -> None:
        self._name = name
        self._servicer = servicer
        self._server: Server | None = None
        self.port = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        server = Server(self.address, [self._name], drain_seconds=0)
        if isinstance(self._servicer, FakeEmbedder):
            embedder_pb2_grpc.add_EmbedderServiceServicer_to_server(self._servicer, server.grpc)
        else:
            search_pb2_grpc.add_SearchServiceServicer_to_server(self._servicer, server.grpc)
        await server.__aenter__()
        await server.set_serving(True)
        self._server, self.port = server, server.port

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.__aexit__(None, None, None)
        self._server = None


class Site:
    """The gateway and what is behind it."""

    def __init__(self, photos: Sequence[image_pb2.Image], folder: Path, cache: Path) -> None:
        self.embedder, self.search = made_up_services(photos)
        self.embedder_service = Service(EMBEDDER, self.embedder)
        self.search_service = Service(SEARCH, self.search)
        self._folder = folder
        self._cache = cache
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start_gateway(self) -> None:
        config = Config(
            call_timeout_seconds=3,
            embedder=self.embedder_service.address,
            search=self.search_service.address,
            sources={SOURCE: os.fspath(self._folder)},
            cache_dir=self._cache,
            max_upload_bytes=UPLOAD_LIMIT,
        )
        self._runner = make_runner(init_app(config), drain_seconds=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop_gateway(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None


@asynccontextmanager
async def running_site(photos: Sequence[image_pb2.Image], folder: Path, cache: Path) -> AsyncIterator[Site]:
    """A site that stops when the block ends."""
    site = Site(photos, folder, cache)
    async with AsyncExitStack() as stack:
        for service in (site.embedder_service, site.search_service):
            await service.start()
            stack.push_async_callback(service.stop)
        await site.start_gateway()
        stack.push_async_callback(site.stop_gateway)
        yield site
