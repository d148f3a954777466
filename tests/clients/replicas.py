"""Replicas of an embedder of which none answers before each was asked."""

from collections.abc import Sequence
from typing import Any

import grpc

from imagesearch.embedder.v1 import embedder_pb2, embedder_pb2_grpc


class Replica(embedder_pb2_grpc.EmbedderServiceServicer):
    """Says that it is unavailable while another replica of `asked` was never called; then passes calls on."""

    def __init__(self, name: str, asked: dict[str, int], embedder: Any) -> None:
        self._name = name
        self._asked = asked
        self._embedder = embedder
        asked[name] = 0

    async def EmbedText(self, request: Any, context: Any) -> embedder_pb2.EmbedTextResponse:
        self._asked[self._name] += 1
        if not all(self._asked.values()):
            await context.abort(grpc.StatusCode.UNAVAILABLE, "Ask another one.")
        answer: embedder_pb2.EmbedTextResponse = await self._embedder.EmbedText(request, timeout=60)
        return answer


async def start_replicas(
    names: Sequence[str], asked: dict[str, int], embedder: Any
) -> list[tuple[grpc.aio.Server, int]]:
    """Each on a free port of 127.0.0.1. `asked` counts the calls of each."""
    servers = []
    for name in names:
        server = grpc.aio.server()
        replica = Replica(name, asked, embedder)  # type: ignore[abstract] # it is asked for texts alone
        embedder_pb2_grpc.add_EmbedderServiceServicer_to_server(replica, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        servers.append((server, port))
    return servers
