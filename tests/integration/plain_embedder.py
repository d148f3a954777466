"""An embedder without a model, as a process: python -m tests.integration.plain_embedder PORT [SECONDS_A_PICTURE].

A picture's vector is what is seen of it from far away, so pictures of different colours get different vectors.
"""

import asyncio
import io
import math
import sys
from collections.abc import AsyncIterator
from typing import Any

from PIL import Image

from grpc_runtime.errors import ServiceError, to_status
from grpc_runtime.server import Server
from imagesearch.embedder.v1 import embedder_pb2, embedder_pb2_grpc
from imagesearch.type.v1 import embedding_pb2

SERVICE = "imagesearch.embedder.v1.EmbedderService"
MODEL = "plain@000000000001"
_EDGE = 3
DIMENSIONS = _EDGE * _EDGE * 3


class Undecodable(ServiceError):
    reason = "IMAGE_UNDECODABLE"


class NoTexts(ServiceError):
    reason = "MODALITY_UNSUPPORTED"


def embed(data: bytes, model: str = MODEL) -> embedding_pb2.Embedding:
    """The picture's colours on a grid, as a unit vector."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            values = [value / 255 + 0.01 for value in image.convert("RGB").resize((_EDGE, _EDGE)).tobytes()]
    except OSError as error:
        raise Undecodable("The picture can't be read.") from error
    length = math.sqrt(sum(value * value for value in values))
    return embedding_pb2.Embedding(model=model, values=[value / length for value in values])


class PlainEmbedder(embedder_pb2_grpc.EmbedderServiceServicer):
    """Takes `seconds` for each picture."""

    def __init__(self, seconds: float = 0.0, model: str = MODEL) -> None:
        self._seconds = seconds
        self._model = model

    async def GetModel(self, request: Any, context: Any) -> embedder_pb2.GetModelResponse:
        model = embedder_pb2.Model(
            id=self._model,
            name=self._model.partition("@")[0],
            dimensions=DIMENSIONS,
            modalities=[embedder_pb2.MODALITY_IMAGE],
            state=embedder_pb2.MODEL_STATE_READY,
            limits=embedder_pb2.ModelLimits(max_unanswered_images=16, useful_image_edge=16),
        )
        return embedder_pb2.GetModelResponse(model=model)

    async def EmbedText(self, request: Any, context: Any) -> embedder_pb2.EmbedTextResponse:
        raise NoTexts("This model embeds pictures only.")

    async def EmbedImage(self, request: Any, context: Any) -> embedder_pb2.EmbedImageResponse:
        return embedder_pb2.EmbedImageResponse(embedding=embed(request.image, self._model))

    async def EmbedImages(self, request_iterator: Any, context: Any) -> AsyncIterator[embedder_pb2.EmbedImagesResponse]:
        async for request in request_iterator:
            await asyncio.sleep(self._seconds)
            try:
                yield embedder_pb2.EmbedImagesResponse(key=request.key, embedding=embed(request.image, self._model))
            except ServiceError as error:
                yield embedder_pb2.EmbedImagesResponse(key=request.key, error=to_status(error))


async def serve(port: int, seconds: float, model: str) -> None:
    """Serves until SIGTERM."""
    async with Server(f"127.0.0.1:{port}", [SERVICE], drain_seconds=1) as server:
        embedder_pb2_grpc.add_EmbedderServiceServicer_to_server(PlainEmbedder(seconds, model), server.grpc)
        await server.set_serving(True)
        await server.run_until_stopped()


if __name__ == "__main__":
    asyncio.run(
        serve(
            int(sys.argv[1]),
            float(sys.argv[2]) if len(sys.argv) > 2 else 0.0,
            sys.argv[3] if len(sys.argv) > 3 else MODEL,
        )
    )
