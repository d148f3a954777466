"""A folder of small pictures, and runs over it with stand-ins for the services."""

import asyncio
import os
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path, PosixPath
from typing import Any

import pytest

from indexer.options import Options
from indexer.patience import Patience
from indexer.run import Run
from indexer.services import Services
from indexer.tally import Failures, Tally
from indexer.thumbnails import ThumbnailWriter
from pictures.paths import image_id
from tests.indexer.fake_services import FakeEmbedder, FakeSearch, Stored, jpeg


@dataclass
class Outcome:
    """What a run came to."""

    code: int
    tally: Tally
    failures: Failures
    said: list[str] = field(default_factory=list)

    @property
    def reasons(self) -> dict[str, str]:
        return {failure.relative_path: failure.reason for failure in self.failures.first}


@dataclass
class World:
    """A folder and the services that it is indexed with."""

    root: Path
    embedder: FakeEmbedder = field(default_factory=FakeEmbedder)
    search: FakeSearch = field(default_factory=FakeSearch)
    wait: float = 5.0

    def add(self, path: bytes, data: bytes) -> Path:
        """Writes a file, given its path under the root as bytes."""
        file = self.root / os.fsdecode(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file

    def add_photos(self, count: int) -> list[bytes]:
        """Pictures of different colours, in two folders."""
        paths = [f"{'even' if number % 2 == 0 else 'odd'}/{number:03}.jpg".encode() for number in range(count)]
        for number, path in enumerate(paths):
            self.add(path, jpeg((number * 7 % 256, number * 31 % 256, number)))
        return paths

    async def index(self, writer: ThumbnailWriter | None = None, **options: Any) -> Outcome:
        """One run; `writer` is one of an earlier run."""
        tally = Tally()
        said: list[str] = []
        services = Services(self.embedder, self.search, lambda name: Patience(self.wait, name, lambda _: None))
        asked = Options(**{"folder": self.root, "source": "photos", "readers": 2, **options})
        if asked.thumbnails:
            writer = writer or ThumbnailWriter.telling(asked.thumbnails, said.append)
        with Failures(asked.source) as failures:
            async with asyncio.timeout(30):
                code = await Run(asked, services, tally, failures, say=said.append, thumbnails=writer).run()
        return Outcome(code, tally, failures, said)


def impatience(service: str) -> Patience:
    """Waits for half a second."""
    return Patience(0.5, service, lambda _: None)


class SlowFolder(PosixPath):
    """A folder on a disk that only answers if nothing holds the event loop up."""

    _answers = threading.Event()

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        assert self._answers.wait(5), "The event loop is held up."
        return super().stat(follow_symlinks=follow_symlinks)

    def answer_soon(self) -> None:
        self._answers.clear()
        asyncio.get_running_loop().call_later(0.05, self._answers.set)


def make_unreadable_folder(root: Path) -> bytes:
    """A folder that no user can list, root included, because its path is too long; its path under `root`."""
    name = "deep-" + "x" * 200
    path = b"/".join([os.fsencode(name)] * 20)
    parent = os.open(root, os.O_RDONLY)
    for _ in range(20):
        os.mkdir(name, dir_fd=parent)
        child = os.open(name, os.O_RDONLY, dir_fd=parent)
        os.close(parent)
        parent = child
    os.close(parent)
    while len(os.fsencode(root)) + len(path.rpartition(b"/")[0]) + 1 > 4094:  # and a slash
        path = path.rpartition(b"/")[0]
    return path


def remember(world: World, known: bytes, path: bytes) -> None:
    """Puts a photo into the index as if it had been found at `path`, with all else as of the one at `known`."""
    stored = next(one for one in world.search.present.values() if one.photo.path == known)
    photo = replace(stored.photo, path=path, image_id=image_id("photos", path))
    world.search.present[photo.image_id] = Stored(photo, stored.values)


@pytest.fixture
def world(tmp_path: Path) -> World:
    root = tmp_path / "photos"
    root.mkdir()
    return World(root)
