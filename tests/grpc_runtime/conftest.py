"""A server of this runtime with a plain service behind it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest

from grpc_runtime.channels import open_channel
from grpc_runtime.errors import ServiceError
from grpc_runtime.server import Server
from grpc_runtime.telemetry import current_request_id
from imagesearch.embedder.v1 import embedder_pb2, embedder_pb2_grpc

SERVICE = "imagesearch.embedder.v1.EmbedderService"


class Overloaded(ServiceError):
    reason = "OVERLOADED"


class Echo(embedder_pb2_grpc.EmbedderServiceServicer):
    """Does what the text says."""

    def __init__(self) -> None:
        self.request_ids: list[str] = []
        self.failures_left = 0
        self.failure_code = grpc.StatusCode.UNAVAILABLE
        self.error: ServiceError = Overloaded("Wait.")
        self.deadlines: list[float | None] = []
        self.entered = asyncio.Event()
        self.release = asyncio.Event()

    async def GetModel(self, request: Any, context: Any) -> embedder_pb2.GetModelResponse:
        self.request_ids.append(current_request_id())
        self.deadlines.append(context.time_remaining())
        if self.failures_left:
            self.failures_left -= 1
            await context.abort(self.failure_code, "not yet")
        return embedder_pb2.GetModelResponse(model=embedder_pb2.Model(name="echo"))

    async def EmbedText(self, request: Any, context: Any) -> embedder_pb2.EmbedTextResponse:
        if request.text == "overload":
            raise Overloaded("Too many requests wait.", retry_after=1.5, queue="text")
        if request.text == "error":
            raise self.error
        if request.text == "fault":
            raise RuntimeError("a secret detail")
        if request.text == "wait":
            self.entered.set()
            await self.release.wait()
        return embedder_pb2.EmbedTextResponse(truncated=True)

    async def EmbedImage(self, request: Any, context: Any) -> embedder_pb2.EmbedImageResponse:
        return embedder_pb2.EmbedImageResponse()

    async def EmbedImages(self, request_iterator: Any, context: Any) -> AsyncIterator[embedder_pb2.EmbedImagesResponse]:
        async for request in request_iterator:
            if request.key == "overload":
                raise Overloaded("Too many requests wait.")
            self.request_ids.append(current_request_id())
            yield embedder_pb2.EmbedImagesResponse(key=request.key)


@dataclass
class Running:
    server: Server
    echo: Echo
    channel: grpc.aio.Channel
    stub: Any = field(init=False)

    def __post_init__(self) -> None:
        self.stub = embedder_pb2_grpc.EmbedderServiceStub(self.channel)


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    server = Server("127.0.0.1:0", [SERVICE], drain_seconds=5)
    echo = Echo()
    embedder_pb2_grpc.add_EmbedderServiceServicer_to_server(echo, server.grpc)
    async with (
        server,
        open_channel(f"127.0.0.1:{server.port}", idempotent={SERVICE: ["GetModel"]}) as channel,
    ):
        yield Running(server, echo, channel)
