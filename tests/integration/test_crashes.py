"""Everything is killed at random moments, round after round: then the index holds exactly what the folder does."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from imagesearch.search.v1 import search_pb2_grpc
from tests.elasticsearch_node import ElasticsearchNode
from tests.integration.index_contents import Stub, check_index
from tests.integration.made_photos import make_picture, write_files
from tests.integration.processes import Indexer, Services, make_services

pytestmark = [pytest.mark.crashes, pytest.mark.timeout(3600)]

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "50"))
SEED = int(os.environ.get("CRASH_SEED", "1"))
# A run over a round's changes takes about so long.
LATEST_KILL_SECONDS = 3.0


@dataclass
class System:
    """The parts that can be killed; without a node the index is in a folder."""

    services: Services
    node: ElasticsearchNode | None

    def kills(self, indexer: Indexer) -> dict[str, Callable[[], None]]:
        """What kills each part, by its name."""
        kills = {
            "indexer": indexer.kill,
            "embedder": self.services.embedder.kill,
            "search": self.services.search.kill,
        }
        return kills | {"elasticsearch": self.node.kill} if self.node else kills

    async def start(self) -> None:
        """Starts what does not run."""
        if self.node and not self.node.runs:
            await asyncio.to_thread(self.node.start)
        await self.services.start()


@pytest.fixture(scope="module", params=["embedded", "elasticsearch"])
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[System, None, None]:
    folder = tmp_path_factory.mktemp("crashes")
    if request.param == "embedded":
        services = make_services(folder)
        yield System(services, None)
        services.stop()
        return
    with ElasticsearchNode() as node:
        services = make_services(folder, {"SEARCH_BACKEND": "elasticsearch", "SEARCH_ELASTICSEARCH_HOSTS": node.url})
        yield System(services, node)
        services.stop()


@pytest.fixture
async def stub(system: System) -> AsyncGenerator[Stub, None]:
    await system.start()
    async with grpc.aio.insecure_channel(system.services.search.address) as channel:
        yield search_pb2_grpc.SearchServiceStub(channel)


class Album:
    """A folder that changes as people's do, and what it holds by now."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.photos: dict[bytes, bytes] = {}
        self._folder = folder
        self._chance = chance
        self._made = 0

    def change(self) -> None:
        """New photos, changed, moved and deleted ones."""
        for _ in range(self._chance.randint(0, 2)):
            self._delete()
        for _ in range(self._chance.randint(0, 4)):
            self._move()
        for _ in range(self._chance.randint(0, 2)):
            self._write(self._any())
        for _ in range(self._chance.randint(2, 10) if len(self.photos) < 80 else 0):
            self._write(self._new_path())

    def _any(self) -> bytes:
        return self._chance.choice(sorted(self.photos)) if self.photos else self._new_path()

    def _new_path(self) -> bytes:
        self._made += 1
        return f"{self._chance.randint(0, 5)}/{self._made:05}.jpg".encode()

    def _write(self, path: bytes) -> None:
        self._made += 1
        self.photos[path] = make_picture(f"{self._folder} {self._made}")
        write_files(self._folder, {path: self.photos[path]})

    def _move(self) -> None:
        if self.photos:
            old, new = self._any(), self._new_path()
            self.photos[new] = self.photos.pop(old)
            (self._folder / os.fsdecode(new)).parent.mkdir(parents=True, exist_ok=True)
            (self._folder / os.fsdecode(old)).rename(self._folder / os.fsdecode(new))

    def _delete(self) -> None:
        if self.photos:
            path = self._any()
            del self.photos[path]
            (self._folder / os.fsdecode(path)).unlink()


async def test_whatever_is_killed_the_index_ends_up_right(system: System, stub: Stub, photos: Path) -> None:
    chance = random.Random(SEED)
    album = Album(photos, chance)
    killed: Counter[str] = Counter()
    hit = 0
    for number in range(ROUNDS):
        album.change()
        indexer = await system.services.start_indexer(photos, "--prune", "--allow-missing", "--quiet")
        await asyncio.sleep(chance.uniform(0, LATEST_KILL_SECONDS))
        hit += indexer.process.returncode is None
        kills = system.kills(indexer)
        victims = chance.sample(list(kills), chance.choice([1, 1, 1, 2]))
        for victim in victims:
            kills[victim]()
        killed.update(victims)
        await system.start()
        survivor = await indexer.ended()

        ended = await system.services.index(photos, "--prune", "--allow-missing")

        what = f"round {number}, killed {victims}, seed {SEED}"
        assert "indexer" in victims or survivor.code == 0, f"{what}\n{survivor.output}"
        assert ended.code == 0, f"{what}\n{ended.output}"
        try:
            await _eventually(lambda: check_index(stub, photos.name, album.photos))
        except AssertionError as error:
            raise AssertionError(f"{what}: {error}\n{ended.output}") from error
    print(f"\n{ROUNDS} rounds, {hit} of them hit a run; killed {dict(killed)}; {len(album.photos)} photos at the end")


async def _eventually(check: Callable[[], Awaitable[None]]) -> None:
    """A channel to a service that was killed needs a moment to notice that it is back."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await check()
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                await asyncio.sleep(0.2)
