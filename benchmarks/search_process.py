"""The search service as it is deployed: a process of its own, spoken to by gRPC."""

from __future__ import annotations  # the stub has no parameters at runtime

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.made_photos import SOURCE, MadePhotos, photo_row
from benchmarks.made_vectors import Vectors
from grpc_runtime.channels import open_channel
from imagesearch.search.v1 import search_pb2, search_pb2_grpc
from imagesearch.type.v1 import embedding_pb2
from tests.integration.processes import Process
from tests.ports import free_port

if TYPE_CHECKING:
    from imagesearch.search.v1.search_pb2_grpc import SearchServiceAsyncStub

MODEL = "made-up@000000000000"
_CALL_SECONDS = 300.0
_STREAMS = 4


@dataclass(frozen=True)
class Filled:
    """How many photos were written, and the seconds until all of them were visible."""

    count: int
    seconds: float


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


async def fill(stub: SearchServiceAsyncStub, photos: MadePhotos, vectors: Vectors, model: str = MODEL) -> Filled:
    """Writes a photo for each vector that is not there yet, as several indexers do that run at once."""
    known = await _known_rows(stub)
    missing = [row for row in range(photos.count) if row not in known]

    async def requests(rows: Sequence[int]) -> AsyncIterator[search_pb2.IndexImagesRequest]:
        for row in rows:
            yield search_pb2.IndexImagesRequest(image=photos.message(row), embedding=embedding(vectors[row], model))

    async def write(rows: Sequence[int]) -> None:
        answered = 0
        async for answer in stub.IndexImages(requests(rows)):
            assert not answer.status.code, answer.status.message
            answered += 1
        assert answered == len(rows)

    started = time.perf_counter()
    await asyncio.gather(*(write(missing[stream::_STREAMS]) for stream in range(_STREAMS)))
    return Filled(len(missing), time.perf_counter() - started)


async def _known_rows(stub: SearchServiceAsyncStub) -> set[int]:
    request = search_pb2.ListFingerprintsRequest(source=SOURCE)
    return {
        photo_row(found.relative_path) async for batch in stub.ListFingerprints(request) for found in batch.fingerprints
    }


def embedding(vector: Vectors, model: str = MODEL) -> embedding_pb2.Embedding:
    """The vector as the contract has it."""
    return embedding_pb2.Embedding(model=model, values=np.asarray(vector).tolist())
