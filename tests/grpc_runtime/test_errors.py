from pathlib import Path

import grpc
import pytest

from grpc_runtime.errors import STATUS_CODES, InvalidField, ServiceError, read_rpc_error, read_status, to_status
from imagesearch.embedder.v1 import embedder_pb2
from imagesearch.type.v1 import error_reason_pb2
from tests.grpc_runtime.conftest import Overloaded, Running


def test_every_reason_of_the_contract_has_a_status_code_and_no_other() -> None:
    names = error_reason_pb2.ErrorReason.keys()
    in_contract = {name.removeprefix("ERROR_REASON_") for name in names} - {"UNSPECIFIED"}

    assert set(STATUS_CODES) == in_contract


def test_the_contract_states_the_status_code_that_is_sent() -> None:
    lines = Path("protos/imagesearch/type/v1/error_reason.proto").read_text(encoding="utf-8").splitlines()
    stated: dict[str, str] = {}
    comment: list[str] = []
    for line in map(str.strip, lines):
        if line.startswith("//"):
            comment.append(line.removeprefix("// "))
        elif line.startswith("ERROR_REASON_"):
            stated[line.split(" ")[0].removeprefix("ERROR_REASON_")] = comment[0].split(".")[0].split(",")[0]
            comment = []
        else:
            comment = []
    del stated["UNSPECIFIED"]

    assert stated == {reason: code.name for reason, code in STATUS_CODES.items()}


def test_a_status_carries_reason_metadata_and_retry_time() -> None:
    error = read_status(to_status(Overloaded("Wait.", retry_after=0.25, queue="text")))

    assert error.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error.message == "Wait."
    assert error.reason == "OVERLOADED"
    assert error.metadata == {"queue": "text"}
    assert error.retry_after == 0.25


def test_an_invalid_field_names_the_field() -> None:
    error = read_status(to_status(InvalidField("page_size", "must not be negative")))

    assert error.metadata == {"field": "page_size"}
    assert error.message == "page_size: must not be negative"


async def test_a_domain_error_reaches_the_caller(running: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await running.stub.EmbedText(embedder_pb2.EmbedTextRequest(text="overload"))

    error = read_rpc_error(caught.value)
    assert (error.code, error.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert error.retry_after == 1.5


async def test_a_domain_error_in_a_stream_reaches_the_caller(running: Running) -> None:
    call = running.stub.EmbedImages(iter([embedder_pb2.EmbedImagesRequest(key="overload")]))

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in call:
            pass

    assert read_rpc_error(caught.value).reason == "OVERLOADED"


async def test_a_fault_is_internal_and_keeps_its_details_to_itself(running: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await running.stub.EmbedText(embedder_pb2.EmbedTextRequest(text="fault"), metadata=[("x-request-id", "abc")])

    error = read_rpc_error(caught.value)
    assert (error.code, error.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert "secret" not in error.message
    assert "abc" in error.message


async def test_an_error_without_details_has_no_reason(running: Running) -> None:
    running.echo.failures_left = 100

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await running.stub.GetModel(embedder_pb2.GetModelRequest())

    error = read_rpc_error(caught.value)
    assert (error.code, error.reason, error.message) == (grpc.StatusCode.UNAVAILABLE, "", "not yet")


class Unknown(ServiceError):
    reason = "IMAGE_NOT_FOUND"


@pytest.mark.parametrize("character", ["x", "é", "'", "\n", "\U0001f600", "\ud800"])
def test_a_long_value_is_cut_where_it_is_quoted_and_in_the_metadata(character: str) -> None:
    value = character * 20_000
    error = read_status(to_status(Unknown(f"The index does not know {value!r}. Search again.", image_id=value)))

    assert error.message.startswith("The index does not know ")
    assert error.message.endswith(" Search again.")
    assert len(error.message.encode()) <= 1_003
    assert len(error.metadata["image_id"].encode()) <= 515


def test_a_long_message_is_cut() -> None:
    assert len(read_status(to_status(Unknown("é" * 20_000))).message) == 501


def test_short_values_are_left_as_they_are() -> None:
    error = read_status(to_status(Unknown(f"No {'x' * 200!r}.", image_id="y" * 512)))

    assert error.message == f"No {'x' * 200!r}."
    assert error.metadata == {"image_id": "y" * 512}


async def test_an_error_with_long_values_reaches_the_caller(running: Running) -> None:
    running.echo.error = Unknown("\U0001f600" * 20_000, image_id="\U0001f600" * 20_000, other="\U0001f600" * 20_000)

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await running.stub.EmbedText(embedder_pb2.EmbedTextRequest(text="error"))

    assert read_rpc_error(caught.value).reason == "IMAGE_NOT_FOUND"


def test_a_status_that_contradicts_its_call_is_left_aside() -> None:
    trailers = grpc.aio.Metadata(("grpc-status-details-bin", to_status(Overloaded("Wait.")).SerializeToString()))
    failed = grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), trailers, "the proxy is gone")

    error = read_rpc_error(failed)

    assert (error.code, error.message, error.reason) == (grpc.StatusCode.UNAVAILABLE, "the proxy is gone", "")
