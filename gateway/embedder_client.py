"""The embedder service as the gateway calls it."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType

from gateway.errors import CallFailed, EmbedderUnreachable
from gateway.failed_calls import failures_of
from gateway.health import Health, check_health
from gateway.query import Embedding
from grpc_runtime.channels import open_channel
from grpc_runtime.errors import ServiceError
from imagesearch.embedder.v1 import embedder_pb2, embedder_pb2_grpc
from imagesearch.type.v1 import embedding_pb2

_STATES: Mapping[int, str] = MappingProxyType(
    {
        embedder_pb2.MODEL_STATE_LOADING: "loading",
        embedder_pb2.MODEL_STATE_READY: "ready",
        embedder_pb2.MODEL_STATE_DEGRADED: "degraded",
    }
)
_RETRIED = {"imagesearch.embedder.v1.EmbedderService": ["EmbedText", "EmbedImage"]}
_QUICK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Model:
    """The embedder's model. state is loading, ready, degraded or failed; progress is 0 to 1."""

    id: str
    name: str
    state: str
    detail: str
    progress: float
    notice: str
    languages: tuple[str, ...]
    useful_image_edge: int


@dataclass(frozen=True, slots=True)
class TextEmbedding:
    """Where a text lies, and whether only its beginning was read."""

    embedding: Embedding
    truncated: bool


class EmbedderClient:
    """Calls the embedder at HOST:PORT. Errors are CallFailed, EmbedderUnreachable and Timeout."""

    def __init__(self, target: str, timeout: float) -> None:
        """Opens the channel; needs a running event loop. timeout is in seconds."""
        self._target = target
        self._timeout = timeout
        self._channel = open_channel(target, idempotent=_RETRIED, default_timeout=timeout, waits=True)
        self._stub: embedder_pb2_grpc.EmbedderServiceAsyncStub = embedder_pb2_grpc.EmbedderServiceStub(self._channel)

    async def close(self) -> None:
        """Ends the connection."""
        await self._channel.close()

    async def model(self) -> Model:
        """The model as it is at this moment; answers soon or fails."""
        with self._failures():
            answer = await self._stub.GetModel(embedder_pb2.GetModelRequest(), timeout=self._quick)
        model = answer.model
        return Model(
            id=model.id,
            name=model.name,
            state=_STATES.get(model.state, "failed"),
            detail=model.state_detail,
            progress=model.progress,
            notice=model.notice,
            languages=tuple(model.languages),
            useful_image_edge=model.limits.useful_image_edge,
        )

    async def embed_text(self, text: str) -> TextEmbedding:
        """Where a text lies."""
        request = embedder_pb2.EmbedTextRequest(text=text)
        try:
            with self._failures():
                answer = await self._stub.EmbedText(request, timeout=self._timeout)
        except CallFailed as error:
            await self._add_progress(error)
            raise
        return TextEmbedding(_embedding(answer.embedding), answer.truncated)

    async def embed_image(self, image: bytes) -> Embedding:
        """Where an encoded picture lies."""
        request = embedder_pb2.EmbedImageRequest(image=image)
        try:
            with self._failures():
                answer = await self._stub.EmbedImage(request, timeout=self._timeout)
        except CallFailed as error:
            await self._add_progress(error)
            raise
        return _embedding(answer.embedding)

    async def health(self) -> Health:
        """What the embedder's health service says."""
        return await check_health(self._channel, self._quick)

    async def _add_progress(self, error: CallFailed) -> None:
        """Lets the error tell how far a model is that is still loading."""
        if error.remote.reason != "MODEL_LOADING":
            return
        try:
            model = await self.model()
        except ServiceError:
            return
        percent = f" ({model.progress:.0%})" if model.progress else ""
        error.message = f"{model.detail or error.message}{percent}"
        error.metadata = {**error.metadata, "progress": f"{model.progress:.3f}"}

    @property
    def _quick(self) -> float:
        return min(_QUICK_SECONDS, self._timeout)

    def _failures(self) -> AbstractContextManager[None]:
        return failures_of("embedder", "GATEWAY_EMBEDDER", self._target, EmbedderUnreachable, self._channel)


def _embedding(message: embedding_pb2.Embedding) -> Embedding:
    return Embedding(message.model, tuple(message.values))
