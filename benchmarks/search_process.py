"""The search service as it is deployed: a process of its own, spoken to by gRPC."""

from __future__ import annotations  # the stub has no parameters at runtime

import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.made_photos import MadePhotos
from benchmarks.made_vectors import Vectors
from grpc_runtime.channels import open_channel
from imagesearch.search.v1 import search_pb2, search_pb2_grpc
from imagesearch.type.v1 import embedding_pb2
from tests.integration.processes import Process, free_port

if TYPE_CHECKING:
    from imagesearch.search.v1.search_pb2_grpc import SearchServiceAsyncStub

MODEL = "made-up@000000000000"
_CALL_SECONDS = 300.0


@asynccontextmanager
async def search_service(environment: Mapping[str, str]) -> AsyncIterator[SearchServiceAsyncStub]:
    """Starts it with these settings, and gives what calls it."""
    port = free_port()
    own = {"SEARCH_HOST": "127.0.0.1", "SEARCH_PORT": str(port), "SEARCH_METRICS_PORT": "0"}
    with tempfile.TemporaryDirectory() as folder:
        process = Process("search_service", [], {**own, **environment}, Path(folder) / "log", port)
        try:
            await process.start()
            async with open_channel(process.address, idempotent={}, default_timeout=_CALL_SECONDS) as channel:
                yield search_pb2_grpc.SearchServiceStub(channel)
        finally:
            process.stop()


async def fill(stub: SearchServiceAsyncStub, photos: MadePhotos, vectors: Vectors) -> float:
    """Writes a photo for each vector, as the indexer does, and returns the seconds until all were visible."""

    async def requests() -> AsyncIterator[search_pb2.IndexImagesRequest]:
        for row in range(photos.count):
            yield search_pb2.IndexImagesRequest(image=photos.message(row), embedding=embedding(vectors[row]))

    started = time.perf_counter()
    answered = 0
    async for answer in stub.IndexImages(requests()):
        assert not answer.status.code, answer.status.message
        answered += 1
    assert answered == photos.count
    return time.perf_counter() - started


def embedding(vector: Vectors) -> embedding_pb2.Embedding:
    """The vector as the contract has it."""
    return embedding_pb2.Embedding(model=MODEL, values=np.asarray(vector).tolist())
