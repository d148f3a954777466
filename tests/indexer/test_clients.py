"""What goes over the wire to the two services, and how their answers and errors are read."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import grpc
import pytest

from grpc_runtime.errors import ServiceError, to_status
from grpc_runtime.server import Server
from imagesearch.embedder.v1 import embedder_pb2, embedder_pb2_grpc
from imagesearch.search.v1 import search_pb2, search_pb2_grpc
from imagesearch.type.v1 import embedding_pb2, image_pb2
from indexer.clients import EmbedderClient, SearchClient
from indexer.errors import FileTrouble, ModelMismatch, RebuildNotFinished, ServiceRefused, TemporaryTrouble
from indexer.photo import EXTRACTOR_VERSION, Location, Photo, TakenAt, TakenAtSource
from indexer.ports import Embedding, ModelState, Picture, Write, Written

EMBEDDER = "imagesearch.embedder.v1.EmbedderService"
SEARCH = "imagesearch.search.v1.SearchService"

PHOTO = Photo(
    image_id="id-1",
    source="photos",
    path=b"a \xff/b%.jpg",
    content_sha256="0" * 64,
    size=5,
    modified_ns=1_600_000_000_123_456_789,
    media_type="image/jpeg",
    width=3,
    height=2,
    taken_at=TakenAt(datetime(2024, 7, 1, 12, 30, 5), timedelta(hours=2), TakenAtSource.EXIF),  # noqa: DTZ001 civil time
    location=Location(47.5, -8.25),
    camera_make="FUJIFILM",
    camera_model="X-T5",
)


def error(name: str, message: str = "A sentence.", retry_after: float | None = None, **metadata: str) -> ServiceError:
    """A service's error with this reason."""
    kind = type(name, (ServiceError,), {"reason": name})
    made = kind(message, retry_after=retry_after, **metadata)
    assert isinstance(made, ServiceError)
    return made


@dataclass
class Servers(embedder_pb2_grpc.EmbedderServiceServicer, search_pb2_grpc.SearchServiceServicer):
    """Both services in one server; each answers what it is told to."""

    model: embedder_pb2.Model = field(default_factory=embedder_pb2.Model)
    item_error: ServiceError | None = None
    call_error: ServiceError | None = None
    cancels: bool = False
    images: list[image_pb2.Image] = field(default_factory=list)
    requests: list[Any] = field(default_factory=list)

    async def GetModel(self, request: Any, context: Any) -> embedder_pb2.GetModelResponse:
        return embedder_pb2.GetModelResponse(model=self.model)

    async def EmbedImages(self, request_iterator: Any, context: Any) -> AsyncIterator[embedder_pb2.EmbedImagesResponse]:
        if self.call_error:
            raise self.call_error
        if self.cancels:
            await context.abort(grpc.StatusCode.CANCELLED, "shutting down")
        async for request in request_iterator:
            if self.item_error:
                yield embedder_pb2.EmbedImagesResponse(key=request.key, error=to_status(self.item_error))
            else:
                vector = embedding_pb2.Embedding(model="m", values=[0.5, 0.5])
                yield embedder_pb2.EmbedImagesResponse(key=request.key, embedding=vector)

    async def IndexImages(self, request_iterator: Any, context: Any) -> AsyncIterator[search_pb2.IndexImagesResponse]:
        async for request in request_iterator:
            self.requests.append(request)
            status = to_status(self.item_error) if self.item_error else None
            yield search_pb2.IndexImagesResponse(id=request.image.id, status=status)

    async def GetIndex(self, request: Any, context: Any) -> search_pb2.GetIndexResponse:
        index = search_pb2.Index(
            state=search_pb2.INDEX_STATE_READY,
            model="m",
            sources=[search_pb2.SourceCount(source="photos", image_count=7)],
        )
        return search_pb2.GetIndexResponse(index=index)

    async def CommitRebuild(self, request: Any, context: Any) -> search_pb2.CommitRebuildResponse:
        raise error("REBUILD_INCOMPLETE", sources="holiday,scans")


@dataclass
class Wire:
    """The clients and what they talk to."""

    servers: Servers
    embedder: EmbedderClient
    search: SearchClient

    async def embed(self) -> Any:
        async def pictures() -> AsyncIterator[Picture]:
            yield Picture("k", b"data")

        return [answer async for answer in self.embedder.embed_pictures(pictures())]

    async def write(self, write: Write) -> list[Written]:
        async def writes() -> AsyncIterator[Write]:
            yield write

        return [answer async for answer in self.search.write_photos(writes())]


@pytest.fixture
async def wire() -> AsyncGenerator[Wire, None]:
    servers = Servers()  # type: ignore[abstract] # what is left out is not called
    server = Server("127.0.0.1:0", [EMBEDDER, SEARCH], drain_seconds=0)
    embedder_pb2_grpc.add_EmbedderServiceServicer_to_server(servers, server.grpc)
    search_pb2_grpc.add_SearchServiceServicer_to_server(servers, server.grpc)
    async with server:
        target = f"127.0.0.1:{server.port}"
        embedder, search = EmbedderClient(target), SearchClient(target)
        async with embedder.channel, search.channel:
            yield Wire(servers, embedder, search)


