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

from grpc_health.v1 import health_pb2, health_pb2_grpc

from embedder_service.service import SERVICE_NAME
from grpc_runtime.channels import open_channel
from imagesearch.embedder.v1 import embedder_pb2 as pb
from imagesearch.embedder.v1 import embedder_pb2_grpc
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


async def test_it_serves_a_pair_of_local_folders_once_they_are_tried_out(replica: "Replica", tmp_path: Path) -> None:
    folders = {
        "EMBEDDER_MODEL": str(replica.clip),
        "EMBEDDER_TEXT_MODEL": str(replica.multilingual),
        "EMBEDDER_CACHE_DIR": str(tmp_path),
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
    assert (model.name, model.dimensions) == (replica.clip.name, 32)
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


async def fetch(model: str, cache: Path) -> tuple[int | None, str]:
    environment = {
        **os.environ,
        "EMBEDDER_MODEL": model,
        "EMBEDDER_THREADS": "1",
        "EMBEDDER_CACHE_DIR": str(cache),
        "EMBEDDER_PRECISION": "fp32",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "embedder_service",
        "fetch",
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode, output.decode()


async def test_fetch_tries_the_model_out_and_works_its_form_out_and_ends(replica: "Replica", tmp_path: Path) -> None:
    code, output = await fetch(str(replica.clip), tmp_path)
    names = {path.name.rpartition("-")[0] for path in (tmp_path / "forms").iterdir() if path.is_dir()}

    assert code == 0
    assert f"{replica.clip.name}@" in output
    assert names == {"clip-vit-b-32-inputs", "clip-vit-b-32-pictures-fp32", "clip-vit-b-32-texts-fp32"}


async def test_fetch_fails_for_a_model_that_there_is_not(tmp_path: Path) -> None:
    code, output = await fetch("no-such-model", tmp_path)

    assert code == 1
    assert "no-such-model" in output.splitlines()[-1]
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
