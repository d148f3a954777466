"""What the tests of the embedder share: the service over real gRPC, and models that are written or loaded once."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest

from benchmarks.package_photos import photo_files
from embedder_service.batching.batcher import BatchLimits
from embedder_service.embedder import Embedder, EmbedderLimits
from embedder_service.encoder import Encoder, LoadedModel, Report
from embedder_service.model_host import ModelHost
from embedder_service.service import SERVICE_NAME, EmbedderService
from grpc_runtime.channels import open_channel
from grpc_runtime.server import Server
from imagesearch.embedder.v1.embedder_pb2_grpc import EmbedderServiceStub, add_EmbedderServiceServicer_to_server
from pictures.limits import Limits
from tests.embedder_service.plain_encoder import PlainEncoder

if TYPE_CHECKING:
    from imagesearch.embedder.v1.embedder_pb2_grpc import EmbedderServiceAsyncStub
    from tests.clip_replica import Replica

LIMITS = EmbedderLimits(
    batches=BatchLimits(max_text_batch=8, max_image_batch=4, max_batch_seconds=0.1),
    max_text_bytes=1000,
    max_wait_seconds=10.0,
    max_call_bytes=1_000_000,
    max_stream_bytes=1_000_000,
    max_unanswered_images=3,
    decode_threads=2,
    max_decode_bytes=64_000_000,
    text_cache_entries=4,
    pictures=Limits(max_bytes=200_000, max_pixels=4_000_000, max_frames=10),
)


@dataclass
class Running:
    """A service and a client of it."""

    host: ModelHost
    stub: "EmbedderServiceAsyncStub"
    channel: grpc.aio.Channel
    address: str


Serve = Callable[[Callable[[Report], LoadedModel]], AbstractAsyncContextManager[Running]]


@pytest.fixture
def serve() -> Serve:
    """Runs the service with what a function loads; loading is left to the test."""

    @asynccontextmanager
    async def run(load: Callable[[Report], LoadedModel]) -> AsyncIterator[Running]:
        host = ModelHost("plain", load, lambda encoder: Embedder(encoder, LIMITS))
        server = Server("127.0.0.1:0", [SERVICE_NAME], drain_seconds=0)
        add_EmbedderServiceServicer_to_server(EmbedderService(host, LIMITS), server.grpc)
        async with server, open_channel(f"127.0.0.1:{server.port}", idempotent={}) as channel:
            yield Running(host, EmbedderServiceStub(channel), channel, f"127.0.0.1:{server.port}")
        await host.close()

    return run


@pytest.fixture
def encoder() -> Iterator[PlainEncoder]:
    plain = PlainEncoder()
    yield plain
    plain.release()


@pytest.fixture
async def running(serve: Serve, encoder: PlainEncoder) -> AsyncIterator[Running]:
    """The service with the plain encoder, ready."""
    async with serve(lambda report: LoadedModel(encoder)) as service:
        assert await service.host.load()
        encoder.forget()
        yield service


@pytest.fixture(scope="session")
def replica(tmp_path_factory: pytest.TempPathFactory) -> "Replica":
    """The two CLIP models with random weights, tiny."""
    from tests.clip_replica import write_replica  # noqa: PLC0415 takes seconds, and few tests need it

    return write_replica(tmp_path_factory.mktemp("replica"))


@dataclass(frozen=True)
class Fetched:
    """What `python -m embedder_service fetch` made of the replica, and how it ended. Copy what is to be changed."""

    cache: Path
    code: int
    output: str


@pytest.fixture(scope="session")
def fetched(replica: "Replica", tmp_path_factory: pytest.TempPathFactory) -> Fetched:
    """The replica's forms, worked out by the command in a process of its own, as it does for images and volumes."""
    cache = tmp_path_factory.mktemp("fetched")
    environment = {
        **os.environ,
        "EMBEDDER_MODEL": str(replica.clip),
        "EMBEDDER_TEXT_MODEL": str(replica.multilingual),
        "EMBEDDER_CACHE_DIR": str(cache),
        "EMBEDDER_THREADS": "1",
    }
    command = [sys.executable, "-m", "embedder_service", "fetch"]
    ended = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return Fetched(cache, ended.returncode, ended.stdout)


@pytest.fixture(scope="session")
def concept(pytestconfig: pytest.Config) -> Encoder:
    """The built-in model; what it works out at its first start is kept from run to run."""
    from embedder_service.concept.encoder import load_concept  # noqa: PLC0415 takes seconds, and few tests need it

    return load_concept(pytestconfig.cache.mkdir("concept"), 1, lambda detail, progress: None)


@pytest.fixture(scope="session")
def package_photos() -> dict[str, Path]:
    """The natural photos that two packages carry for demonstrations, by file name."""
    return {file.name: file for file in photo_files()}
