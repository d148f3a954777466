"""A stream of photos to write, grouped into batches: a commit costs about the same however few photos it has."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import groupby

import structlog

from search_service.errors import Internal, ServiceError
from search_service.images import Images, Write

_log = structlog.stdlib.get_logger("search")

MAX_READ_AHEAD = 2_000


@dataclass(frozen=True, slots=True)
class Incoming:
    """One item of the stream: what to write, or why it can't be."""

    id: str
    rebuild_id: str
    write: Write | ServiceError


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one item: `error` is None once it is durable."""

    id: str
    error: ServiceError | None


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """A batch is written when it is full, or so many seconds after its first item came."""

    items: int = 500
    seconds: float = 0.5  # a commit of the embedded index takes some 25 ms of CPU time, however many photos it has


async def ingest(
    incoming: AsyncIterator[Incoming], images: Images, limits: BatchLimits = BatchLimits()
) -> AsyncIterator[Outcome]:
    """Writes all items, and answers each, in order. What was answered stays written if the stream breaks."""
    # Read ahead of the answers are: what waits here, the batch, and the one item that the reader holds.
    waiting: asyncio.Queue[Incoming | None] = asyncio.Queue(MAX_READ_AHEAD - limits.items - 1)
    reading = asyncio.create_task(_read(incoming, waiting))
    try:
        while batch := await _next_batch(waiting, limits):
            for outcome in await _write(batch, images):
                yield outcome
        await reading  # raises what broke the stream
        await images.finish_writing()
    finally:
        reading.cancel()


async def _read(incoming: AsyncIterator[Incoming], waiting: asyncio.Queue[Incoming | None]) -> None:
    broken: Exception | None = None
    try:
        async for item in incoming:
            await waiting.put(item)
    except Exception as error:
        broken = error
    await waiting.put(None)
    if broken:
        raise broken


async def _next_batch(waiting: asyncio.Queue[Incoming | None], limits: BatchLimits) -> list[Incoming]:
    """The next items; none at the end of the stream."""
    first = await waiting.get()
    if first is None:
        return []
    batch = [first]
    try:
        async with asyncio.timeout(limits.seconds):
            while len(batch) < limits.items:
                item = await waiting.get()
                if item is None:
                    waiting.put_nowait(None)  # for the next call
                    break
                batch.append(item)
    except TimeoutError:
        pass
    return batch


async def _write(batch: list[Incoming], images: Images) -> list[Outcome]:
    errors: dict[int, ServiceError | None] = {
        position: item.write for position, item in enumerate(batch) if isinstance(item.write, ServiceError)
    }
    good = [(position, item.rebuild_id, item.write) for position, item in enumerate(batch) if position not in errors]
    for rebuild_id, group in groupby(good, key=lambda item: item[1]):
        positions_and_writes = [(position, write) for position, _, write in group if isinstance(write, Write)]
        answers = await _answers([write for _, write in positions_and_writes], rebuild_id, images)
        for (position, _), answer in zip(positions_and_writes, answers, strict=True):
            errors[position] = answer
    return [Outcome(item.id, errors[position]) for position, item in enumerate(batch)]


async def _answers(writes: list[Write], rebuild_id: str, images: Images) -> list[ServiceError | None]:
    try:
        return await images.write(writes, rebuild_id)
    except ServiceError:
        raise
    except Exception as error:
        if len(writes) == 1:
            _log.exception("a photo could not be written", image_id=writes[0].image.id, exc_info=error)
            return [Internal("The search service failed on this photo. Its log says more.")]
    # One of them is at fault: each on its own, so that it fails alone.
    return [answer for write in writes for answer in await _answers([write], rebuild_id, images)]
