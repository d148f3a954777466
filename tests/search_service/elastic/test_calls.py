import asyncio
from collections.abc import AsyncIterator

import pytest

from search_service.elastic import ElasticImages
from search_service.elastic_config import ElasticSettings
from search_service.elastic_errors import ClusterBusy, Unreachable
from search_service.errors import StorageUnavailable
from search_service.facets import FacetOptions
from search_service.images import Filter, Model
from tests.ports import free_port
from tests.search_service.elastic.fake_elasticsearch import FakeElasticsearch

MODEL = Model("tiny@0123456789ab", 8)


@pytest.fixture
async def server() -> AsyncIterator[FakeElasticsearch]:
    async with FakeElasticsearch() as server:
        yield server


@pytest.mark.parametrize("statuses", [[429, 429, 429], [503], [502, 504]])
async def test_a_read_that_is_turned_away_is_tried_again(server: FakeElasticsearch, statuses: list[int]) -> None:
    server.read_statuses = statuses

    async with ElasticImages(ElasticSettings(hosts=server.url)) as images:
        assert await images.model() == MODEL


@pytest.mark.parametrize(("status", "kind"), [(429, ClusterBusy), (503, Unreachable)])
async def test_a_read_that_is_turned_away_each_time_says_so(
    server: FakeElasticsearch, status: int, kind: type[StorageUnavailable]
) -> None:
    server.read_statuses = [status] * 4

    async with ElasticImages(ElasticSettings(hosts=server.url)) as images:
        with pytest.raises(kind):
            await images.model()


@pytest.mark.parametrize(("status", "kind"), [(429, ClusterBusy), (503, Unreachable), (500, StorageUnavailable)])
async def test_a_search_among_several_that_is_turned_away_says_so(
    server: FakeElasticsearch, status: int, kind: type[StorageUnavailable]
) -> None:
    server.search_status = status

    async with ElasticImages(ElasticSettings(hosts=server.url)) as images:
        with pytest.raises(StorageUnavailable) as caught:
            await images.facets(Filter(), FacetOptions())
    assert type(caught.value) is kind


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_what_would_fail_again_is_not_tried_again(server: FakeElasticsearch, status: int) -> None:
    server.read_statuses = [status]

    async with ElasticImages(ElasticSettings(hosts=server.url)) as images:
        with pytest.raises(StorageUnavailable, match="not now"):
            await images.model()
        assert await images.model() == MODEL


async def test_a_node_that_is_gone_is_passed_over(server: FakeElasticsearch) -> None:
    hosts = f"http://127.0.0.1:{free_port()},{server.url},http://127.0.0.1:{free_port()}"

    for _ in range(4):
        async with ElasticImages(ElasticSettings(hosts=hosts)) as images:
            assert await images.model() == MODEL


async def test_a_call_that_is_given_up_ends_at_the_server_too(server: FakeElasticsearch) -> None:
    server.hangs = True

    async with ElasticImages(ElasticSettings(hosts=server.url)) as images:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(images.model(), 0.5)
        await asyncio.wait_for(server.given_up.wait(), 10)


async def test_a_server_that_does_not_answer_in_time_is_told_and_not_asked_again(server: FakeElasticsearch) -> None:
    server.hangs = True

    async with ElasticImages(ElasticSettings(hosts=server.url, timeout_seconds=0.5)) as images:
        with pytest.raises(Unreachable, match=r"within 0\.5 seconds"):
            await images.model()
