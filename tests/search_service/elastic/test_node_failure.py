import asyncio
from collections.abc import Iterator

import pytest

from search_service.elastic import ElasticImages
from search_service.elastic_config import ElasticSettings
from search_service.errors import ServiceError
from search_service.images import Filter, FingerprintFilter, IndexState, Window
from tests.elasticsearch_node import ElasticsearchNode, cluster_of
from tests.search_service.photos import random_unit, write

BATCH = 50
WINDOW = Window(100, 100)


@pytest.fixture
def nodes() -> Iterator[list[ElasticsearchNode]]:
    nodes = cluster_of(3)
    try:
        for node in nodes:
            node.start(wait=False)
        for node in nodes:
            node.wait()
        yield nodes
    finally:
        for node in nodes:
            node.close()


def master_of(nodes: list[ElasticsearchNode]) -> ElasticsearchNode:
    state = nodes[0].request("GET", "/_cluster/state/master_node,nodes?filter_path=master_node,nodes.*.name")
    name = state["nodes"][state["master_node"]]["name"]
    return next(node for node in nodes if node.name == name)


class Traffic:
    """Writes and searches until it is stopped."""

    def __init__(self, images: ElasticImages) -> None:
        self.answered: list[str] = []
        self.refused: list[ServiceError] = []
        self.searches = 0
        self._images = images
        self._stopped = False

    async def write(self) -> None:
        number = 0
        while not self._stopped:
            ids = [f"i{number + position:06}" for position in range(BATCH)]
            answers = await self._images.write([write(image_id) for image_id in ids])
            self.answered += [image_id for image_id, answer in zip(ids, answers, strict=True) if answer is None]
            self.refused += [answer for answer in answers if answer]
            number += BATCH

    async def search(self) -> None:
        while not self._stopped:
            vector = random_unit(self.searches)
            await self._images.search(vector, keep=Filter(), excluded_ids=[], window=WINDOW, offset=0, limit=10)
            self.searches += 1

    async def until_more(self) -> None:
        """Returns when some more was written and found."""
        answered, searches = len(self.answered) + 5 * BATCH, self.searches + 50
        async with asyncio.timeout(90):
            while len(self.answered) < answered or self.searches < searches:
                await asyncio.sleep(0.05)

    def stop(self) -> None:
        self._stopped = True


@pytest.mark.cluster
@pytest.mark.timeout(300)
async def test_a_master_that_is_killed_costs_no_search_and_no_photo(nodes: list[ElasticsearchNode]) -> None:
    settings = ElasticSettings(hosts=",".join(node.url for node in nodes), shards=2, replicas="1")
    async with ElasticImages(settings) as images:
        await images.write([write("first")])
        nodes[0].request("GET", "/_cluster/health?wait_for_status=green&timeout=60s")
        traffic = Traffic(images)

        async def kill_one() -> None:
            await traffic.until_more()
            await asyncio.to_thread(master_of(nodes).kill)
            await traffic.until_more()
            traffic.stop()

        async with asyncio.TaskGroup() as running:  # the first that fails ends all
            for work in (traffic.write(), traffic.search(), traffic.search(), kill_one()):
                running.create_task(work)

        await images.finish_writing()
        assert traffic.refused == []
        assert (await images.describe()).state is IndexState.DEGRADED
        listed = [one.id async for batch in images.fingerprints(FingerprintFilter(source="photos")) for one in batch]
        assert len(listed) == len(set(listed))
        assert set(traffic.answered) <= set(listed)
