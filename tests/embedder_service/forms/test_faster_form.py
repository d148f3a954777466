"""A faster form takes over while the service embeds."""

import asyncio
import threading
from dataclasses import replace

import pytest

from embedder_service.encoder import Encoder, FormCheck, LoadedModel, Modality, NoFasterForm
from imagesearch.embedder.v1 import embedder_pb2 as pb
from tests.embedder_service.conftest import Running, Serve
from tests.embedder_service.plain_encoder import DIMENSIONS, PlainEncoder

CHECK = FormCheck(Modality.IMAGE, "int8", "snake 1", 0.999, 0.99, 0.97, accepted=True)


class HeldUp:
    """Gives a faster form when it is let."""

    def __init__(self, form: Encoder | Exception) -> None:
        self.go = threading.Event()
        self._form = form

    def __call__(self) -> Encoder:
        assert self.go.wait(30)
        if isinstance(self._form, Exception):
            raise self._form
        return self._form


def faster_form() -> PlainEncoder:
    encoder = PlainEncoder(precision="int8")
    encoder.card = replace(encoder.card, runtime="snake 1", form_checks=(CHECK,), form_detail="Because.")
    return encoder


async def get_model(running: Running) -> pb.Model:
    return (await running.stub.GetModel(pb.GetModelRequest())).model


async def embed(running: Running, text: str) -> list[float]:
    return list((await running.stub.EmbedText(pb.EmbedTextRequest(text=text))).embedding.values)


async def test_the_reference_serves_until_the_faster_form_is_ready(serve: Serve, encoder: PlainEncoder) -> None:
    form = faster_form()
    faster = HeldUp(form)
    async with serve(lambda report: LoadedModel(encoder, faster=faster)) as running:
        assert await running.host.load()
        before, first = await get_model(running), await embed(running, "a dog")
        faster.go.set()
        assert await running.host.settled()
        after = await get_model(running)
        encoder.forget()
        form.forget()
        second = await embed(running, "a cat")

    assert (before.state, before.precision, before.runtime) == (pb.MODEL_STATE_READY, "fp32", "python")
    assert (after.state, after.precision, after.runtime) == (pb.MODEL_STATE_READY, "int8", "snake 1")
    assert before.id == after.id
    assert (encoder.batches, form.batches) == ([], [["text a cat"]])
    assert len(first) == len(second) == DIMENSIONS


async def test_the_figures_are_told(serve: Serve) -> None:
    async with serve(lambda report: LoadedModel(faster_form())) as running:
        assert await running.host.load()
        model = await get_model(running)

    assert list(model.form_checks) == [
        pb.FormCheck(
            modality=pb.MODALITY_IMAGE,
            precision="int8",
            runtime="snake 1",
            mean_cosine=0.999,
            worst_cosine=0.99,
            top10_overlap=0.97,
            accepted=True,
        )
    ]
    assert model.form_detail == "Because."


async def test_no_call_fails_while_forms_change(serve: Serve, encoder: PlainEncoder) -> None:
    faster = HeldUp(faster_form())
    async with serve(lambda report: LoadedModel(encoder, faster=faster)) as running:
        assert await running.host.load()
        encoder.hold()
        waiting = [asyncio.ensure_future(embed(running, f"text {number}")) for number in range(8)]
        await asyncio.to_thread(encoder.busy.wait, 30)
        faster.go.set()
        encoder.release()
        vectors = await asyncio.gather(*waiting)
        await running.host.settled()

    assert all(len(vector) == DIMENSIONS for vector in vectors)


async def test_a_form_that_makes_no_sense_does_not_serve(serve: Serve, encoder: PlainEncoder) -> None:
    class Senseless(PlainEncoder):
        def embed_images(self, images):  # type: ignore[no-untyped-def]
            return super().embed_images(images) * 2

    faster = HeldUp(Senseless(precision="int8"))
    async with serve(lambda report: LoadedModel(encoder, faster=faster)) as running:
        assert await running.host.load()
        faster.go.set()
        await running.host.settled()
        model = await get_model(running)
        vector = await embed(running, "a dog")

    assert (model.state, model.precision) == (pb.MODEL_STATE_READY, "fp32")
    assert "whose length is not 1" in model.form_detail
    assert len(vector) == DIMENSIONS


@pytest.mark.parametrize("error", [RuntimeError("no luck"), NoFasterForm("There was no luck.")])
async def test_where_no_form_can_be_worked_out_the_reference_goes_on(
    serve: Serve, encoder: PlainEncoder, error: Exception
) -> None:
    faster = HeldUp(error)
    async with serve(lambda report: LoadedModel(encoder, faster=faster)) as running:
        assert await running.host.load()
        faster.go.set()
        whole = await running.host.settled()
        model = await get_model(running)

    assert not whole
    assert (model.state, model.precision) == (pb.MODEL_STATE_READY, "fp32")
    assert model.form_detail.startswith("No faster form could be worked out. ")
    assert "no luck" in model.form_detail


async def test_the_service_stops_while_a_form_is_worked_out(serve: Serve, encoder: PlainEncoder) -> None:
    faster = HeldUp(faster_form())
    async with serve(lambda report: LoadedModel(encoder, faster=faster)) as running:
        assert await running.host.load()
        assert (await get_model(running)).precision == "fp32"
    faster.go.set()
