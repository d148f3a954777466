"""From texts and encoded pictures to vectors: checks, decodes and hands on to the model."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from embedder_service.batching import Batcher, BatchLimits, EmbeddedText, Vector
from embedder_service.encoder import Encoder, Modality, ModelCard, PreparedImage
from embedder_service.errors import (
    ImageTooLarge,
    ImageUndecodable,
    ModalityUnsupported,
    Overloaded,
    TextEmpty,
    TextTooLong,
)
from pictures.decode import read_picture
from pictures.errors import PictureError, TooLarge
from pictures.limits import DEFAULT_LIMITS, Limits


@dataclass(frozen=True)
class EmbedderLimits:
    """What a call may hold and how much is worked on at once."""

    batches: BatchLimits
    max_text_bytes: int
    max_waiting_images: int
    max_unanswered_images: int
    max_streamed_images: int
    decode_threads: int
    pictures: Limits = DEFAULT_LIMITS


class Embedder:
    """A model in service. Enter it to start it.

    Pictures are decoded in a few threads beside the one that computes, and only what the model needs of them waits for
    it: memory is bounded by the encoded pictures that are in hand and one decoded picture a thread.
    """

    def __init__(self, encoder: Encoder, limits: EmbedderLimits) -> None:
        self._encoder = encoder
        self._limits = limits
        self._batcher = Batcher(encoder, limits.batches)
        self._decoders = ThreadPoolExecutor(limits.decode_threads, thread_name_prefix="decoder")
        self._waiting_images = 0
        self._stream_slots = asyncio.Semaphore(limits.max_streamed_images)

    async def __aenter__(self) -> Self:
        """Starts to compute."""
        await self._batcher.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops; what waits is cancelled."""
        await self._batcher.__aexit__(kind, error, trace)
        self._decoders.shutdown(wait=False, cancel_futures=True)

    @property
    def card(self) -> ModelCard:
        """The model."""
        return self._encoder.card

    def replace_encoder(self, encoder: Encoder) -> None:
        """Another form of the same model takes over from the next batch on; calls that wait are served by it.

        It must take what the present one's `prepare_image` makes. Raises ValueError if it is of another model.
        """
        if encoder.card.id != self.card.id:
            raise ValueError(f"{encoder.card.id} can't take over from {self.card.id}: its vectors lie in another space")
        self._encoder = encoder
        self._batcher.replace_encoder(encoder)

    async def embed_text(self, text: str) -> EmbeddedText:
        """Raises TextEmpty, TextTooLong, ModalityUnsupported or Overloaded."""
        self._require(Modality.TEXT)
        size = len(text.encode())
        if size > self._limits.max_text_bytes:
            raise TextTooLong(self._limits.max_text_bytes, size)
        if not text.strip():
            raise TextEmpty
        return await self._batcher.embed_text(text)

    async def embed_image(self, data: bytes) -> Vector:
        """A picture that someone waits for.

        Raises ImageUndecodable, ImageTooLarge, ModalityUnsupported or Overloaded.
        """
        self._require(Modality.IMAGE)
        if self._waiting_images >= self._limits.max_waiting_images:
            raise Overloaded(self._waiting_images, retry_after=1.0)
        self._waiting_images += 1
        try:
            return await self._batcher.embed_image(await self._prepare(data))
        finally:
            self._waiting_images -= 1

    async def embed_streamed_image(self, data: bytes) -> Vector:
        """One of many pictures: gives way to `embed_image`, and waits for room instead of raising Overloaded."""
        self._require(Modality.IMAGE)
        async with self._stream_slots:
            return await self._batcher.embed_image(await self._prepare(data), bulk=True)

    def _require(self, modality: Modality) -> None:
        if modality not in self.card.modalities:
            raise ModalityUnsupported(self.card.name, modality.value)

    async def _prepare(self, data: bytes) -> PreparedImage:
        return await asyncio.get_running_loop().run_in_executor(self._decoders, self._decode, data)

    def _decode(self, data: bytes) -> PreparedImage:
        try:
            picture = read_picture(data, limits=self._limits.pictures, useful_edge=self.card.useful_image_edge)
            return self._encoder.prepare_image(picture.image)
        except MemoryError as error:
            raise ImageTooLarge("There is not enough memory to decode the picture. Reduce it.") from error
        except TooLarge as error:
            raise ImageTooLarge(
                str(error), limit=str(error.limit), actual=str(error.actual), unit=error.unit
            ) from error
        except PictureError as error:
            raise ImageUndecodable(str(error)) from error
