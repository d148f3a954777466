"""Embeds together what waits while the model is busy.

Nothing waits for a batch to fill: as soon as the model is free it takes what is there. A batch is about as long as a
stated time, and no longer if it is in bulk, so a person's text or picture waits for one batch of others.
"""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray

from embedder_service import metrics
from embedder_service.batching.pace import Pace
from embedder_service.batching.turns import BULK_PER_PERSON, Turns
from embedder_service.batching.waiting import Entry, Kind, Line, Output
from embedder_service.encoder import Encoder, PreparedImage

_log = structlog.stdlib.get_logger("batching")

Vector = NDArray[np.float32]
Clock = Callable[[], float]
Result = TypeVar("Result")


@dataclass(frozen=True)
class EmbeddedText:
    """A text's vector, and whether its end was cut off."""

    vector: Vector
    truncated: bool


@dataclass(frozen=True)
class BatchLimits:
    """How much is computed at once: at most so many, and as many as take about so many seconds, in bulk no longer.

    One is always computed, however long it takes.
    """

    max_text_batch: int
    max_image_batch: int
    max_batch_seconds: float


class Batcher:
    """Feeds one encoder from one thread. Enter it to start it."""

    def __init__(self, encoder: Encoder, limits: BatchLimits, clock: Clock = time.monotonic) -> None:
        """`clock` tells seconds; deadlines are of it."""
        self._encoder = encoder
        self._limits = limits
        self._clock = clock
        self._lines: dict[Kind, Line[Any, Any]] = {kind: Line(kind) for kind in Kind}
        self._paces = {kind: Pace() for kind in Kind}
        self._turns = Turns()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoder")
        self._arrived = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._free_at: float | None = None  # when the batch that is computed will likely be done

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
        for line in self._lines.values():
            line.cancel()
        self._thread.shutdown(wait=False)

    def replace_encoder(self, encoder: Encoder) -> None:
        """The next batch is computed by this one; it must be another form of the same model."""
        self._encoder = encoder
        self._paces = {kind: Pace() for kind in Kind}

    async def between_batches(self, function: Callable[[], Result]) -> Result:
        """Calls it in the thread that computes, so that it may use what the encoder in service uses."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    async def embed_text(self, text: str, deadline: float = math.inf) -> EmbeddedText:
        """Raises TooLate, instead of computing it, if the answer would come only after the deadline."""
        embedded: EmbeddedText = await self._embed(Kind.TEXT, text, deadline)
        return embedded

    async def embed_image(self, image: PreparedImage, deadline: float = math.inf, *, bulk: bool = False) -> Vector:
        """Pictures in bulk give way to those that a person waits for. Raises TooLate as embed_text does."""
        vector: Vector = await self._embed(Kind.BULK_IMAGE if bulk else Kind.IMAGE, image, deadline)
        return vector

    def expected_wait(self, kind: Kind, coming: int = 0) -> float:
        """How many seconds one that comes now would likely wait for its answer; 0 if it is computed at once.

        `coming`: how many of its kind are before it but not in line yet. Of the time that it is computed itself nothing
        counts while nobody of its kind is before it: a call that may be the first is always worth a try, and the pace
        is learnt anew from it. Else it is taken for the first of a full batch, and waits for the others of it.
        """
        running = max(0.0, self._free_at - self._clock()) if self._free_at is not None else 0.0
        ahead = len(self._lines[kind]) + coming
        own = self._paces[kind].seconds * (ahead + self._batch_size(kind)) if ahead else 0.0
        other = Kind.IMAGE if kind is Kind.TEXT else Kind.TEXT
        others = min(self._work_of(other), max(own, self._batch_seconds(other)))
        share = self._batch_seconds(Kind.BULK_IMAGE) + BULK_PER_PERSON * (own + others) if own + others else 0.0
        return running + own + others + min(self._work_of(Kind.BULK_IMAGE), share)

    def _work_of(self, kind: Kind) -> float:
        return len(self._lines[kind]) * self._paces[kind].seconds

    def _batch_seconds(self, kind: Kind) -> float:
        return self._paces[kind].seconds * min(len(self._lines[kind]), self._batch_size(kind))

    def _batch_size(self, kind: Kind) -> int:
        most = self._limits.max_text_batch if kind is Kind.TEXT else self._limits.max_image_batch
        pace = self._paces[kind]
        # People wait for what is computed in bulk, but the others that a person's input waits for are people's too.
        fitting = pace.fitting if kind is Kind.BULK_IMAGE else pace.nearest
        return fitting(self._limits.max_batch_seconds, most)

    async def _embed(self, kind: Kind, value: Any, deadline: float) -> Any:
        line = self._lines[kind]
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        entry = Entry(value, answer, self._clock(), deadline)
        line.add(entry)
        self._arrived.set()
        try:
            return await answer
        finally:
            line.leave(entry)

    async def _work(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while kind := self._next_kind():
                seconds = self._batch_seconds(kind)
                if entries := self._lines[kind].take(self._batch_size(kind), self._clock(), seconds):
                    await self._compute_batch(kind, entries)

    def _next_kind(self) -> Kind | None:
        waiting = [kind for kind, line in self._lines.items() if line]
        return self._turns.next(waiting, self._batch_seconds(Kind.BULK_IMAGE))

    async def _compute_batch(self, kind: Kind, entries: list[Entry[Any, Any]]) -> None:
        pace = self._paces[kind]
        started = self._clock()
        self._free_at = started + pace.seconds * len(entries)
        metrics.BATCH_SIZE.labels(kind.value).observe(len(entries))
        try:
            await self._compute(entries, self._model_of(kind))
        finally:
            self._free_at = None
        seconds = self._clock() - started
        metrics.MODEL_SECONDS.labels(kind.value).observe(seconds)
        pace.learn(seconds, len(entries))
        self._turns.took(kind, seconds, bulk_waited=bool(self._lines[Kind.BULK_IMAGE]))

    def _model_of(self, kind: Kind) -> Callable[[Sequence[Any]], Sequence[Any]]:
        return self._embed_texts if kind is Kind.TEXT else self._embed_images

    def _embed_texts(self, texts: Sequence[str]) -> Sequence[EmbeddedText]:
        embedded = self._encoder.embed_texts(texts)
        return [EmbeddedText(v, t) for v, t in zip(embedded.vectors, embedded.truncated, strict=True)]

    def _embed_images(self, images: Sequence[PreparedImage]) -> Sequence[Vector]:
        return list(self._encoder.embed_images(images))

    async def _compute(
        self, entries: list[Entry[Any, Output]], embed: Callable[[Sequence[Any]], Sequence[Output]]
    ) -> None:
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
                    if not entry.answer.done():
                        await self._compute([entry], embed)
                return
            _log.exception("the model failed on an input", exc_info=error)
            for entry in entries:
                if not entry.answer.done():
                    entry.answer.set_exception(error)
