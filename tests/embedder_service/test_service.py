import asyncio
import io
import threading
from typing import Any

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from PIL import Image

from embedder_service.encoder import LoadedModel, Modality, PreparedImage, Report
from embedder_service.errors import ModelFailed
from grpc_runtime.errors import RemoteError, read_rpc_error, read_status
from imagesearch.embedder.v1 import embedder_pb2 as pb
from tests.embedder_service.conftest import Running, Serve
from tests.embedder_service.plain_encoder import DIMENSIONS, POISON, PlainEncoder


def picture(number: int = 0, size: tuple[int, int] = (64, 48)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (number, 255 - number, 90)).save(file, "PNG")
    return file.getvalue()


async def error_of(call: grpc.aio.UnaryUnaryCall[Any, Any]) -> RemoteError:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    return read_rpc_error(failed.value)


async def embed_stream(running: Running, requests: list[pb.EmbedImagesRequest]) -> dict[str, pb.EmbedImagesResponse]:
    answers = [answer async for answer in running.stub.EmbedImages(iter(requests))]
    assert len(answers) == len(requests)
    return {answer.key: answer for answer in answers}


async def test_a_text_is_embedded_under_the_models_id(running: Running) -> None:
    response = await running.stub.EmbedText(pb.EmbedTextRequest(text="a dog"))

    assert response.embedding.model == "plain@1"
    assert np.linalg.norm(response.embedding.values) == pytest.approx(1, abs=1e-6)
    assert not response.truncated


async def test_a_text_that_was_cut_says_so(running: Running) -> None:
    response = await running.stub.EmbedText(pb.EmbedTextRequest(text="one two three four five six"))

    assert response.truncated


async def test_a_picture_has_the_same_vector_alone_and_in_a_stream(running: Running) -> None:
    alone = await running.stub.EmbedImage(pb.EmbedImageRequest(image=picture(7)))
    many = await embed_stream(running, [pb.EmbedImagesRequest(key=str(n), image=picture(n)) for n in range(20)])

    assert many["7"].embedding == alone.embedding
    assert len(alone.embedding.values) == DIMENSIONS


class _ShortOfMemory(PlainEncoder):
    """As if memory ran out over wide pictures."""

    def prepare_image(self, image: Image.Image) -> PreparedImage:
        if image.width > 1_000:
            raise MemoryError
        return super().prepare_image(image)


async def test_a_picture_beyond_the_memory_fails_alone(serve: Serve) -> None:
    async with serve(lambda report: LoadedModel(_ShortOfMemory())) as running:
        assert await running.host.load()

        large = pb.EmbedImagesRequest(key="large", image=picture(size=(1_200, 9)))
        answers = await embed_stream(running, [large, pb.EmbedImagesRequest(key="good", image=picture())])
        alone = await error_of(running.stub.EmbedImage(pb.EmbedImageRequest(image=large.image)))

    assert answers["good"].HasField("embedding")
    assert read_status(answers["large"].error).reason == "IMAGE_TOO_LARGE"
    assert alone.reason == "IMAGE_TOO_LARGE"


async def test_in_a_stream_a_bad_picture_and_a_long_key_fail_alone(running: Running) -> None:
    long_key = "k" * 513
    answers = await embed_stream(
        running,
        [
            pb.EmbedImagesRequest(key="good", image=picture()),
            pb.EmbedImagesRequest(key="bad", image=b"no picture"),
            pb.EmbedImagesRequest(key=long_key, image=picture()),
            pb.EmbedImagesRequest(key="also good", image=picture(1)),
        ],
    )

    assert answers["good"].HasField("embedding")
    assert answers["also good"].HasField("embedding")
    assert read_status(answers["bad"].error).reason == "IMAGE_UNDECODABLE"
    assert read_status(answers[long_key].error).reason == "INVALID_FIELD"
    assert read_status(answers[long_key].error).metadata["field"] == "key"


