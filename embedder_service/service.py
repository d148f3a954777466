"""imagesearch.embedder.v1.EmbedderService: the protobuf side of the embedder."""

from __future__ import annotations  # the types of grpc have parameters only for the type checker

import math
from collections.abc import AsyncIterator
from typing import Any

import structlog
from grpc.aio import ServicerContext

from embedder_service.batching.batcher import Vector
from embedder_service.embedder import EmbedderLimits
from embedder_service.encoder import FormCheck, Modality
from embedder_service.model_host import ModelHost, State
from embedder_service.streaming import answer_each
from grpc_runtime.errors import Internal, InvalidField, ServiceError, to_status
from imagesearch.embedder.v1 import embedder_pb2, embedder_pb2_grpc
from imagesearch.type.v1 import embedding_pb2

_log = structlog.stdlib.get_logger("embedder")

SERVICE_NAME = embedder_pb2.DESCRIPTOR.services_by_name["EmbedderService"].full_name
MAX_KEY_BYTES = 512
# For a model that is loading.
LONGEST_WAIT_SECONDS = 20.0

_STATES = {
    State.LOADING: embedder_pb2.MODEL_STATE_LOADING,
    State.READY: embedder_pb2.MODEL_STATE_READY,
    State.DEGRADED: embedder_pb2.MODEL_STATE_DEGRADED,
    State.FAILED: embedder_pb2.MODEL_STATE_FAILED,
}
_MODALITIES = {Modality.TEXT: embedder_pb2.MODALITY_TEXT, Modality.IMAGE: embedder_pb2.MODALITY_IMAGE}


class EmbedderService(embedder_pb2_grpc.EmbedderServiceServicer):
    """Answers the rpcs; protos/ documents them."""

    def __init__(self, host: ModelHost, limits: EmbedderLimits) -> None:
        self._host = host
        self._limits = limits

    async def GetModel(
        self,
        request: embedder_pb2.GetModelRequest,
        context: ServicerContext[embedder_pb2.GetModelRequest, embedder_pb2.GetModelResponse],
    ) -> embedder_pb2.GetModelResponse:
        """The model as it is at this moment."""
        status = self._host.status
        limits = embedder_pb2.ModelLimits(
            max_text_bytes=self._limits.max_text_bytes,
            max_image_bytes=self._limits.pictures.max_bytes,
            max_image_pixels=self._limits.pictures.max_pixels,
            max_unanswered_images=self._limits.max_unanswered_images,
        )
        model = embedder_pb2.Model(
            name=status.name,
            state=_STATES[status.state],
            state_detail=status.detail,
            progress=status.progress if status.state is State.LOADING else 0.0,
            limits=limits,
        )
        if card := status.card:
            model.id = card.id
            model.dimensions = card.dimensions
            model.modalities.extend(_MODALITIES[m] for m in Modality if m in card.modalities)
            model.runtime = card.runtime
            model.precision = card.precision
            model.notice = card.notice
            model.limits.useful_image_edge = card.useful_image_edge
            model.languages.extend(card.languages)
            model.form_checks.extend(map(_form_check, card.form_checks))
            model.form_detail = card.form_detail
        return embedder_pb2.GetModelResponse(model=model)

    async def EmbedText(
        self,
        request: embedder_pb2.EmbedTextRequest,
        context: ServicerContext[embedder_pb2.EmbedTextRequest, embedder_pb2.EmbedTextResponse],
    ) -> embedder_pb2.EmbedTextResponse:
        """One text."""
        embedder = await self._host.loaded_embedder(_patience(context))
        embedded = await embedder.embed_text(request.text, _seconds_left(context))
        return embedder_pb2.EmbedTextResponse(
            embedding=_embedding(embedder.card.id, embedded.vector), truncated=embedded.truncated
        )

    async def EmbedImage(
        self,
        request: embedder_pb2.EmbedImageRequest,
        context: ServicerContext[embedder_pb2.EmbedImageRequest, embedder_pb2.EmbedImageResponse],
    ) -> embedder_pb2.EmbedImageResponse:
        """One picture."""
        embedder = await self._host.loaded_embedder(_patience(context))
        vector = await embedder.embed_image(request.image, _seconds_left(context))
        return embedder_pb2.EmbedImageResponse(embedding=_embedding(embedder.card.id, vector))

    async def EmbedImages(
        self,
        request_iterator: AsyncIterator[embedder_pb2.EmbedImagesRequest],
        context: ServicerContext[embedder_pb2.EmbedImagesRequest, embedder_pb2.EmbedImagesResponse],
    ) -> AsyncIterator[embedder_pb2.EmbedImagesResponse]:
        """Many pictures, answered as they are done."""
        embedder = self._host.embedder

        async def answer(item: tuple[str, bytes]) -> embedder_pb2.EmbedImagesResponse:
            key, image = item
            try:
                if len(key.encode()) > MAX_KEY_BYTES:
                    raise InvalidField("key", f"it is longer than {MAX_KEY_BYTES} bytes. Choose a shorter one.")
                vector = await embedder.embed_streamed_image(image)
            except ServiceError as error:
                return embedder_pb2.EmbedImagesResponse(key=key, error=to_status(error))
            except Exception as error:
                _log.exception("a picture failed", exc_info=error)
                internal = Internal("The embedder failed on this picture. Its log says more.")
                return embedder_pb2.EmbedImagesResponse(key=key, error=to_status(internal))
            return embedder_pb2.EmbedImagesResponse(key=key, embedding=_embedding(embedder.card.id, vector))

        most = self._limits.max_unanswered_images
        items = _keys_and_images(request_iterator)
        async for response in answer_each(items, answer, most_unanswered=most, room=embedder.room_for_streams):
            yield response


async def _keys_and_images(
    requests: AsyncIterator[embedder_pb2.EmbedImagesRequest],
) -> AsyncIterator[tuple[str, bytes]]:
    """Each read of a message's bytes copies them: they are read once, and the message is let go."""
    async for request in requests:
        yield request.key, request.image


def _seconds_left(context: ServicerContext[Any, Any]) -> float:
    remaining = context.time_remaining()
    return math.inf if remaining is None else remaining


def _patience(context: ServicerContext[Any, Any]) -> float:
    """How long a call may wait for the model and still be told, before its deadline, that it waited in vain."""
    remaining = context.time_remaining()
    return LONGEST_WAIT_SECONDS if remaining is None else min(LONGEST_WAIT_SECONDS, remaining - 1)


def _form_check(check: FormCheck) -> embedder_pb2.FormCheck:
    return embedder_pb2.FormCheck(
        modality=_MODALITIES[check.modality],
        precision=check.precision,
        runtime=check.runtime,
        mean_cosine=check.mean_cosine,
        worst_cosine=check.worst_cosine,
        top10_overlap=check.top10_overlap,
        accepted=check.accepted,
    )


def _embedding(model: str, vector: Vector) -> embedding_pb2.Embedding:
    return embedding_pb2.Embedding(model=model, values=vector.tolist())
