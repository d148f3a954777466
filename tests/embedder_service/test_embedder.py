import asyncio
import gc
import io
import weakref
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from embedder_service.embedder import Embedder
from tests.embedder_service.conftest import LIMITS
from tests.embedder_service.plain_encoder import PlainEncoder


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
