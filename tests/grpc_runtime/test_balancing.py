"""Calls over the replicas of a service, as a headless Service of Kubernetes names them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from grpc_runtime.channels import open_channel
from grpc_runtime.server import Server
from imagesearch.embedder.v1 import embedder_pb2, embedder_pb2_grpc
from tests.grpc_runtime.conftest import SERVICE, Echo
from tests.grpc_runtime.name_server import NameServer, serving_names
from tests.ports import free_port

CONNECTION_AGE_SECONDS = 1.0


class Replicas:
    """Servers of one port at several loopback addresses."""

    def __init__(self, names: NameServer, port: int) -> None:
        self.names = names
        self.port = port
        self.connection_age_seconds = CONNECTION_AGE_SECONDS
        self.echoes: dict[str, Echo] = {}
        self._running = contextlib.AsyncExitStack()

    async def start(self, address: str) -> None:
        server = Server(f"{address}:{self.port}", [SERVICE], connection_age_seconds=self.connection_age_seconds)
        self.echoes[address] = Echo()
        embedder_pb2_grpc.add_EmbedderServiceServicer_to_server(self.echoes[address], server.grpc)
        await self._running.enter_async_context(server)
        self.names.addresses.append(address)

    def calls(self) -> dict[str, int]:
        return {address: len(echo.request_ids) for address, echo in self.echoes.items()}

    async def stop(self) -> None:
        await self._running.aclose()


@pytest.fixture
async def replicas() -> AsyncIterator[Replicas]:
    async with serving_names() as names:
        running = Replicas(names, free_port())
        yield running
        await running.stop()


@pytest.fixture
async def channel(replicas: Replicas) -> AsyncIterator[grpc.aio.Channel]:
    target = f"dns://127.0.0.1:{replicas.names.port}/embedder.test:{replicas.port}"
    async with open_channel(target, idempotent={SERVICE: ["GetModel"]}) as opened:
        yield opened


def stub_of(channel: grpc.aio.Channel) -> Any:
    return embedder_pb2_grpc.EmbedderServiceStub(channel)


async def ask(channel: grpc.aio.Channel) -> None:
    await stub_of(channel).GetModel(embedder_pb2.GetModelRequest())


async def test_calls_are_spread_over_all_replicas(replicas: Replicas, channel: grpc.aio.Channel) -> None:
    replicas.connection_age_seconds = 60
    await replicas.start("127.0.0.1")
    await replicas.start("127.0.0.2")

    while not all(replicas.calls().values()):  # the second connection may take a moment longer
        await ask(channel)
    before = replicas.calls()
    for _ in range(20):
        await ask(channel)

    assert [after - before[address] for address, after in replicas.calls().items()] == [10, 10]


async def test_a_new_replica_gets_its_share_without_a_failed_call(
    replicas: Replicas, channel: grpc.aio.Channel
) -> None:
    await replicas.start("127.0.0.1")
    await ask(channel)
    await replicas.start("127.0.0.2")

    started = time.monotonic()
    while not replicas.calls()["127.0.0.2"]:
        await ask(channel)
        assert time.monotonic() - started < 30

    before = replicas.calls()
    for _ in range(200):
        await ask(channel)
    shares = [after - before[address] for address, after in replicas.calls().items()]
    assert min(shares) >= 50


async def test_a_stream_outlives_the_age_of_its_connection(replicas: Replicas, channel: grpc.aio.Channel) -> None:
    await replicas.start("127.0.0.1")
    stream = stub_of(channel).EmbedImages()

    async def echo(key: str) -> str:
        await stream.write(embedder_pb2.EmbedImagesRequest(key=key))
        return str((await stream.read()).key)

    assert await echo("young") == "young"
    await asyncio.sleep(3 * CONNECTION_AGE_SECONDS)
    await ask(channel)

    assert await echo("old") == "old"
    stream.cancel()
