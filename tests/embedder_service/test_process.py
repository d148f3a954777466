"""`python -m embedder_service` as a process of its own."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from embedder_service.service import SERVICE_NAME
from grpc_runtime.channels import open_channel
from imagesearch.embedder.v1 import embedder_pb2 as pb
from imagesearch.embedder.v1 import embedder_pb2_grpc
from tests.embedder_service.conftest import Fetched
from tests.ports import free_port

if TYPE_CHECKING:
    from tests.clip_replica import Replica

_SERVING = health_pb2.HealthCheckResponse.SERVING


async def start(environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "embedder_service",
        env={**os.environ, "EMBEDDER_METRICS_PORT": "0", **environment},
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def running(port: int, environment: Mapping[str, str]) -> AsyncIterator[Any]:
    """A client of the process; afterwards it must end by itself on SIGTERM."""
    process = await start({"EMBEDDER_PORT": str(port), "EMBEDDER_THREADS": "1", **environment})
    drained = asyncio.ensure_future(process.communicate())
    try:
        async with open_channel(f"127.0.0.1:{port}", idempotent={}) as channel:
            yield channel
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(drained, 60)
        assert process.returncode == 0
    finally:
        if process.returncode is None:
            process.kill()
            await drained


async def settled_model(channel: Any) -> pb.Model:
    """The model once it loads no more."""
    stub: Any = embedder_pb2_grpc.EmbedderServiceStub(channel)
    while True:
        model: pb.Model = (await stub.GetModel(pb.GetModelRequest(), wait_for_ready=True, timeout=60)).model
        if model.state != pb.MODEL_STATE_LOADING:
            return model
        await asyncio.sleep(0.1)


async def test_it_serves_a_pair_of_local_folders_once_they_are_tried_out(replica: "Replica", fetched: Fetched) -> None:
    folders = {
        "EMBEDDER_MODEL": str(replica.clip),
        "EMBEDDER_TEXT_MODEL": str(replica.multilingual),
        "EMBEDDER_CACHE_DIR": str(fetched.cache),
    }
    async with running(free_port(), folders) as channel:
        model = await settled_model(channel)
        health: Any = health_pb2_grpc.HealthStub(channel)
        answers = health.Watch(health_pb2.HealthCheckRequest(service=SERVICE_NAME))
        while (await answers.read()).status != _SERVING:
            pass
        stub: Any = embedder_pb2_grpc.EmbedderServiceStub(channel)
        embedded = await stub.EmbedText(pb.EmbedTextRequest(text="ein Hund"))

    assert model.state == pb.MODEL_STATE_READY
    assert (model.name, model.dimensions, model.precision) == (replica.clip.name, 32, "int8")
    assert embedded.embedding.model == model.id
    assert len(embedded.embedding.values) == 32


async def test_with_a_wrong_name_it_stays_up_not_serving_and_says_what_to_do() -> None:
    async with running(free_port(), {"EMBEDDER_MODEL": "no-such-model"}) as channel:
        model = await settled_model(channel)
        health: Any = health_pb2_grpc.HealthStub(channel)
        status = (await health.Check(health_pb2.HealthCheckRequest())).status

    assert model.state == pb.MODEL_STATE_FAILED
    assert "no-such-model" in model.state_detail
    assert "clip-vit-b-32" in model.state_detail
    assert status == health_pb2.HealthCheckResponse.NOT_SERVING


async def run(command: str, environment: Mapping[str, str]) -> tuple[int | None, str]:
    """A command that ends by itself: its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "embedder_service",
        command,
        env={**os.environ, "EMBEDDER_THREADS": "1", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


def test_fetch_tries_the_model_out_and_works_its_form_out_and_ends(replica: "Replica", fetched: Fetched) -> None:
    names = {path.name.rpartition("-")[0] for path in (fetched.cache / "forms").iterdir() if path.is_dir()}

    assert fetched.code == 0
    assert f"{replica.clip.name}@" in fetched.output
    assert names == {"clip-vit-b-32-inputs", "clip-vit-b-32-pictures-int8", "clip-vit-b-32-texts-int8"}


async def test_fetch_fails_for_a_model_that_there_is_not(tmp_path: Path) -> None:
    code, output = await run("fetch", {"EMBEDDER_MODEL": "no-such-model", "EMBEDDER_CACHE_DIR": str(tmp_path)})

    assert code == 1
    assert "no-such-model" in output.splitlines()[-1]
    assert "Traceback" not in output


@pytest.mark.parametrize(("command", "exit_code"), [("fetch", 2), ("check", 1)])
async def test_where_nothing_can_be_kept_the_command_says_so_in_a_sentence(
    command: str, exit_code: int, replica: "Replica", tmp_path: Path
) -> None:
    (tmp_path / "forms").write_text("in the way")
    code, output = await run(command, {"EMBEDDER_MODEL": str(replica.clip), "EMBEDDER_CACHE_DIR": str(tmp_path)})

    assert code == exit_code
    assert f"{tmp_path}" in output.splitlines()[-1]
    assert "can't be written" in output.splitlines()[-1]
    assert "Traceback" not in output


async def test_a_port_in_use_is_a_sentence_and_exit_code_1() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for setting in ("EMBEDDER_PORT", "EMBEDDER_METRICS_PORT"):
            port = str(taken.getsockname()[1])
            process = await start({"EMBEDDER_PORT": str(free_port()), setting: port})
            _, stderr = await asyncio.wait_for(process.communicate(), 60)

            assert process.returncode == 1
            assert port in stderr.decode()
            assert "Traceback" not in stderr.decode()
