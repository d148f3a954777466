import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from embedder_service.batching.batcher import Batcher, BatchLimits
from embedder_service.batching.waiting import Kind
from embedder_service.encoder import EmbeddedTexts
from embedder_service.errors import TooLate
from tests.embedder_service.plain_encoder import POISON, Clock, PlainEncoder, TimedEncoder

LIMITS = BatchLimits(max_text_batch=8, max_image_batch=3, max_batch_seconds=0.1)


@pytest.fixture
def encoder() -> TimedEncoder:
    """Takes no time at all unless a test says otherwise."""
    return TimedEncoder(Clock())


@pytest.fixture
async def batcher(encoder: TimedEncoder) -> AsyncIterator[Batcher]:
    async with Batcher(encoder, LIMITS, encoder.clock) as running:
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


async def test_a_text_is_embedded_at_once_when_the_model_is_idle(batcher: Batcher, encoder: TimedEncoder) -> None:
    await batcher.embed_text("a dog")

    assert encoder.batches == [["text a dog"]]


async def test_texts_that_wait_are_embedded_together_and_each_gets_its_own_vector(
    batcher: Batcher, encoder: TimedEncoder
) -> None:
    first = await occupy(batcher, encoder)
    waiting = await queue_up(*(batcher.embed_text(name) for name in "abc"))
    encoder.release()
    embedded = [*await asyncio.gather(first, *waiting), await batcher.embed_text("a")]

    assert encoder.batches[1] == ["text a", "text b", "text c"]
    vectors = np.array([text.vector for text in embedded])  # type: ignore[attr-defined]
    alike = vectors @ vectors[-1] > 0.9999
    assert alike.tolist() == [False, True, False, False, True]


async def test_a_batch_is_bounded(batcher: Batcher, encoder: TimedEncoder) -> None:
    await occupy(batcher, encoder)
    waiting = await queue_up(*(batcher.embed_text(str(number)) for number in range(10)))
    encoder.release()
    await asyncio.gather(*waiting)

    assert [len(batch) for batch in encoder.batches] == [1, 8, 2]


