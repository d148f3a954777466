"""The real service over real gRPC, on a LanceDB folder."""

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from grpc_runtime.channels import open_channel
from grpc_runtime.errors import RemoteError, read_rpc_error
from grpc_runtime.server import Server
from imagesearch.search.v1 import search_pb2, search_pb2_grpc
from imagesearch.type.v1 import embedding_pb2, image_pb2
from search_service.embedded import EmbeddedImages
from search_service.images import Vector, Window
from search_service.service import SERVICE_NAME, SearchService
from tests.search_service.photos import MODEL, random_unit

WINDOW = Window(100, 10_000)


def embedding(vector: Vector, model: str = MODEL) -> embedding_pb2.Embedding:
    return embedding_pb2.Embedding(model=model, values=vector.tolist())


def item(
    image_id: str, vector: Vector | None = None, *, rebuild_id: str = "", model: str = MODEL
) -> search_pb2.IndexImagesRequest:
    """A photo to write, with what is required. The message may be changed."""
    if vector is None:
        vector = random_unit(int.from_bytes(image_id.encode(), "big"))
    image = image_pb2.Image(
        id=image_id, source="photos", relative_path=f"{image_id}.jpg", name=f"{image_id}.jpg", content_sha256="ab" * 32
    )
    return search_pb2.IndexImagesRequest(image=image, embedding=embedding(vector, model), rebuild_id=rebuild_id)


@dataclass
class Client:
    """Calls the service."""

    stub: "search_pb2_grpc.SearchServiceAsyncStub"

    async def index(self, *items: search_pb2.IndexImagesRequest) -> list[search_pb2.IndexImagesResponse]:
        """Writes the items; returns the answers."""

        async def requests() -> AsyncIterator[search_pb2.IndexImagesRequest]:
            for one in items:
                yield one

        return [response async for response in self.stub.IndexImages(requests())]

    async def pages(self, request: search_pb2.SearchImagesRequest) -> list[search_pb2.SearchImagesResponse]:
        """All pages of a search."""
        pages = [await self.stub.SearchImages(request)]
        while pages[-1].next_page_token:
            request.page_token = pages[-1].next_page_token
            pages.append(await self.stub.SearchImages(request))
        return pages


async def refusal(call: Awaitable[Any]) -> RemoteError:
    """What a call that must fail says."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return read_rpc_error(caught.value)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    images = await EmbeddedImages.open(tmp_path / "index")
    server = Server("127.0.0.1:0", [SERVICE_NAME], drain_seconds=1)
    service = SearchService(images, images.failures, WINDOW)
    search_pb2_grpc.add_SearchServiceServicer_to_server(service, server.grpc)
    async with server, open_channel(f"127.0.0.1:{server.port}", idempotent={}) as channel:
        yield Client(search_pb2_grpc.SearchServiceStub(channel))
    await images.close()
