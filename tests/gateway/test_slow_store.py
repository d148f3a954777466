"""Originals in an object store that sends them slowly."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from imagesearch.type.v1 import image_pb2
from tests.answering_store import answering_store
from tests.gateway.conftest import Gateway, Services, StartGateway
from tests.gateway.made_up_photos import SOURCE

ORIGINAL = "/api/v1/images/a/original"
THUMBNAIL = "/api/v1/images/a/thumbnail"
# It comes in 46 pieces.
CONTENT = bytes(3_000_000)


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """What a store was asked for that takes nine seconds for each."""
    paths: list[str] = []

    def answers(_: str, path: str) -> tuple[int, bytes]:
        paths.append(path)
        return 200, CONTENT

    with answering_store(answers, piece_seconds=0.2):
        yield paths


@pytest.fixture
async def gateway(start_gateway: StartGateway, services: Services, asked: list[str]) -> Gateway:
    services.search.photos["a"] = image_pb2.Image(
        id="a", source="s", relative_path="a.jpg", name="a.jpg", media_type="image/jpeg", content_sha256="0" * 64
    )
    return await start_gateway(sources={"s": "s3://originals", SOURCE: services.folder})


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


async def test_they_hold_up_no_other_photo(gateway: Gateway, services: Services, asked: list[str]) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
    slow = [asyncio.create_task(gateway.get(ORIGINAL)) for _ in range(3)]
    await eventually(lambda: bool(asked))
    await asyncio.sleep(0.2)
    started = time.monotonic()
    for picture in ("thumbnail", "original"):
        answer = await gateway.get(f"/api/v1/images/{services.photos[0].id}/{picture}")
        assert answer.status == 200
        assert await answer.read()
    took = time.monotonic() - started
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)

    assert took < 3


@pytest.mark.parametrize("picture", [ORIGINAL, THUMBNAIL])
async def test_the_gateway_s_end_waits_for_none(gateway: Gateway, asked: list[str], picture: str) -> None:
    slow = asyncio.create_task(gateway.get(picture))
    await eventually(lambda: bool(asked))
    started = time.monotonic()
    slow.cancel()
    await gateway.close()
    await asyncio.get_running_loop().shutdown_default_executor()

    assert time.monotonic() - started < 4


async def test_one_that_nobody_waits_for_any_more_makes_room_for_others(gateway: Gateway, asked: list[str]) -> None:
    for wave in range(1, 4):
        slow = [asyncio.create_task(gateway.get(ORIGINAL)) for _ in range(8)]  # as many as are fetched at once
        await eventually(lambda expected=8 * wave: len(asked) == expected)  # type: ignore[misc]
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