async def test_a_caller_that_gave_up_is_not_computed_for(running: Running, encoder: PlainEncoder) -> None:
    encoder.hold()
    first = asyncio.ensure_future(running.stub.EmbedText(pb.EmbedTextRequest(text="first")))
    await asyncio.to_thread(encoder.busy.wait, 30)
    late = await error_of(running.stub.EmbedText(pb.EmbedTextRequest(text="too late"), timeout=0.2))
    for _ in range(50):  # the server hears of it a moment later than the client
        await running.stub.GetModel(pb.GetModelRequest())
    encoder.release()
    await first
    await running.stub.EmbedText(pb.EmbedTextRequest(text="last"))

    assert late.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert [text for batch in encoder.batches for text in batch] == ["text first", "text last"]


async def test_a_stream_that_breaks_off_does_not_hold_its_places(running: Running) -> None:
    for _ in range(5):
        call = running.stub.EmbedImages(iter([pb.EmbedImagesRequest(key="k", image=picture())] * 30))
        await call.read()
        call.cancel()
    answers = await embed_stream(running, [pb.EmbedImagesRequest(key=str(n), image=picture(n)) for n in range(20)])

    assert all(answer.HasField("embedding") for answer in answers.values())


async def test_a_text_that_would_be_answered_too_late_is_refused_with_a_time_to_come_back(
    running: Running, encoder: PlainEncoder
) -> None:
    encoder.hold()
    slow = asyncio.ensure_future(running.stub.EmbedText(pb.EmbedTextRequest(text="slow")))
    await asyncio.to_thread(encoder.busy.wait, 30)
    await asyncio.sleep(0.3)  # from now on a text is known to take so long
    encoder.release()
    await slow
    encoder.hold()
    calls = [asyncio.ensure_future(running.stub.EmbedText(pb.EmbedTextRequest(text=str(n)))) for n in range(3)]
    await asyncio.to_thread(encoder.busy.wait, 30)
    await running.stub.GetModel(pb.GetModelRequest())
    refused = await error_of(running.stub.EmbedText(pb.EmbedTextRequest(text="a dog"), timeout=0.3))
    encoder.release()

    assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert (refused.retry_after or 0) > 0
    assert all(answer.embedding.values for answer in await asyncio.gather(*calls))


async def test_single_pictures_beyond_the_memory_for_them_are_refused(running: Running, encoder: PlainEncoder) -> None:
    encoder.hold()
    calls = [asyncio.ensure_future(running.stub.EmbedImage(pb.EmbedImageRequest(image=picture(n)))) for n in range(99)]
    done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    refused = next(iter(done)).exception()
    encoder.release()
    await asyncio.gather(*calls, return_exceptions=True)

    assert isinstance(refused, grpc.aio.AioRpcError)
    assert read_rpc_error(refused).reason == "OVERLOADED"


async def test_a_text_that_the_model_chokes_on_is_an_internal_error_and_the_service_goes_on(running: Running) -> None:
    failed = await error_of(running.stub.EmbedText(pb.EmbedTextRequest(text=POISON)))

    assert failed.reason == "INTERNAL"
    assert (await running.stub.EmbedText(pb.EmbedTextRequest(text="a dog"))).embedding.values


async def test_the_model_is_described(running: Running) -> None:
    model = (await running.stub.GetModel(pb.GetModelRequest())).model

    assert (model.id, model.name, model.dimensions) == ("plain@1", "plain", DIMENSIONS)
    assert list(model.modalities) == [pb.MODALITY_TEXT, pb.MODALITY_IMAGE]
    assert model.state == pb.MODEL_STATE_READY
    assert (model.notice, list(model.languages)) == ("A test.", ["en", "de"])
    assert model.limits == pb.ModelLimits(
        max_text_bytes=1000,
        max_image_bytes=200_000,
        max_image_pixels=4_000_000,
        max_unanswered_images=3,
        useful_image_edge=32,
    )