async def test_what_nobody_waits_for_any_more_is_not_computed_and_leaves_its_place(
    batcher: Batcher, encoder: TimedEncoder
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


async def test_an_input_that_the_model_chokes_on_fails_alone(batcher: Batcher, encoder: TimedEncoder) -> None:
    await occupy(batcher, encoder)
    waiting = await queue_up(*(batcher.embed_text(text) for text in ("good", POISON, "better")))
    encoder.release()
    results = await asyncio.gather(*waiting, return_exceptions=True)

    assert [isinstance(result, ValueError) for result in results] == [False, True, False]


class _HeldByPoison(TimedEncoder):
    """Chokes on POISON alone only when it is told to."""

    def __init__(self) -> None:
        super().__init__(Clock())
        self.alone = threading.Event()
        self.choke = threading.Event()

    def embed_texts(self, texts: Sequence[str]) -> EmbeddedTexts:
        if list(texts) == [POISON]:
            self.alone.set()
            assert self.choke.wait(30)
        return super().embed_texts(texts)


async def test_a_caller_that_goes_after_the_batch_failed_costs_no_computation() -> None:
    encoder = _HeldByPoison()
    async with Batcher(encoder, LIMITS, encoder.clock) as batcher:
        await occupy(batcher, encoder)
        poisoned, gone = await queue_up(batcher.embed_text(POISON), batcher.embed_text("gone"))
        encoder.release()
        await asyncio.to_thread(encoder.alone.wait, 30)
        gone.cancel()
        encoder.choke.set()
        await asyncio.gather(poisoned, gone, return_exceptions=True)
        await batcher.embed_text("later")

    assert encoder.batches[1:] == [[f"text {POISON}", "text gone"], [f"text {POISON}"], ["text later"]]


async def test_a_call_whose_deadline_passes_in_the_queue_is_not_computed(
    batcher: Batcher, encoder: TimedEncoder
) -> None:
    first = await occupy(batcher, encoder)
    now = encoder.clock.now
    late, in_time = await queue_up(batcher.embed_text("late", now + 1), batcher.embed_text("in time", now + 3))
    encoder.clock.now = now + 2
    encoder.release()
    await asyncio.gather(first, in_time)

    with pytest.raises(TooLate):
        await late
    assert encoder.batches[1:] == [["text in time"]]


async def test_a_call_that_could_not_be_answered_in_time_any_more_gives_way_to_the_next(
    batcher: Batcher, encoder: TimedEncoder
) -> None:
    encoder.seconds["text"] = 0.5
    await batcher.embed_text("known")
    first = await occupy(batcher, encoder)
    done_at = encoder.clock.now + 0.5
    late, in_time = await queue_up(
        batcher.embed_text("late", done_at + 0.4), batcher.embed_text("in time", done_at + 0.6)
    )
    encoder.release()
    await asyncio.gather(first, in_time)

    with pytest.raises(TooLate):
        await late
    assert encoder.batches[2:] == [["text in time"]]


async def test_the_last_call_is_tried_however_slow_the_model_seemed(batcher: Batcher, encoder: TimedEncoder) -> None:
    encoder.seconds["text"] = 60
    await batcher.embed_text("held up")
    encoder.seconds["text"] = 0.01

    assert (await batcher.embed_text("a dog", encoder.clock.now + 1)).vector.size


async def test_people_go_before_pictures_in_bulk_and_take_turns(batcher: Batcher, encoder: TimedEncoder) -> None:
    encoder.seconds = {"text": 0.01, "image": 0.03}
    await batcher.embed_image("known", bulk=True)
    first = await occupy(batcher, encoder)
    bulk = await queue_up(*(batcher.embed_image(f"bulk{number}", bulk=True) for number in range(3)))
    people = await queue_up(
        *(batcher.embed_image(f"single{number}") for number in range(3)),
        *(batcher.embed_text(str(number)) for number in range(12)),
    )
    encoder.release()
    await asyncio.gather(first, *bulk, *people)

    kinds = [batch[0].rstrip("0123456789") for batch in encoder.batches[2:]]
    assert kinds == ["image single", "text ", "image single", "text ", "image bulk"]


async def test_a_text_overtakes_any_number_of_pictures_in_bulk(batcher: Batcher, encoder: TimedEncoder) -> None:
    bulk = await queue_up(*(batcher.embed_image(f"bulk{number}", bulk=True) for number in range(30)))
    encoder.hold()
    await asyncio.to_thread(encoder.busy.wait, 30)
    (text,) = await queue_up(batcher.embed_text("a dog"))
    under_way = len(encoder.batches)
    encoder.release()
    await asyncio.gather(text, *bulk)

    assert encoder.batches.index(["text a dog"]) <= under_way


async def test_pictures_in_bulk_keep_a_small_share_under_a_flood_of_texts(
    batcher: Batcher, encoder: TimedEncoder
) -> None:
    encoder.seconds = {"text": 0.01, "image": 0.03}
    await batcher.embed_image("known", bulk=True)
    first = await occupy(batcher, encoder)
    bulk = await queue_up(*(batcher.embed_image(f"bulk{number}", bulk=True) for number in range(30)))
    texts = await queue_up(*(batcher.embed_text(str(number)) for number in range(400)))
    encoder.release()
    await asyncio.gather(first, *texts)
    while_texts = [batch for batch in encoder.batches[2:] if batch[0].startswith("image")]
    await asyncio.gather(*bulk)

    spent = sum(map(len, while_texts)) * 0.03
    assert 0.08 * 4.0 <= spent <= 0.14 * 4.0


async def test_a_batch_takes_no_longer_than_its_budget(batcher: Batcher, encoder: TimedEncoder) -> None:
    encoder.seconds["image"] = 0.045
    await asyncio.gather(*(batcher.embed_image(str(number), bulk=True) for number in range(9)))
    assert max(map(len, encoder.batches)) == 2

    encoder.forget()
    encoder.seconds["image"] = 0.5
    await asyncio.gather(*(batcher.embed_image(str(number), bulk=True) for number in range(9)))
    assert [len(batch) for batch in encoder.batches[-4:]] == [1, 1, 1, 1]

    encoder.forget()
    encoder.seconds["image"] = 0.001
    await asyncio.gather(*(batcher.embed_image(str(number), bulk=True) for number in range(60)))
    assert len(encoder.batches[-2]) == LIMITS.max_image_batch


async def test_the_wait_that_is_expected_is_what_is_ahead_times_its_pace(
    batcher: Batcher, encoder: TimedEncoder
) -> None:
    encoder.seconds = {"text": 0.02, "image": 0.05}
    await batcher.embed_image("known", bulk=True)
    await batcher.embed_text("known")
    assert batcher.expected_wait(Kind.TEXT) == 0

    first = await occupy(batcher, encoder)
    assert batcher.expected_wait(Kind.TEXT) == pytest.approx(0.02)

    texts = await queue_up(*(batcher.embed_text(str(number)) for number in range(99)))
    assert batcher.expected_wait(Kind.TEXT) == pytest.approx(0.02 + (99 + 5) * 0.02)
    assert batcher.expected_wait(Kind.IMAGE) == pytest.approx(0.02 + 5 * 0.02)

    bulk = await queue_up(*(batcher.embed_image(str(number), bulk=True) for number in range(99)))
    assert batcher.expected_wait(Kind.TEXT) == pytest.approx(0.02 + 2.08 + 0.1 + 2.08 / 9)
    encoder.release()
    await asyncio.gather(first, *texts, *bulk)


async def test_one_batch_that_was_held_up_does_not_spoil_what_is_expected(
    batcher: Batcher, encoder: TimedEncoder
) -> None:
    encoder.seconds["text"] = 0.01
    await batcher.embed_text("known")
    encoder.seconds["text"] = 60
    await batcher.embed_text("held up")
    encoder.seconds["text"] = 0.01
    await occupy(batcher, encoder)
    await queue_up(batcher.embed_text("a dog"))

    assert batcher.expected_wait(Kind.TEXT) < 1


async def test_stopping_leaves_nobody_waiting(encoder: TimedEncoder) -> None:
    async with Batcher(encoder, LIMITS, encoder.clock) as batcher:
        first = await occupy(batcher, encoder)
        waiting = await queue_up(*(batcher.embed_text(str(number)) for number in range(3)))
    results = await asyncio.wait_for(asyncio.gather(first, *waiting, return_exceptions=True), 10)

    assert all(isinstance(result, asyncio.CancelledError) for result in results)
