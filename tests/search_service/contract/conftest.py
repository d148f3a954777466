"""Every kind of index that the contract's tests run against."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from search_service.embedded import EmbeddedImages
from search_service.embedded_store import EmbeddedOptions
from search_service.images import Images

Reopen = Callable[[], Awaitable[Images]]
Settle = Callable[[], Awaitable[None]]

# With a vector index from the 300th photo on, the tests that write more of them run through it.
OPTIONS = {
    "embedded": EmbeddedOptions(),
    "embedded with a vector index": EmbeddedOptions(vector_index_from=300, tidy_after_commits=1),
}


class Opened:
    """An index that can be closed and opened again."""

    def __init__(self, path: Path, options: EmbeddedOptions) -> None:
        self._path = path
        self._options = options
        self._images: EmbeddedImages | None = None

    async def open(self) -> Images:
        await self.close()
        self._images = await EmbeddedImages.open(self._path, self._options)
        return self._images

    async def close(self) -> None:
        if self._images:
            await self._images.close()
            self._images = None

    async def settle(self) -> None:
        if self._images:
            await self._images.tidy()


@pytest.fixture(params=OPTIONS)
async def opened(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opened]:
    opened = Opened(tmp_path / "index", OPTIONS[request.param])
    yield opened
    await opened.close()


@pytest.fixture
async def images(opened: Opened) -> Images:
    """The port's implementation, empty."""
    return await opened.open()


@pytest.fixture
def settle(opened: Opened) -> Settle:
    """Does at once what the index does in the background from time to time, making a vector index included."""
    return opened.settle


@pytest.fixture
def reopen(opened: Opened) -> Reopen:
    """Closes the index and opens it again, as a restart does."""
    return opened.open
