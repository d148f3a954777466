"""The programs of docs/clients.md against the real services, in each language."""

import asyncio
import re

import grpc

from imagesearch.embedder.v1 import embedder_pb2_grpc
from tests.clients.programs import Programs
from tests.clients.replicas import start_replicas
from tests.integration.processes import Process
from tests.local_run_process import LocalRunProcess
from tests.ports import free_port


def local(port: int) -> str:
    return f"dns:///127.0.0.1:{port}"


async def test_a_search_prints_the_best_photos_with_their_scores(
    programs: Programs, sample_run: LocalRunProcess
) -> None:
    ended = await programs.run("search", local(sample_run.embedder_port), local(sample_run.search_port), "a cat")

    found = [re.fullmatch(r"(-?\d\.\d{3}) (\S+)", line) for line in ended.output.splitlines()]
    assert ended.code == 0, ended.errors
    assert [hit is not None for hit in found] == [True] * 3, ended.output
    assert found[0]
    assert found[0][2] == "chelsea.png"


async def test_an_error_is_told_by_its_reason(programs: Programs, sample_run: LocalRunProcess) -> None:
    ended = await programs.run("search", local(sample_run.embedder_port), local(sample_run.search_port), " ")

    assert (ended.code, ended.output) == (1, "")
    assert ended.errors.startswith("TEXT_EMPTY: ")


async def test_where_nothing_answers_the_status_is_told(programs: Programs) -> None:
    ended = await programs.run("search", local(free_port()), local(free_port()), "a cat")

    assert ended.code == 1
    assert ended.errors.startswith("UNAVAILABLE: ")


async def test_a_call_that_finds_a_replica_away_is_tried_at_another(
    programs: Programs, sample_run: LocalRunProcess
) -> None:
    asked: dict[str, int] = {}
    async with grpc.aio.insecure_channel(f"127.0.0.1:{sample_run.embedder_port}") as channel:
        replicas = await start_replicas(("first", "second"), asked, embedder_pb2_grpc.EmbedderServiceStub(channel))
        embedders = "ipv4:" + ",".join(f"127.0.0.1:{port}" for _, port in replicas)
        ended = await programs.run("search", embedders, local(sample_run.search_port), "a cat")
        for server, _ in replicas:
            await server.stop(0)

    assert ended.code == 0, ended.errors
    assert "chelsea.png" in ended.output
    assert min(asked.values()) >= 1


async def test_photos_that_are_written_are_found_and_a_refused_one_is_told(
    programs: Programs, sample_run: LocalRunProcess, empty_search: Process, other_embedder: Process
) -> None:
    await asyncio.gather(empty_search.start(), other_embedder.start())
    services = (local(sample_run.embedder_port), local(empty_search.port))
    cat, coffee = (str(sample_run.home / "samples" / name) for name in ("chelsea.png", "coffee.png"))

    before = await programs.run("search", *services, "a cat")
    written = await programs.run("index", *services, cat, coffee)
    after = await programs.run("search", *services, "a cat")
    refused = await programs.run("index", local(other_embedder.port), local(empty_search.port), cat)

    assert (before.code, before.errors.strip()) == (1, "Nothing has been indexed yet.")
    assert sorted(written.output.splitlines()) == ["my-program/chelsea.png indexed", "my-program/coffee.png indexed"]
    assert [line.partition(" ")[2] for line in after.output.splitlines()] == ["chelsea.png", "coffee.png"]
    assert refused.output.startswith("my-program/chelsea.png ")
    assert "plain@" in refused.output, refused.output
