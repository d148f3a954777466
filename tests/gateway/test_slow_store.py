"""Originals in an object store that sends them slowly."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from aiohttp import ClientResponse

from gateway.original_files import OriginalFiles
from gateway.originals import Originals
from gateway.search_client import ImageFile
from gateway.sources import Sources
from imagesearch.type.v1 import image_pb2
from tests.answering_store import answering_store
from tests.gateway.conftest import Gateway, Services, StartGateway
from tests.gateway.made_up_photos import SOURCE, draw, encoded

KINDS = ["original", "preview", "thumbnail"]
# As many as are fetched at once, and one more.
SLOW = "abcdefghi"
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
    for id_ in SLOW:
        services.search.photos[id_] = image_pb2.Image(
            id=id_,
            source="s",
            relative_path=f"{id_}.jpg",
            name="a.jpg",
            media_type="image/jpeg",
            content_sha256="0" * 64,
        )
    return await start_gateway(sources={"s": "s3://originals", SOURCE: services.folder})


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


def ask(gateway: Gateway, kind: str, count: int) -> list[asyncio.Task[ClientResponse]]:
    return [asyncio.create_task(gateway.get(f"/api/v1/images/{id_}/{kind}")) for id_ in SLOW[:count]]


async def leave(slow: list[asyncio.Task[ClientResponse]]) -> None:
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


@pytest.mark.parametrize("kind", KINDS)
async def test_they_hold_up_no_other_photo(gateway: Gateway, services: Services, asked: list[str], kind: str) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
    slow = ask(gateway, kind, 3)
    await eventually(lambda: bool(asked))
    await asyncio.sleep(0.2)
    started = time.monotonic()
    for picture in ("thumbnail", "original"):
        answer = await gateway.get(f"/api/v1/images/{services.photos[0].id}/{picture}")
        assert answer.status == 200
        assert await answer.read()
    took = time.monotonic() - started
    await leave(slow)

    assert took < 3


@pytest.mark.parametrize("kind", KINDS)
async def test_the_gateway_s_end_waits_for_none(gateway: Gateway, asked: list[str], kind: str) -> None:
    [slow] = ask(gateway, kind, 1)
    await eventually(lambda: bool(asked))
    started = time.monotonic()
    slow.cancel()
    await gateway.close()
    await asyncio.get_running_loop().shutdown_default_executor()

    assert time.monotonic() - started < 4


@pytest.mark.parametrize("kind", KINDS)
async def test_one_that_nobody_waits_for_any_more_makes_room_for_others(
    gateway: Gateway, asked: list[str], kind: str
) -> None:
    for wave in range(1, 4):
        slow = ask(gateway, kind, 8)
        await eventually(lambda expected=8 * wave: len(asked) == expected)  # type: ignore[misc]
        await leave(slow)


async def test_a_thumbnail_is_fetched_once_for_all_who_wait_and_for_those_who_stay(
    start_gateway: StartGateway, services: Services
) -> None:
    content = encoded(draw("red", "circle")) + bytes(200_000)
    services.search.photos["a"] = image_pb2.Image(id="a", source="s", relative_path="a.jpg", name="a.jpg")
    asked: list[str] = []

    def answers(_: str, path: str) -> tuple[int, bytes]:
        asked.append(path)
        return 200, content

    with answering_store(answers, piece_seconds=0.2):
        gateway = await start_gateway(sources={"s": "s3://originals"})
        [leaving], [staying] = ask(gateway, "thumbnail", 1), ask(gateway, "thumbnail", 1)
        await eventually(lambda: bool(asked))
        await asyncio.sleep(0.1)  # both have asked
        await leave([leaving])
        answer = await staying

    assert (answer.status, len(asked)) == (200, 1)


async def test_no_more_is_fetched_ahead_than_the_folder_for_temporary_files_has_room_for() -> None:
    asked: list[str] = []
    done = asyncio.Event()

    def answers(_: str, path: str) -> tuple[int, bytes]:
        asked.append(path)
        return 200, b"content"

    async def work(files: OriginalFiles, name: str) -> bytes:
        async with files.lend(ImageFile("s", name, name, "image/jpeg", content_sha256="")) as file:
            await done.wait()
            return file.read()

    with answering_store(answers):
        files = OriginalFiles(Originals(Sources({"s": "s3://originals"}, None)))
        working = [asyncio.create_task(work(files, name)) for name in SLOW]
        await eventually(lambda: len(asked) >= 8)
        await asyncio.sleep(0.2)
        ahead = len(asked)
        done.set()
        contents = await asyncio.gather(*working)
        files.close()

    assert ahead == 8
    assert contents == [b"content"] * 9
