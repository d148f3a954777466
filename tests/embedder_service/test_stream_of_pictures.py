"""EmbedImages over real gRPC: memory stays bounded, and the sender is held."""

import asyncio
import io
import random
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import grpc
import pytest
from PIL import Image

from embedder_service.encoder import LoadedModel, PreparedImage, Vectors
from grpc_runtime.errors import read_status
from imagesearch.embedder.v1 import embedder_pb2 as pb
from imagesearch.embedder.v1.embedder_pb2_grpc import EmbedderServiceStub
from tests.embedder_service.conftest import LIMITS, Running, Serve
from tests.embedder_service.plain_encoder import PlainEncoder

if TYPE_CHECKING:
    from imagesearch.embedder.v1.embedder_pb2_grpc import EmbedderServiceAsyncStub


class CountingEncoder(PlainEncoder):
    """Counts the pictures that are prepared and not computed yet."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self.count_anew(seconds=0.0)

    def count_anew(self, *, seconds: float) -> None:
        """From now on a batch takes so long."""
        self.seconds = seconds
        self.computed = 0
        self.most_in_hand = 0
        self._in_hand = 0

    def prepare_image(self, image: Image.Image) -> PreparedImage:
        with self._lock:
            self._in_hand += 1
            self.most_in_hand = max(self.most_in_hand, self._in_hand)
        return super().prepare_image(image)

    def embed_images(self, images: Sequence[PreparedImage]) -> Vectors:
        with self._lock:
            self.computed += len(images)
        time.sleep(self.seconds)
        with self._lock:
            self._in_hand -= len(images)
        return super().embed_images(images)


def request(number: int) -> pb.EmbedImagesRequest:
    """It has some 20 KB; its answer some 600 bytes, most of them the key."""
    return pb.EmbedImagesRequest(key=f"{number:0512}", image=NOISE)


def noise() -> bytes:
    file = io.BytesIO()
    Image.frombytes("RGB", (80, 80), random.Random(0).randbytes(80 * 80 * 3)).save(file, "PNG")
    return file.getvalue()


NOISE = noise()


async def until_it_rests(encoder: CountingEncoder) -> None:
    before = -1
    while before != encoder.computed or not before:
        before = encoder.computed
        await asyncio.sleep(0.5)


async def test_a_client_that_does_not_read_is_read_no_further(serve: Serve) -> None:
    count = 1_500
    encoder = CountingEncoder()
    async with serve(lambda report: LoadedModel(encoder)) as running:
        assert await running.host.load()
        encoder.count_anew(seconds=0.0)
        # Left to itself the client takes in megabytes ahead of its reader.
        options = [("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65_536)]
        async with grpc.aio.insecure_channel(running.address, options=options) as channel:
            stub: EmbedderServiceAsyncStub = EmbedderServiceStub(channel)
            call = stub.EmbedImages()

            async def send() -> None:
                for number in range(count):
                    await call.write(request(number))
                await call.done_writing()

            sending = asyncio.create_task(send())
            await until_it_rests(encoder)
            computed_unread = encoder.computed
            held = not sending.done()
            keys = {answer.key async for answer in call}
            await sending

    assert held
    assert computed_unread < count / 2
    assert len(keys) == count


async def test_a_long_stream_has_a_few_pictures_in_hand_at_a_time(serve: Serve) -> None:
    encoder = CountingEncoder()
    async with serve(lambda report: LoadedModel(encoder)) as running:
        assert await running.host.load()
        encoder.count_anew(seconds=0.005)
        answers = [answer async for answer in running.stub.EmbedImages(request(number) for number in range(300))]

    assert len(answers) == 300
    assert 1 < encoder.most_in_hand <= LIMITS.max_unanswered_images


async def test_pictures_of_a_client_that_went_away_are_dropped(running: Running, encoder: PlainEncoder) -> None:
    encoder.hold()
    call = running.stub.EmbedImages(request(number) for number in range(50))
    reading = asyncio.ensure_future(call.read())
    await asyncio.to_thread(encoder.busy.wait, 30)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    for _ in range(50):  # the server hears of it a moment later than the client
        await running.stub.GetModel(pb.GetModelRequest())
    encoder.release()
    await running.stub.EmbedText(pb.EmbedTextRequest(text="later"))

    assert [len(batch) for batch in encoder.batches] == [1, 1]
    assert encoder.batches[1] == ["text later"]


async def test_one_stream_among_many_fails_alone_on_its_pictures(running: Running) -> None:
    async def answers_to(image: bytes) -> list[str]:
        requests = [pb.EmbedImagesRequest(key=str(number), image=image) for number in range(10)]
        return [read_status(answer.error).reason async for answer in running.stub.EmbedImages(iter(requests))]

    good, bad = await asyncio.gather(answers_to(request(0).image), answers_to(b"no picture"))

    assert good == [""] * 10
    assert bad == ["IMAGE_UNDECODABLE"] * 10