async def test_while_the_model_loads_it_says_how_far_it_is(serve: Serve, encoder: PlainEncoder) -> None:
    go_on = threading.Event()
    reported = threading.Event()

    def load(report: Report) -> LoadedModel:
        report("Downloading: 30 of 100 MB.", 0.3)
        reported.set()
        assert go_on.wait(30)
        return LoadedModel(encoder)

    async with serve(load) as running:
        loading = asyncio.create_task(running.host.load())
        await asyncio.to_thread(reported.wait, 30)
        model = (await running.stub.GetModel(pb.GetModelRequest())).model
        text = await error_of(running.stub.EmbedText(pb.EmbedTextRequest(text="a dog")))
        go_on.set()
        assert await loading
        ready = (await running.stub.GetModel(pb.GetModelRequest())).model

    assert (model.state, model.state_detail, model.progress) == (
        pb.MODEL_STATE_LOADING,
        "Downloading: 30 of 100 MB.",
        0.3,
    )
    assert (model.id, model.dimensions) == ("", 0)
    assert (text.code, text.reason) == (grpc.StatusCode.UNAVAILABLE, "MODEL_LOADING")
    assert ready.state == pb.MODEL_STATE_READY


async def test_a_call_waits_for_a_model_that_is_read_from_the_disk(serve: Serve, encoder: PlainEncoder) -> None:
    go_on = threading.Event()

    def load(report: Report) -> LoadedModel:
        report("Reading the model.", 0.0)
        assert go_on.wait(30)
        return LoadedModel(encoder)

    async with serve(load) as running:
        loading = asyncio.create_task(running.host.load())
        impatient = await error_of(running.stub.EmbedText(pb.EmbedTextRequest(text="a dog"), timeout=1.5))
        waiting = asyncio.ensure_future(running.stub.EmbedText(pb.EmbedTextRequest(text="a dog")))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        go_on.set()
        assert await loading
        embedded = await waiting

    assert impatient.reason == "MODEL_LOADING"
    assert embedded.embedding.values


async def test_a_model_that_can_not_be_loaded_says_why_and_the_service_stays(serve: Serve) -> None:
    def load(report: Report) -> LoadedModel:
        raise ModelFailed("There is no such model. Choose another.")

    async with serve(load) as running:
        assert not await running.host.load()
        model = (await running.stub.GetModel(pb.GetModelRequest())).model
        text = await error_of(running.stub.EmbedText(pb.EmbedTextRequest(text="a dog")))
        with pytest.raises(grpc.aio.AioRpcError) as stream:
            await running.stub.EmbedImages(iter([pb.EmbedImagesRequest(key="a")])).read()

    assert (model.state, model.state_detail) == (pb.MODEL_STATE_FAILED, "There is no such model. Choose another.")
    assert (text.code, text.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "MODEL_FAILED")
    assert read_rpc_error(stream.value).reason == "MODEL_FAILED"


async def test_a_fault_of_a_library_while_loading_is_a_failed_model_too(serve: Serve) -> None:
    def load(report: Report) -> LoadedModel:
        raise KeyError("weights")

    async with serve(load) as running:
        assert not await running.host.load()
        model = (await running.stub.GetModel(pb.GetModelRequest())).model

    assert model.state == pb.MODEL_STATE_FAILED
    assert "KeyError" in model.state_detail


async def test_a_model_that_stands_in_for_another_is_degraded_and_says_why(serve: Serve, encoder: PlainEncoder) -> None:
    async with serve(lambda report: LoadedModel(encoder, "It stands in for another.")) as running:
        assert await running.host.load()
        model = (await running.stub.GetModel(pb.GetModelRequest())).model
        embedded = await running.stub.EmbedText(pb.EmbedTextRequest(text="a dog"))

    assert (model.state, model.state_detail) == (pb.MODEL_STATE_DEGRADED, "It stands in for another.")
    assert embedded.embedding.values


async def test_a_model_without_a_tower_refuses_that_kind_of_input(serve: Serve) -> None:
    only_text = PlainEncoder(frozenset({Modality.TEXT}))
    async with serve(lambda report: LoadedModel(only_text)) as running:
        assert await running.host.load()
        refused = await error_of(running.stub.EmbedImage(pb.EmbedImageRequest(image=picture())))

    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "MODALITY_UNSUPPORTED")


async def test_health_is_not_serving_before_the_model_is(serve: Serve, encoder: PlainEncoder) -> None:
    async with serve(lambda report: LoadedModel(encoder)) as running:
        health: Any = health_pb2_grpc.HealthStub(running.channel)
        answer = await health.Check(health_pb2.HealthCheckRequest())

    assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
