"""What the run asks the services: whether they are ready, and which model the index is of."""

import urllib.error
import urllib.request
from asyncio import to_thread
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from grpc_runtime.channels import open_channel
from imagesearch.search.v1 import search_pb2, search_pb2_grpc

_POLL_TIMEOUT_SECONDS = 2.0


async def answers(target: str) -> bool:
    """Whether a gRPC server answers there, be it ready or not."""
    return await _health(target) is not None


async def serves(target: str) -> bool:
    """Whether a gRPC server is there and ready."""
    return await _health(target) == health_pb2.HealthCheckResponse.SERVING


async def answers_http(url: str) -> bool:
    """Whether a GET of this address of our own gateway succeeds."""
    return await to_thread(_get_succeeds, url)


async def read_index_model(target: str) -> str:
    """The model that the index of this search service is of; "" if nothing has been indexed yet."""
    async with open_channel(target, idempotent={}) as channel:
        answer = await search_pb2_grpc.SearchServiceStub(channel).GetIndex(search_pb2.GetIndexRequest())
        return answer.index.model


async def _health(target: str) -> int | None:
    async with open_channel(target, idempotent={}, default_timeout=_POLL_TIMEOUT_SECONDS) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        try:
            answer = await stub.Check(health_pb2.HealthCheckRequest())
        except grpc.RpcError:
            return None
        return int(answer.status)


def _get_succeeds(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_POLL_TIMEOUT_SECONDS) as answer:  # noqa: S310 - http to our own gateway
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
