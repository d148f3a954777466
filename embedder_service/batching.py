"""Embeds together what waits while the model is busy.

Nothing waits for a batch to fill: as soon as the model is free it takes what is there. Batches of texts and of pictures
take turns, so a text waits for one batch of pictures at most, and a flood of texts does not stop an indexer.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray

from embedder_service.encoder import Encoder, PreparedImage
from embedder_service.errors import Overloaded

_log = structlog.stdlib.get_logger("batching")

Vector = NDArray[np.float32]
Input = TypeVar("Input")
Output = TypeVar("Output")


@dataclass(frozen=True)
class EmbeddedText:
    """A text's vector, and whether its end was cut off."""

    vector: Vector
    truncated: bool


@dataclass(frozen=True)
class BatchLimits:
    """How much is computed at once and how many may wait."""

    max_text_batch: int
    max_image_batch: int
    max_waiting_texts: int


@dataclass(eq=False)
class _Entry(Generic[Input, Output]):
    value: Input
    answer: asyncio.Future[Output]


class _Queue(Generic[Input, Output]):
    """What waits, in order of arrival; entries whose caller has gone are dropped when their turn comes."""

    def __init__(self) -> None:
        self._entries: deque[_Entry[Input, Output]] = deque()

    def __len__(self) -> int:
        return sum(not entry.answer.done() for entry in self._entries)

    def add(self, value: Input) -> asyncio.Future[Output]:
        answer: asyncio.Future[Output] = asyncio.get_running_loop().create_future()
        self._entries.append(_Entry(value, answer))
        return answer

    def take(self, most: int) -> list[_Entry[Input, Output]]:
        taken: list[_Entry[Input, Output]] = []
        while self._entries and len(taken) < most:
            entry = self._entries.popleft()
            if not entry.answer.done():
                taken.append(entry)
        return taken


class Batcher:
    """Feeds one encoder from one thread. Enter it to start it."""

    def __init__(self, encoder: Encoder, limits: BatchLimits) -> None:
        self._encoder = encoder
        self._limits = limits
        self._texts: _Queue[str, EmbeddedText] = _Queue()
        self._pictures: _Queue[PreparedImage, Vector] = _Queue()
        self._bulk_pictures: _Queue[PreparedImage, Vector] = _Queue()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoder")
        self._arrived = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._batch_seconds = 0.1

    async def __aenter__(self) -> Self:
        """Starts to compute."""
        self._worker = asyncio.create_task(self._work())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops after the batch that is being computed; what waits is cancelled."""
        if self._worker:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        for queue in (self._texts, self._pictures, self._bulk_pictures):
            for entry in queue.take(len(queue)):
                entry.answer.cancel()
        self._thread.shutdown(wait=False)

    def replace_encoder(self, encoder: Encoder) -> None:
        """The next batch is computed by this one; it must be another form of the same model."""
        self._encoder = encoder

    async def embed_text(self, text: str) -> EmbeddedText:
        """Raises Overloaded if too many texts wait."""
        if (waiting := len(self._texts)) >= self._limits.max_waiting_texts:
            raise Overloaded(waiting, self._seconds_until_free(waiting))
        answer = self._texts.add(text)
        self._arrived.set()
        return await answer

    async def embed_image(self, image: PreparedImage, *, bulk: bool = False) -> Vector:
        """Pictures in bulk give way to those that a person waits for. The caller bounds how many wait."""
        answer = (self._bulk_pictures if bulk else self._pictures).add(image)
        self._arrived.set()
        return await answer

    def _seconds_until_free(self, waiting: int) -> float:
        batches = waiting / self._limits.max_text_batch + 1
        return min(max(batches * self._batch_seconds, 0.1), 30.0)

    async def _work(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while True:
                texts = self._texts.take(self._limits.max_text_batch)
                if texts:
                    await self._compute(texts, self._embed_texts)
                images = self._take_images()
                if images:
                    await self._compute(images, self._embed_images)
                if not texts and not images:
                    break

    def _take_images(self) -> list[_Entry[PreparedImage, Vector]]:
        most = self._limits.max_image_batch
        keep_for_bulk = 1 if len(self._bulk_pictures) and most > 1 else 0
        taken = self._pictures.take(most - keep_for_bulk)
        return taken + self._bulk_pictures.take(most - len(taken))

    def _embed_texts(self, texts: Sequence[str]) -> Sequence[EmbeddedText]:
        embedded = self._encoder.embed_texts(texts)
        return [EmbeddedText(v, t) for v, t in zip(embedded.vectors, embedded.truncated, strict=True)]

    def _embed_images(self, images: Sequence[PreparedImage]) -> Sequence[Vector]:
        return list(self._encoder.embed_images(images))

    async def _compute(
        self, entries: list[_Entry[Any, Output]], embed: Callable[[Sequence[Any]], Sequence[Output]]
    ) -> None:
        entries = [entry for entry in entries if not entry.answer.done()]
        if not entries:
            return
        started = time.perf_counter()
        try:
            inputs = [entry.value for entry in entries]
            outputs = await asyncio.get_running_loop().run_in_executor(self._thread, embed, inputs)
            for entry, output in zip(entries, outputs, strict=True):
                if not entry.answer.done():
                    entry.answer.set_result(output)
        except asyncio.CancelledError:
            for entry in entries:
                entry.answer.cancel()
            raise
        except Exception as error:
            if len(entries) > 1:  # one of them is to blame; the others must not pay for it
                for entry in entries:
                    await self._compute([entry], embed)
                return
            _log.exception("the model failed on an input", exc_info=error)
            for entry in entries:
                if not entry.answer.done():
                    entry.answer.set_exception(error)
            return
        self._batch_seconds = time.perf_counter() - started
