import asyncio
import os
import signal
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from grpc_runtime.channels import open_channel
from grpc_runtime.ports import PortUnavailable
from grpc_runtime.server import LIVENESS, Server
from imagesearch.embedder.v1 import embedder_pb2, embedder_pb2_grpc
from tests.grpc_runtime.conftest import SERVICE, Echo, Running


async def health_of(running: Running, service: str) -> int:
    stub: Any = health_pb2_grpc.HealthStub(running.channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
    return int(answer.status)


@pytest.mark.parametrize("service", ["", SERVICE])
async def test_health_is_not_serving_until_told(running: Running, service: str) -> None:
    assert await health_of(running, service) == health_pb2.HealthCheckResponse.NOT_SERVING

    await running.server.set_serving(True)

    assert await health_of(running, service) == health_pb2.HealthCheckResponse.SERVING


async def test_the_process_is_alive_whether_it_serves_or_not(running: Running) -> None:
    assert await health_of(running, LIVENESS) == health_pb2.HealthCheckResponse.SERVING

    await running.server.set_serving(False)

    assert await health_of(running, LIVENESS) == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_lists_and_describes_the_services(running: Running) -> None:
    def describe() -> tuple[list[str], list[str]]:
        with grpc.insecure_channel(f"127.0.0.1:{running.server.port}") as channel:
            database = ProtoReflectionDescriptorDatabase(channel)
            service = DescriptorPool(database).FindServiceByName(SERVICE)
            return list(database.get_services()), [method.name for method in service.methods]

    services, methods = await asyncio.to_thread(describe)

    assert {SERVICE, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"} <= set(services)
    assert "EmbedText" in methods


async def test_sigterm_reports_not_serving_lets_a_running_call_finish_and_refuses_new_ones() -> None:
    server = Server("127.0.0.1:0", [SERVICE], drain_seconds=30)
    echo = Echo()
    embedder_pb2_grpc.add_EmbedderServiceServicer_to_server(echo, server.grpc)
    listening = asyncio.Event()

    async def serve() -> None:
        async with server:
            await server.set_serving(True)
            listening.set()
            await server.run_until_stopped()

    serving = asyncio.create_task(serve())
    await listening.wait()
    target = f"127.0.0.1:{server.port}"
    async with open_channel(target, idempotent={}) as channel, open_channel(target, idempotent={}) as watching:
        stub: Any = embedder_pb2_grpc.EmbedderServiceStub(channel)
        health: Any = health_pb2_grpc.HealthStub(watching)
        states = aiter(health.Watch(health_pb2.HealthCheckRequest(service=SERVICE)))
        assert (await anext(states)).status == health_pb2.HealthCheckResponse.SERVING
        running_call = asyncio.ensure_future(stub.EmbedText(embedder_pb2.EmbedTextRequest(text="wait")))
        await echo.entered.wait()

        os.kill(os.getpid(), signal.SIGTERM)

        assert (await anext(states)).status == health_pb2.HealthCheckResponse.NOT_SERVING
        await until_refused(target)
        assert not running_call.done()
        echo.release.set()
        assert (await running_call).truncated
    await serving


async def until_refused(target: str) -> None:
    """Returns when new callers find no server any more."""
    async with asyncio.timeout(20):
        while True:
            async with open_channel(target, idempotent={}) as channel:
                stub: Any = embedder_pb2_grpc.EmbedderServiceStub(channel)
                try:
                    await stub.GetModel(embedder_pb2.GetModelRequest(), timeout=1)
                except grpc.aio.AioRpcError:
                    return


async def test_a_port_in_use_is_said_in_a_sentence(running: Running) -> None:
    second = Server(f"127.0.0.1:{running.server.port}", [SERVICE])

    with pytest.raises(PortUnavailable, match=f"127.0.0.1:{running.server.port}: the port is in use"):
        await second.__aenter__()
