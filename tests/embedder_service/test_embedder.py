import asyncio
import gc
import io
import weakref
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from PIL import Image
from prometheus_client import generate_latest

from embedder_service.embedder import Embedder
from embedder_service.errors import Overloaded, TooLate
from tests.embedder_service.conftest import LIMITS
from tests.embedder_service.plain_encoder import Clock, PlainEncoder, TimedEncoder


def picture(number: int = 0) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (number, 255 - number, 90)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
async def embedder(encoder: PlainEncoder) -> AsyncIterator[Embedder]:
    async with Embedder(encoder, LIMITS) as running:
        yield running
        encoder.release()


async def occupy(embedder: Embedder, encoder: PlainEncoder) -> asyncio.Task[object]:
    """Keeps the model busy with one text until `encoder.release()`."""
    encoder.hold()
    first: asyncio.Task[object] = asyncio.create_task(embedder.embed_text("first"))
    await asyncio.to_thread(encoder.busy.wait, 30)
    return first


async def test_a_faster_form_of_the_model_takes_over_between_two_batches(
    embedder: Embedder, encoder: PlainEncoder
) -> None:
    faster = PlainEncoder(precision="int8")
    first = await occupy(embedder, encoder)
    waiting = asyncio.create_task(embedder.embed_text("second"))
    await asyncio.sleep(0)
    embedder.replace_encoder(faster)
    assert embedder.card.precision == "int8"
    encoder.release()
    await asyncio.gather(first, waiting)
    await embedder.embed_image(picture())

    assert encoder.batches == [["text first"]]
    assert [batch[0].split()[0] for batch in faster.batches] == ["text", "image"]


async def test_the_form_that_was_replaced_is_released() -> None:
    slow = PlainEncoder()
    released = weakref.ref(slow)
    async with Embedder(slow, LIMITS) as embedder:
        await embedder.embed_text("first")
        embedder.replace_encoder(PlainEncoder(precision="int8"))
        del slow
        await embedder.embed_text("second")
        await embedder.embed_image(picture())
        gc.collect()

        assert released() is None


async def test_another_model_does_not_take_over(embedder: Embedder) -> None:
    with pytest.raises(ValueError, match="other@1"):
        embedder.replace_encoder(PlainEncoder(id_="other@1"))
    assert embedder.card.id == "plain@1"


async def test_a_text_that_is_asked_again_is_computed_once_for_each_form_of_the_model(
    embedder: Embedder, encoder: PlainEncoder
) -> None:
    faster = PlainEncoder(precision="int8")
    await embedder.embed_text("a dog")
    await embedder.embed_text("a dog")
    embedder.replace_encoder(faster)
    await embedder.embed_text("a dog")

    assert (encoder.batches, faster.batches) == ([["text a dog"]], [["text a dog"]])


async def test_under_ten_times_what_it_can_do_it_answers_what_it_can_and_refuses_the_rest_at_once() -> None:
    encoder = TimedEncoder(Clock(), text=0.01)
    outcomes: Counter[str] = Counter()

    async def ask(loaded: Embedder, text: str) -> None:
        deadline = encoder.clock.now + 1.0
        try:
            await loaded.embed_text(text, patience=1.0)
            outcome = "answered"
        except Overloaded:
            outcome = "refused"
        except TooLate:
            outcome = "dropped"
        outcomes[outcome if encoder.clock.now <= deadline else "late"] += 1

    async with Embedder(encoder, LIMITS, encoder.clock) as loaded:
        await loaded.embed_text("known")
        calls: list[asyncio.Task[None]] = []
        started = encoder.clock.now
        while encoder.clock.now < started + 20:  # ten calls for each that can be computed
            due = int((encoder.clock.now - started) * 1000) - len(calls) + 1
            calls += [asyncio.create_task(ask(loaded, f"{len(calls)} {number}")) for number in range(due)]
            await asyncio.sleep(0.0002)
        capacity = (encoder.clock.now - started) / 0.01
        await asyncio.gather(*calls)

    assert outcomes["answered"] >= 0.8 * capacity
    assert outcomes["dropped"] + outcomes["late"] <= 0.05 * capacity
    assert outcomes.total() == len(calls)


async def test_a_picture_is_refused_before_it_is_decoded(embedder: Embedder, encoder: PlainEncoder) -> None:
    encoder.hold()
    first = asyncio.create_task(embedder.embed_image(picture()))
    await asyncio.to_thread(encoder.busy.wait, 30)
    others = [asyncio.create_task(embedder.embed_image(picture(number))) for number in range(99)]
    no_picture = asyncio.create_task(embedder.embed_image(b"no picture"))
    with pytest.raises(Overloaded, match="memory"):
        await no_picture
    encoder.release()
    results = await asyncio.gather(first, *others, return_exceptions=True)

    assert 0 < sum(isinstance(result, Overloaded) for result in results) < 100


