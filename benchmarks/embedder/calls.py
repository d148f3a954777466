"""Calls of the embedder, over a few connections, as several clients make them."""

from __future__ import annotations  # the stub has no parameters at runtime

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import cycle
from typing import TYPE_CHECKING

import grpc

from benchmarks.embedder.load import Call, End
from benchmarks.embedder.process import open_connection
from imagesearch.embedder.v1 import embedder_pb2

if TYPE_CHECKING:
    from imagesearch.embedder.v1.embedder_pb2_grpc import EmbedderServiceAsyncStub

_CONNECTIONS = 4
_ENDS = {
    grpc.StatusCode.RESOURCE_EXHAUSTED: End.REFUSED,
    grpc.StatusCode.DEADLINE_EXCEEDED: End.LATE,
    grpc.StatusCode.CANCELLED: End.CANCELLED,
}


@asynccontextmanager
async def image_calls(address: str, pictures: Sequence[bytes], timeout: float) -> AsyncIterator[Call]:
    """EmbedImage with the picture of a number."""
    requests = [embedder_pb2.EmbedImageRequest(image=picture) for picture in pictures]
    async with _connections(address) as stubs:

        async def call(number: int) -> End:
            return await _end(next(stubs).EmbedImage(requests[number % len(requests)], timeout=timeout))

        yield call


@asynccontextmanager
async def text_calls(address: str, text: Callable[[int], str], timeout: float) -> AsyncIterator[Call]:
    """EmbedText with the text of a number."""
    async with _connections(address) as stubs:

        async def call(number: int) -> End:
            return await _end(next(stubs).EmbedText(embedder_pb2.EmbedTextRequest(text=text(number)), timeout=timeout))

        yield call


@asynccontextmanager
async def _connections(address: str) -> AsyncIterator[Iterator[EmbedderServiceAsyncStub]]:
    async with AsyncExitStack() as stack:
        yield cycle([await stack.enter_async_context(open_connection(address)) for _ in range(_CONNECTIONS)])


async def _end(answer: Awaitable[object]) -> End:
    """Raises what a busy service does not do."""
    try:
        await answer
    except grpc.aio.AioRpcError as error:
        if error.code() not in _ENDS:
            raise
        return _ENDS[error.code()]
    return End.ANSWERED
