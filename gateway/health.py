"""Asks another service whether it can serve."""

from typing import Any, Literal

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

Health = Literal["serving", "not_serving", "unreachable"]


async def check_health(channel: grpc.aio.Channel, timeout: float) -> Health:
    """What the gRPC health service behind the channel says, within timeout seconds."""
    stub: Any = health_pb2_grpc.HealthStub(channel)  # its type stubs leave the methods out
    try:
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=timeout)
    except grpc.RpcError:
        return "unreachable"
    return "serving" if answer.status == health_pb2.HealthCheckResponse.SERVING else "not_serving"
