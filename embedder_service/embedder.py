"""From texts and encoded pictures to vectors: checks, admits, decodes and hands on to the model."""

import functools
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from embedder_service import metrics
from embedder_service.batching.admission import Admission, MemoryBudget
from embedder_service.batching.batcher import Batcher, BatchLimits, Clock, EmbeddedText, Result, Vector
from embedder_service.batching.waiting import Kind
from embedder_service.decoding import Decoders, Decoding
from embedder_service.decoding_memory import decoding_bytes
from embedder_service.encoder import Encoder, Modality, ModelCard, PreparedImage
from embedder_service.errors import (
    ImageTooLarge,
    ImageUndecodable,
    ModalityUnsupported,
    Overloaded,
    TextEmpty,
    TextTooLong,
)
from embedder_service.text_cache import TextCache
from pictures.decode import read_picture
from pictures.errors import PictureError, TooLarge
from pictures.limits import DEFAULT_LIMITS, Limits

# What a call takes beside what it carries.
_CALL_BYTES = 8 * 1024
# What most models take a picture as: three colours of four bytes a pixel.
_PREPARED_BYTES_PER_PIXEL = 12


@dataclass(frozen=True)
class EmbedderLimits:
    """What a call may hold, how long it may wait and how much is worked on at once."""

    batches: BatchLimits
    max_text_bytes: int
    max_wait_seconds: float
    max_call_bytes: int
    """Of all single calls in hand; more are refused."""
    max_stream_bytes: int
    """Of the pictures of all streams in hand; no more are read before there is room."""
    max_unanswered_images: int
    decode_threads: int
    max_decode_bytes: int
    """Of the pictures that are being decoded, beside at most one large one."""
    text_cache_entries: int
    pictures: Limits = DEFAULT_LIMITS


class Embedder:
    """A model in service. Enter it to start it.

    Pictures are decoded in threads beside the one that computes, and only what the model needs of them waits for it:
    memory is bounded by the bytes in hand, those for decoding, and one large picture.
    """

    def __init__(self, encoder: Encoder, limits: EmbedderLimits, clock: Clock = time.monotonic) -> None:
        """`clock` tells seconds."""
        self._encoder = encoder
        self._limits = limits
        self._clock = clock
        self._batcher = Batcher(encoder, limits.batches, clock)
        self._decoders = Decoders(limits.decode_threads, limits.max_decode_bytes)
        self._admission = Admission(limits.max_wait_seconds)
        self._calls = MemoryBudget(limits.max_call_bytes)
        self._streams = MemoryBudget(limits.max_stream_bytes)
        self._texts = TextCache(limits.text_cache_entries)

    async def __aenter__(self) -> Self:
        """Starts to compute."""
        await self._batcher.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops; what waits is cancelled."""
        await self._batcher.__aexit__(kind, error, trace)
        self._decoders.close()

    @property
    def card(self) -> ModelCard:
        """The model."""
        return self._encoder.card

    async def between_batches(self, function: Callable[[], Result]) -> Result:
        """Calls it in the thread that computes, so that it may use what the encoder in service uses."""
        return await self._batcher.between_batches(function)

    def replace_encoder(self, encoder: Encoder) -> None:
        """Another form of the same model takes over from the next batch on; calls that wait are served by it.

        It must take what the present one's `prepare_image` makes. Raises ValueError if it is of another model.
        """
        if encoder.card.id != self.card.id:
            raise ValueError(f"{encoder.card.id} can't take over from {self.card.id}: its vectors lie in another space")
        self._encoder = encoder
        self._batcher.replace_encoder(encoder)
        self._texts.clear()

    async def embed_text(self, text: str, patience: float = math.inf) -> EmbeddedText:
        """`patience`: the seconds within which the answer is of use.

        Raises TextEmpty, TextTooLong, ModalityUnsupported, TooLate, and Overloaded at once if the answer would likely
        take longer.
        """
        self._require(Modality.TEXT)
        size = len(text.encode())
        if size > self._limits.max_text_bytes:
            raise TextTooLong(self._limits.max_text_bytes, size)
        if not text.strip():
            raise TextEmpty
        deadline = self._clock() + patience
        self._check_memory(Kind.TEXT, size)
        with self._calls.hold(size + _CALL_BYTES):
            return await self._texts.get(text, functools.partial(self._embed_new_text, deadline=deadline))

    async def embed_image(self, data: bytes, patience: float = math.inf) -> Vector:
        """A picture that someone waits for; `patience` as for embed_text.

        Raises ImageUndecodable, ImageTooLarge, ModalityUnsupported, TooLate, and Overloaded before it is decoded.
        """
        self._require(Modality.IMAGE)
        deadline = self._clock() + patience
        self._check_memory(Kind.IMAGE, size := self._bytes_of(data))
        coming = self._decoders.waiting(Kind.IMAGE)
        wait = max(self._decoders.expected_wait(), self._batcher.expected_wait(Kind.IMAGE, coming))
        self._admission.check(Kind.IMAGE, wait, patience)
        with self._calls.hold(size):
            return await self._batcher.embed_image(await self._prepare(data, Kind.IMAGE), deadline)

    async def room_for_streams(self) -> None:
        """Returns when another picture of a stream may be read."""
        await self._streams.wait_for_room()

    async def embed_streamed_image(self, data: bytes) -> Vector:
        """One of many pictures: gives way to `embed_image`, and is never refused for want of time or room."""
        self._require(Modality.IMAGE)
        with self._streams.hold(self._bytes_of(data)):
            return await self._batcher.embed_image(await self._prepare(data, Kind.BULK_IMAGE), bulk=True)

    def _embed_new_text(self, text: str, deadline: float) -> Awaitable[EmbeddedText]:
        self._admission.check(Kind.TEXT, self._batcher.expected_wait(Kind.TEXT), deadline - self._clock())
        return self._batcher.embed_text(text, deadline)

    def _require(self, modality: Modality) -> None:
        if modality not in self.card.modalities:
            raise ModalityUnsupported(self.card.name, modality.value)

    def _check_memory(self, kind: Kind, size: int) -> None:
        if not self._calls.fits(size):
            metrics.REFUSED.labels(kind.value, "memory").inc()
            raise Overloaded("its memory is full of calls that wait", retry_after=1.0)

    def _bytes_of(self, data: bytes) -> int:
        return _CALL_BYTES + len(data) + _PREPARED_BYTES_PER_PIXEL * self.card.useful_image_edge**2

    async def _prepare(self, data: bytes, kind: Kind) -> PreparedImage:
        decoding = Decoding(functools.partial(self._decode, data), functools.partial(self._weigh, data))
        return await self._decoders.run(decoding, kind)

    def _weigh(self, data: bytes) -> int:
        return decoding_bytes(data, limits=self._limits.pictures, useful_edge=self.card.useful_image_edge)

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
