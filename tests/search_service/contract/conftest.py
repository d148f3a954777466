"""Every kind of index that the contract's tests run against."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from search_service.elastic import ElasticImages
from search_service.elastic_config import ElasticSettings
from search_service.embedded import EmbeddedImages
from search_service.embedded_store import EmbeddedOptions
from search_service.errors import ServiceError
from search_service.failures import Failures
from search_service.images import Images, Write
from tests.elasticsearch_node import NEWEST, OLDEST
from tests.search_service.elastic_server import GetServer

Reopen = Callable[[], Awaitable[Images]]
Settle = Callable[[], Awaitable[None]]

# With a vector index from the 300th photo on, the tests that write more of them run through it.
OPTIONS = {
    "embedded": EmbeddedOptions(),
    "embedded with a vector index": EmbeddedOptions(vector_index_from=300, tidy_after_commits=1),
}


ELASTICSEARCH = [OLDEST, f"{NEWEST} with TLS"]


class VisibleAtOnce(ElasticImages):
    """Ends the stream of writes after each of them, as the contract has it before what was written must be visible."""

    async def write(self, writes: Sequence[Write], rebuild_id: str = "") -> list[ServiceError | None]:
        answers = await super().write(writes, rebuild_id)
        await self.finish_writing()
        return answers


async def open_elastic(settings: ElasticSettings) -> ElasticImages:
    return VisibleAtOnce(settings)


class Opened:
    """An index that can be closed and opened again."""

    def __init__(self, make: Callable[[], Awaitable[EmbeddedImages | ElasticImages]]) -> None:
        self._make = make
        self._images: EmbeddedImages | ElasticImages | None = None

    async def open(self) -> EmbeddedImages | ElasticImages:
        await self.close()
        self._images = await self._make()
        return self._images

    async def close(self) -> None:
        if self._images:
            await self._images.close()
            self._images = None

    async def settle(self) -> None:
        if isinstance(self._images, EmbeddedImages):
            await self._images.tidy()


@pytest.fixture(params=[*OPTIONS, *ELASTICSEARCH])
async def opened(request: pytest.FixtureRequest, tmp_path: Path, elastic_server: GetServer) -> AsyncIterator[Opened]:
    if request.param in OPTIONS:
        opened = Opened(partial(EmbeddedImages.open, tmp_path / "index", OPTIONS[request.param]))
        yield opened
        await opened.close()
    else:
        server = elastic_server(request.param)
        settings = server.settings()
        opened = Opened(partial(open_elastic, settings))
        yield opened
        await opened.close()
        server.drop(settings.alias)


@pytest.fixture
async def images(opened: Opened) -> Images:
    """The port's implementation, empty."""
    return await opened.open()


@pytest.fixture
async def failures(opened: Opened) -> Failures:
    """What is kept beside the index, which is missing."""
    return (await opened.open()).failures


@pytest.fixture
def settle(opened: Opened) -> Settle:
    """Does at once what the index does in the background from time to time, making a vector index included."""
    return opened.settle


@pytest.fixture
def reopen(opened: Opened) -> Reopen:
    """Closes the index and opens it again, as a restart does."""
    return opened.open