async def test_a_photos_facts_arrive_whole(wire: Wire) -> None:
    assert await wire.write(Write(PHOTO, Embedding("m", [0.5, 0.5]), "r1")) == [Written("id-1")]

    [request] = wire.servers.requests
    image = request.image
    assert (image.relative_path, image.name) == ("a %FF/b%25.jpg", "b%.jpg")
    assert (image.modified_at.seconds, image.modified_at.nanos) == (1_600_000_000, 123_456_789)
    assert (image.taken_at.year, image.taken_at.hours, image.taken_at.utc_offset.seconds) == (2024, 12, 7200)
    assert image.taken_at_source == image_pb2.TAKEN_AT_SOURCE_EXIF
    assert (image.location.latitude, image.location.longitude) == (47.5, -8.25)
    assert (image.camera.make, image.camera.model) == ("FUJIFILM", "X-T5")
    assert image.extractor_version == EXTRACTOR_VERSION
    assert (request.embedding.model, list(request.embedding.values), request.rebuild_id) == ("m", [0.5, 0.5], "r1")


async def test_a_photo_without_facts_says_nothing_of_them(wire: Wire) -> None:
    bare = Photo("id", "photos", b"a.jpg", "0" * 64, 1, -1, "image/png", 1, 1, None, None, "", "")

    await wire.write(Write(bare, "twin"))

    [request] = wire.servers.requests
    assert request.copy_from_image_id == "twin"
    assert not any(request.image.HasField(name) for name in ("taken_at", "location", "camera"))
    assert (request.image.modified_at.seconds, request.image.modified_at.nanos) == (-1, 999_999_999)


async def test_a_time_beyond_all_calendars_does_not_stop_the_stream(wire: Wire) -> None:
    photo = Photo("id", "photos", b"a.jpg", "0" * 64, 1, 10**30, "image/png", 1, 1, None, None, "", "")

    assert await wire.write(Write(photo, "twin")) == [Written("id")]


async def test_the_model_and_the_index_are_read(wire: Wire) -> None:
    limits = embedder_pb2.ModelLimits(max_unanswered_images=5, useful_image_edge=7)
    wire.servers.model = embedder_pb2.Model(
        id="m", dimensions=2, state=embedder_pb2.MODEL_STATE_DEGRADED, limits=limits
    )

    model = await wire.embedder.get_model()
    index = await wire.search.get_index()

    assert (model.id, model.state, model.max_unanswered, model.useful_edge) == ("m", ModelState.READY, 5, 7)
    assert (index.model, index.counts, index.rebuild) == ("m", {"photos": 7}, None)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("IMAGE_UNDECODABLE", FileTrouble),
        ("OVERLOADED", TemporaryTrouble),
        ("MODEL_LOADING", TemporaryTrouble),
        ("MODEL_FAILED", ServiceRefused),
    ],
)
async def test_what_an_items_error_means(wire: Wire, reason: str, kind: type[Exception]) -> None:
    wire.servers.item_error = error(reason)

    [answer] = await wire.embed()

    assert isinstance(answer.result, kind)
    assert str(answer.result) == "A sentence."


async def test_a_write_of_another_models_vector_is_a_mismatch(wire: Wire) -> None:
    wire.servers.item_error = error("MODEL_MISMATCH")

    [answer] = await wire.write(Write(PHOTO, Embedding("other", [1.0])))

    assert isinstance(answer.error, ModelMismatch)


async def test_a_stream_that_is_refused_for_now_tells_when_to_try_again(wire: Wire) -> None:
    wire.servers.call_error = error("MODEL_LOADING", retry_after=1.5)

    with pytest.raises(TemporaryTrouble) as raised:
        await wire.embed()

    assert (raised.value.retry_after, raised.value.counts) == (1.5, False)


async def test_a_stream_that_the_server_cancels_is_worth_another_try(wire: Wire) -> None:
    wire.servers.cancels = True

    with pytest.raises(TemporaryTrouble):
        await wire.embed()


async def test_missing_sources_of_a_rebuild_are_named(wire: Wire) -> None:
    with pytest.raises(RebuildNotFinished, match=r"holiday,scans.*--rebuild.*--drop-missing-sources"):
        await wire.search.commit_rebuild("r1", drop_missing_sources=False)


async def test_another_service_at_the_address_is_told() -> None:
    async with Server("127.0.0.1:0", [], drain_seconds=0) as server:
        embedder = EmbedderClient(f"127.0.0.1:{server.port}")
        async with embedder.channel:
            with pytest.raises(ServiceRefused, match="not the service"):
                await embedder.get_model()


async def test_an_address_where_nothing_answers_is_named() -> None:
    search = SearchClient("127.0.0.1:1")
    async with search.channel:
        with pytest.raises(TemporaryTrouble, match=r"Nothing answers at 127\.0\.0\.1:1"):
            await search.get_index()
