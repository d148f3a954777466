"""The service as a process: killed, started twice, without room on the disk."""

import asyncio
import os
import random
import resource
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from grpc_runtime.channels import open_channel
from grpc_runtime.errors import read_rpc_error, read_status
from imagesearch.search.v1 import search_pb2, search_pb2_grpc
from tests.ports import free_port
from tests.search_service.service.conftest import Client, item

PHOTOS = 3_000


async def start(path: Path, port: int, prepare: Callable[[], None] | None = None) -> Process:
    environment = {
        **os.environ,
        "SEARCH_EMBEDDED_PATH": str(path),
        "SEARCH_PORT": str(port),
        "SEARCH_METRICS_PORT": "0",
        "SEARCH_LOG_LEVEL": "error",
    }
    with (path.parent / "log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "search_service", env=environment, stderr=log, preexec_fn=prepare
        )


@asynccontextmanager
async def service(path: Path, prepare: Callable[[], None] | None = None) -> AsyncIterator[tuple[Process, Client]]:
    """A process that is ready, and a client of it. It is killed at the end if it still runs."""
    port = free_port()
    process = await start(path, port, prepare)
    try:
        async with open_channel(f"127.0.0.1:{port}", idempotent={}) as channel:
            client = Client(search_pb2_grpc.SearchServiceStub(channel))
            await client.stub.GetIndex(search_pb2.GetIndexRequest(), wait_for_ready=True, timeout=60)
            yield process, client
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def room_for(file_bytes: int) -> Callable[[], None]:
    """No file may grow larger, as on a disk that is nearly full."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))


def names(count: int) -> Iterator[str]:
    return (f"n{number:05}" for number in range(count))


async def stored(client: Client) -> list[str]:
    request = search_pb2.ListFingerprintsRequest(source="photos")
    return [one.id async for batch in client.stub.ListFingerprints(request) for one in batch.fingerprints]


async def index_until_killed(client: Client, process: Process, count: int, kill_after: int) -> set[str]:
    """Streams photos, kills the process after so many answers, and returns the ids that were answered with OK."""

    async def requests() -> AsyncIterator[search_pb2.IndexImagesRequest]:
        for name in names(count):
            yield item(name)

    acknowledged: set[str] = set()
    try:
        async for answer in client.stub.IndexImages(requests()):
            assert read_status(answer.status).code is grpc.StatusCode.OK
            acknowledged.add(answer.id)
            if len(acknowledged) == kill_after:
                process.send_signal(signal.SIGKILL)
    except grpc.aio.AioRpcError as error:
        # The connection broke; grpc calls that INTERNAL if a message was on its way out. A service gives a reason.
        assert read_rpc_error(error).reason == ""  # noqa: PT017 - whether it comes depends on the kill's moment
    return acknowledged


async def test_a_killed_service_has_every_answered_photo_and_none_twice(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    for kill_after in (1, 400, 900):
        async with service(tmp_path / "index") as (process, client):
            found = await stored(client)
            assert len(found) == len(set(found))
            assert acknowledged <= set(found)
            acknowledged |= await index_until_killed(client, process, PHOTOS, kill_after)
            await process.wait()

    async with service(tmp_path / "index") as (process, client):
        found = await stored(client)
        assert len(found) == len(set(found))
        assert len(acknowledged) >= 900
        assert [image_id for image_id in sorted(acknowledged) if image_id not in set(found)] == []
        await client.index(*[item(name) for name in names(PHOTOS)])  # as the indexer does when it runs again
        assert await stored(client) == list(names(PHOTOS))
        assert (await client.stub.GetIndex(search_pb2.GetIndexRequest())).index.image_count == PHOTOS


async def test_sigterm_ends_the_service_cleanly(tmp_path: Path) -> None:
    async with service(tmp_path / "index") as (process, client):
        await client.index(item("a"))
        process.terminate()

        assert await process.wait() == 0


async def test_a_second_service_on_the_same_folder_ends_with_a_sentence(tmp_path: Path) -> None:
    async with service(tmp_path / "index") as (_, client):
        second = await start(tmp_path / "index", 0)

        assert await second.wait() == 1
        (said,) = (tmp_path / "log").read_text().splitlines()
        assert said.startswith(f"Another search service has {tmp_path / 'index'} open. Stop it, or ")
        await client.index(item("a"))


async def test_a_disk_that_is_full_costs_no_stored_photo_and_is_told(tmp_path: Path) -> None:
    async with service(tmp_path / "index") as (_, client):
        await client.index(*[item(name) for name in names(20)])

    async with service(tmp_path / "index", room_for(8_000)) as (_, client):
        large = [item(name) for name in names(60)]
        for one in large:
            one.image.relative_path = random.randbytes(8_000).hex()
        answers = await client.index(*large)
        assert {read_status(answer.status).reason for answer in answers} == {"STORAGE_UNAVAILABLE"}
        index = (await client.stub.GetIndex(search_pb2.GetIndexRequest())).index
        assert index.state == search_pb2.INDEX_STATE_DEGRADED
        assert index.state_detail
        assert await stored(client) == list(names(20))

    async with service(tmp_path / "index") as (_, client):
        assert await stored(client) == list(names(20))
        assert (await client.stub.GetIndex(search_pb2.GetIndexRequest())).index.state == search_pb2.INDEX_STATE_READY


async def test_on_a_disk_that_fills_up_what_is_answered_with_ok_is_what_is_stored(tmp_path: Path) -> None:
    """Batches of these sizes make files on both sides of the limit; some are cut off without an error of the engine."""
    acknowledged: set[str] = set()
    async with service(tmp_path / "index", room_for(20_000)) as (_, client):
        for size in (20, 60, *range(105, 140, 5), 20, 1):
            answers = await client.index(*[item(f"{size}-{number}-{len(acknowledged)}") for number in range(size)])
            acknowledged |= {answer.id for answer in answers if not answer.status.code}
            assert set(await stored(client)) == acknowledged

    async with service(tmp_path / "index") as (_, client):
        found = await stored(client)
        assert len(found) == len(set(found))
        assert set(found) == acknowledged
        await client.index(item("later"))
        assert len(await stored(client)) == len(acknowledged) + 1


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("SEARCH_PORT", "99999", "SEARCH_PORT"),
        ("SEARCH_WINDOW", "10001", "SEARCH_WINDOW"),
        ("SEARCH_EMBEDDED_PATH", "/dev/null/index", "/dev/null/index"),
    ],
)
async def test_what_keeps_it_from_starting_is_told_in_a_sentence(
    tmp_path: Path, setting: str, value: str, said: str
) -> None:
    environment = {"SEARCH_EMBEDDED_PATH": str(tmp_path / "index"), "SEARCH_METRICS_PORT": "0", "SEARCH_PORT": "0"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "search_service", env={**os.environ, **environment, setting: value}, stderr=PIPE
    )
    _, errors = await process.communicate()

    assert process.returncode == 1
    assert said in errors.decode()
    assert "Traceback" not in errors.decode()
