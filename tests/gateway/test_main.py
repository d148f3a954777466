"""python -m gateway: how it starts and stops."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from gateway.__main__ import main
from tests.gateway.conftest import Services
from tests.ports import free_port

StartProcess = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start(services: Services, tmp_path: Path) -> AsyncIterator[StartProcess]:
    """Starts the gateway with these settings."""
    started: list[Process] = []

    async def run(**settings: str) -> Process:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        environment |= {
            "GATEWAY_EMBEDDER": services.embedder_address,
            "GATEWAY_SEARCH": services.search_address,
            "GATEWAY_CACHE_DIR": str(tmp_path / "cache"),
            "GATEWAY_PORT": "0",
            **settings,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", stderr=PIPE, stdout=PIPE, env=environment
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _until_alive(port: int) -> None:
    async with asyncio.timeout(30), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/livez"):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)


async def test_it_serves_until_sigterm_and_finishes_what_runs(start: StartProcess, services: Services) -> None:
    port = free_port()
    process = await start(GATEWAY_PORT=str(port))
    await _until_alive(port)
    services.search.calls.hold = asyncio.Event()

    async with aiohttp.ClientSession() as session:
        asking = asyncio.create_task(session.get(f"http://127.0.0.1:{port}/api/v1/search?q=red"))
        await services.search.calls.entered.wait()
        process.terminate()
        await _until_closed(port)
        services.search.calls.hold.set()
        answer = await asking
        found = await answer.json()

    async with asyncio.timeout(20):
        assert await process.wait() == 0
    assert answer.status == 200
    assert found["results"]


async def test_lingering_it_takes_requests_after_sigterm_and_closes_their_connections(
    start: StartProcess, services: Services
) -> None:
    port = free_port()
    process = await start(GATEWAY_PORT=str(port), GATEWAY_LINGER_SECONDS="2")
    await _until_alive(port)
    services.search.calls.hold = asyncio.Event()
    address = f"http://127.0.0.1:{port}"

    async with aiohttp.ClientSession() as session:
        asking = asyncio.create_task(session.get(f"{address}/api/v1/search?q=red"))
        await services.search.calls.entered.wait()
        process.terminate()
        async with asyncio.timeout(5):
            while "Connection" not in (await session.get(f"{address}/livez")).headers:
                await asyncio.sleep(0.02)
        services.search.calls.hold.set()
        held, later = await asking, await session.get(f"{address}/api/v1/search?q=blue")

    assert (held.status, held.headers["Connection"]) == (200, "close")
    assert (later.status, later.headers["Connection"]) == (200, "close")
    async with asyncio.timeout(20):
        assert await process.wait() == 0


@pytest.mark.parametrize("count", [2_731, 5_462, 7_000], ids=["the fake's limit", "16 KiB", "21 KiB"])
async def test_a_long_text_in_an_address_reaches_the_embedders_own_limit(start: StartProcess, count: int) -> None:
    port = free_port()
    await start(GATEWAY_PORT=str(port))
    await _until_alive(port)

    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/api/v1/search", params={"q": "猫" * count}) as answer,
    ):
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["reason"]) == (400, "TEXT_TOO_LONG")


async def test_a_port_in_use_is_told_in_a_sentence(start: StartProcess) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        code, message = await _failure(await start(GATEWAY_PORT=str(port)))

    assert code == 1
    assert message.startswith(f"Can't listen on 127.0.0.1:{port}")
    assert "GATEWAY_PORT" in message
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_PORT", "eighty"),
        ("GATEWAY_SOURCES", "{"),
        ("GATEWAY_SOURCES", "[]"),
        ("GATEWAY_MAX_UPLOAD_BYTES", "0"),
        ("GATEWAY_LOG_LEVEL", "loud"),
        ("GATEWAY_SOURCES", '{"a": 1}'),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    assert main() == 1
    assert capsys.readouterr().err.startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("name", "value"), [("GATEWAY_CACHE_DIR", "/proc/none"), ("GATEWAY_THUMBNAILS", "s3://key:secret@bucket")]
)
async def test_a_place_for_pictures_that_can_not_be_used_is_told_in_a_sentence(
    start: StartProcess, name: str, value: str
) -> None:
    code, message = await _failure(await start(**{name: value}))

    assert code == 1
    assert name in message
    assert "secret@" not in message
    assert message.count("\n") == 1


async def _failure(process: Process) -> tuple[int, str]:
    async with asyncio.timeout(30):
        _, message = await process.communicate()
    return process.returncode or 0, message.decode()


async def _until_closed(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                return
            writer.close()
            await asyncio.sleep(0.02)
