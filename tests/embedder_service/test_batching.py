import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from embedder_service.batching import Batcher, BatchLimits
from embedder_service.encoder import EmbeddedTexts
from embedder_service.errors import Overloaded
from tests.embedder_service.plain_encoder import POISON, PlainEncoder

LIMITS = BatchLimits(max_text_batch=8, max_image_batch=3, max_waiting_texts=10)


@pytest.fixture
async def batcher(encoder: PlainEncoder) -> AsyncIterator[Batcher]:
    async with Batcher(encoder, LIMITS) as running:
        yield running
        encoder.release()


async def occupy(batcher: Batcher, encoder: PlainEncoder) -> asyncio.Task[object]:
    """Keeps the model busy with one text until `encoder.release()`."""
    encoder.hold()
    first = asyncio.create_task(batcher.embed_text("first"))
    await asyncio.to_thread(encoder.busy.wait, 30)
    return first


async def queue_up(*calls: object) -> list[asyncio.Task[object]]:
    tasks = [asyncio.ensure_future(call) for call in calls]  # type: ignore[call-overload]
    await asyncio.sleep(0)  # each runs up to where it waits for its answer
    return tasks


async def test_a_text_is_embedded_at_once_when_the_model_is_idle(batcher: Batcher, encoder: PlainEncoder) -> None:
    await batcher.embed_text("a dog")

    assert encoder.batches == [["text a dog"]]


async def test_texts_that_wait_are_embedded_together_and_each_gets_its_own_vector(
    batcher: Batcher, encoder: PlainEncoder
) -> None:
    first = await occupy(batcher, encoder)
    waiting = await queue_up(*(batcher.embed_text(name) for name in "abc"))
    encoder.release()
    embedded = [*await asyncio.gather(first, *waiting), await batcher.embed_text("a")]

    assert encoder.batches[1] == ["text a", "text b", "text c"]
    vectors = np.array([text.vector for text in embedded])  # type: ignore[attr-defined]
    alike = vectors @ vectors[-1] > 0.9999
    assert alike.tolist() == [False, True, False, False, True]


async def test_a_batch_is_bounded(batcher: Batcher, encoder: PlainEncoder) -> None:
    await occupy(batcher, encoder)
    waiting = await queue_up(*(batcher.embed_text(str(number)) for number in range(10)))
    encoder.release()
    await asyncio.gather(*waiting)

    assert [len(batch) for batch in encoder.batches] == [1, 8, 2]


async def test_more_than_may_wait_is_refused_with_a_time_to_come_back(batcher: Batcher, encoder: PlainEncoder) -> None:
    await occupy(batcher, encoder)
    await queue_up(*(batcher.embed_text(str(number)) for number in range(10)))

    with pytest.raises(Overloaded) as refused:
        await batcher.embed_text("one too many")
    assert refused.value.retry_after is not None
    assert 0 < refused.value.retry_after <= 30


async def test_what_nobody_waits_for_any_more_is_not_computed_and_leaves_its_place(
    batcher: Batcher, encoder: PlainEncoder
) -> None:
    await occupy(batcher, encoder)
    waiting = await queue_up(*(batcher.embed_text(str(number)) for number in range(10)))
    for call in waiting[:9]:
        call.cancel()
    await asyncio.sleep(0)
    (late,) = await queue_up(batcher.embed_text("late"))
    encoder.release()
    await asyncio.gather(waiting[9], late)

    assert encoder.batches[1:] == [["text 9", "text late"]]


async def test_an_input_that_the_model_chokes_on_fails_alone(batcher: Batcher, encoder: PlainEncoder) -> None:
    await occupy(batcher, encoder)
    waiting = await queue_up(*(batcher.embed_text(text) for text in ("good", POISON, "better")))
    encoder.release()
    results = await asyncio.gather(*waiting, return_exceptions=True)

    assert [isinstance(result, ValueError) for result in results] == [False, True, False]


class _HeldByPoison(PlainEncoder):
    """Chokes on POISON alone only when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.alone = threading.Event()
        self.choke = threading.Event()

    def embed_texts(self, texts: Sequence[str]) -> EmbeddedTexts:
        if list(texts) == [POISON]:
            self.alone.set()
            assert self.choke.wait(30)
        return super().embed_texts(texts)


async def test_a_caller_that_goes_after_the_batch_failed_costs_no_computation() -> None:
    encoder = _HeldByPoison()
    async with Batcher(encoder, LIMITS) as batcher:
        await occupy(batcher, encoder)
        poisoned, gone = await queue_up(batcher.embed_text(POISON), batcher.embed_text("gone"))
        encoder.release()
        await asyncio.to_thread(encoder.alone.wait, 30)
        gone.cancel()
        encoder.choke.set()
        await asyncio.gather(poisoned, gone, return_exceptions=True)
        await batcher.embed_text("later")

    assert encoder.batches[1:] == [[f"text {POISON}", "text gone"], [f"text {POISON}"], ["text later"]]


async def test_a_text_waits_for_one_batch_of_pictures_at_most(batcher: Batcher, encoder: PlainEncoder) -> None:
    await occupy(batcher, encoder)
    pictures = await queue_up(*(batcher.embed_image(str(number), bulk=True) for number in range(9)))
    (text,) = await queue_up(batcher.embed_text("a dog"))
    encoder.release()
    await asyncio.gather(text, *pictures)

    kinds = [batch[0].split()[0] for batch in encoder.batches[1:]]
    assert kinds.index("text") <= 1


async def test_a_flood_of_texts_does_not_stop_pictures(batcher: Batcher, encoder: PlainEncoder) -> None:
    await occupy(batcher, encoder)
    texts = await queue_up(*(batcher.embed_text(str(number)) for number in range(10)))
    (picture,) = await queue_up(batcher.embed_image("p", bulk=True))
    encoder.release()
    await asyncio.gather(picture, *texts)

    assert "image p" in encoder.batches[1] + encoder.batches[2]


async def test_a_persons_picture_goes_before_those_in_bulk_but_does_not_stop_them(
    batcher: Batcher, encoder: PlainEncoder
) -> None:
    await occupy(batcher, encoder)
    bulk = await queue_up(*(batcher.embed_image(f"bulk{number}", bulk=True) for number in range(4)))
    single = await queue_up(*(batcher.embed_image(f"single{number}") for number in range(3)))
    encoder.release()
    await asyncio.gather(*bulk, *single)

    assert encoder.batches[1] == ["image single0", "image single1", "image bulk0"]


async def test_stopping_leaves_nobody_waiting(encoder: PlainEncoder) -> None:
    async with Batcher(encoder, LIMITS) as batcher:
        first = await occupy(batcher, encoder)
        waiting = await queue_up(*(batcher.embed_text(str(number)) for number in range(3)))
    results = await asyncio.wait_for(asyncio.gather(first, *waiting, return_exceptions=True), 10)

    assert all(isinstance(result, asyncio.CancelledError) for result in results)