async def test_a_stream_is_read_no_further_than_the_memory_for_streams_goes(
    embedder: Embedder, encoder: PlainEncoder
) -> None:
    encoder.hold()
    waiting: list[asyncio.Task[object]] = []
    try:
        while True:
            await asyncio.wait_for(embedder.room_for_streams(), 0.1)
            waiting.append(asyncio.create_task(embedder.embed_streamed_image(picture(len(waiting)))))
            await asyncio.sleep(0)
    except TimeoutError:
        encoder.release()
    await asyncio.gather(*waiting)
    await embedder.room_for_streams()

    assert 10 < len(waiting) < 100


async def test_what_it_does_is_counted_by_kind(embedder: Embedder, encoder: PlainEncoder) -> None:
    before = served_counts()
    encoder.hold()
    texts = [asyncio.create_task(embedder.embed_text("a dog")) for _ in range(2)]
    await asyncio.to_thread(encoder.busy.wait, 30)
    pictures = [asyncio.create_task(embedder.embed_image(picture(number))) for number in range(99)]
    refused = await asyncio.wait(pictures, return_when=asyncio.FIRST_COMPLETED)
    bulk = asyncio.create_task(embedder.embed_streamed_image(picture()))
    await asyncio.sleep(0)
    encoder.release()
    results = await asyncio.gather(*texts, *pictures, bulk, return_exceptions=True)
    await embedder.embed_text("a dog")
    counts = served_counts() - before
    computed = sum(not isinstance(result, Overloaded) for result in results) - 3

    assert refused
    assert counts['embedder_refused_total{kind="image",reason="memory"}'] == 99 - computed
    assert counts['embedder_batch_size_sum{kind="text"}'] == 1
    assert counts['embedder_batch_size_sum{kind="image"}'] == computed
    assert counts['embedder_batch_size_sum{kind="bulk_image"}'] == 1
    assert counts['embedder_queue_seconds_count{kind="image"}'] == computed
    assert counts['embedder_model_seconds_count{kind="bulk_image"}'] == 1
    assert counts['embedder_decode_seconds_count{kind="image"}'] == computed
    assert [counts[f'embedder_text_cache_total{{outcome="{outcome}"}}'] for outcome in ("hit", "shared", "miss")] == [
        1,
        1,
        1,
    ]
    assert counts['embedder_waiting{kind="image"}'] == 0


def served_counts() -> Counter[str]:
    """The metrics of the process as they are served, by name and labels."""
    lines = generate_latest().decode().splitlines()
    return Counter(
        {name: int(float(value)) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}
    )


async def test_before_anything_was_measured_every_call_is_taken() -> None:
    encoder = TimedEncoder(Clock(), text=0.001)
    async with Embedder(encoder, LIMITS, encoder.clock) as loaded:
        first = await occupy(loaded, encoder)
        calls = [asyncio.create_task(loaded.embed_text(str(number), patience=1.0)) for number in range(90)]
        await asyncio.sleep(0)
        encoder.release()
        await asyncio.gather(first, *calls)

    assert sum(map(len, encoder.batches)) == 91


async def test_a_call_is_refused_at_once_if_those_before_it_take_longer_than_it_can_wait() -> None:
    encoder = TimedEncoder(Clock(), text=0.1, image=0.1)
    async with Embedder(encoder, LIMITS, encoder.clock) as loaded:
        await loaded.embed_text("known")
        first = await occupy(loaded, encoder)
        calls = [asyncio.create_task(loaded.embed_text(str(number), patience=5.0)) for number in range(20)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as refused:
            await loaded.embed_text("a dog", patience=2.0)
        patient = asyncio.create_task(loaded.embed_text("a cat", patience=5.0))
        await asyncio.sleep(0)
        encoder.release()
        await asyncio.gather(first, *calls, patient)

    assert refused.value.retry_after is not None
    assert 0.1 <= refused.value.retry_after <= 2.2
    assert ["text a dog"] not in encoder.batches


async def test_no_call_waits_longer_than_the_stated_time() -> None:
    encoder = TimedEncoder(Clock(), text=0.1)
    async with Embedder(encoder, LIMITS, encoder.clock) as loaded:
        await loaded.embed_text("known")
        first = await occupy(loaded, encoder)
        calls = [asyncio.create_task(loaded.embed_text(str(number))) for number in range(200)]
        await asyncio.sleep(0)
        encoder.release()
        results = await asyncio.gather(first, *calls, return_exceptions=True)

    taken = [result for result in results if not isinstance(result, Overloaded)]
    assert 0.9 * LIMITS.max_wait_seconds <= len(taken) * 0.1 <= 1.1 * LIMITS.max_wait_seconds
