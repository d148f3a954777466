import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
import structlog

from grpc_runtime.telemetry import begin_request, configure_logging, current_request_id
from imagesearch.embedder.v1 import embedder_pb2
from tests.grpc_runtime.conftest import Running


@pytest.fixture
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def test_the_request_id_travels_to_the_server(running: Running) -> None:
    begin_request("from-the-browser-1")

    await running.stub.GetModel(embedder_pb2.GetModelRequest())
    async for _ in running.stub.EmbedImages(iter([embedder_pb2.EmbedImagesRequest(key="a")])):
        pass

    assert running.echo.request_ids == ["from-the-browser-1", "from-the-browser-1"]


async def test_a_call_without_a_request_id_gets_one(running: Running) -> None:
    await running.stub.GetModel(embedder_pb2.GetModelRequest())

    assert len(running.echo.request_ids[0]) == 32


@pytest.mark.parametrize("sent", [None, "", "x" * 129, "a\nb", "ä"])
def test_an_id_that_could_harm_logs_is_replaced(sent: str | None) -> None:
    taken = begin_request(sent)

    assert taken != sent
    assert taken == current_request_id()
    assert len(taken) == 32


async def test_every_call_has_a_deadline(running: Running) -> None:
    await running.stub.GetModel(embedder_pb2.GetModelRequest())
    await running.stub.GetModel(embedder_pb2.GetModelRequest(), timeout=3)

    default, given = running.echo.deadlines
    assert default is not None
    assert 20 < default < 31  # the wire rounds up
    assert given is not None
    assert 0 < given < 4


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED])
async def test_an_idempotent_call_is_tried_again_when_its_server_goes(running: Running, code: grpc.StatusCode) -> None:
    running.echo.failures_left, running.echo.failure_code = 2, code

    answer = await running.stub.GetModel(embedder_pb2.GetModelRequest())

    assert answer.model.name == "echo"
    assert len(running.echo.request_ids) == 3


async def test_an_unknown_method_is_unimplemented(running: Running) -> None:
    call: Any = running.channel.unary_unary("/imagesearch.embedder.v1.EmbedderService/Nothing")

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(b"")

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.usefixtures("restored_logging")
async def test_json_logs_carry_the_request_id(running: Running) -> None:
    configure_logging("json", "info")
    stream = io.StringIO()
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    begin_request("r-42")

    await running.stub.EmbedText(embedder_pb2.EmbedTextRequest(text="hello"))

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    (call,) = [line for line in lines if line["event"] == "call"]
    assert call["request_id"] == "r-42"
    assert call["code"] == "OK"
    assert call["method"].endswith("/EmbedText")


@pytest.mark.usefixtures("restored_logging")
def test_logs_to_a_file_are_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("console", "info")

    structlog.stdlib.get_logger("test").info("an event", key="value")

    line = capsys.readouterr().err
    assert "an event" in line
    assert "key=value" in line
    assert "\x1b" not in line
