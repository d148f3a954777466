from collections.abc import AsyncIterator
from typing import Any

import pytest

from search_service.elastic import ElasticImages
from search_service.elastic_config import ElasticSettings
from search_service.errors import StorageUnavailable
from tests.search_service.elastic.fake_elasticsearch import STORED, TOO_BUSY, FakeElasticsearch
from tests.search_service.photos import write

WRITES = [write(f"i{number:02}") for number in range(40)]


@pytest.fixture
async def server() -> AsyncIterator[FakeElasticsearch]:
    async with FakeElasticsearch() as server:
        yield server


def images(server: FakeElasticsearch, **settings: Any) -> ElasticImages:
    return ElasticImages(ElasticSettings(hosts=server.url, **settings))


async def test_photos_that_are_turned_away_are_sent_again_until_taken(server: FakeElasticsearch) -> None:
    server.answer_item = lambda image_id, before: TOO_BUSY if image_id.endswith("3") and before < 2 else STORED

    async with images(server) as index:
        assert await index.write(WRITES) == [None] * 40

    assert all(times == (3 if image_id.endswith("3") else 1) for image_id, times in server.sent.items())
    assert len(server.sent) == 40


@pytest.mark.parametrize("status", [429, 503])
async def test_a_request_that_is_turned_away_is_sent_again(server: FakeElasticsearch, status: int) -> None:
    server.bulk_statuses = [status, status]

    async with images(server) as index:
        assert await index.write(WRITES) == [None] * 40


async def test_a_cluster_that_stays_busy_is_told_for_each_photo(server: FakeElasticsearch) -> None:
    server.answer_item = lambda image_id, before: TOO_BUSY if image_id == "i07" else STORED

    async with images(server, bulk_patience_seconds=0.5) as index:
        answers = await index.write(WRITES)

    (busy,) = [answer for answer in answers if answer]
    assert answers[7] is busy
    assert busy.reason == "OVERLOADED"
    assert busy.retry_after is not None


async def test_a_photo_that_is_refused_fails_alone_and_is_not_sent_again(server: FakeElasticsearch) -> None:
    refused = {"status": 400, "error": {"type": "document_parsing_exception", "reason": "no good"}}
    server.answer_item = lambda image_id, before: refused if image_id == "i07" else STORED

    async with images(server) as index:
        answers = await index.write(WRITES)

    assert [number for number, answer in enumerate(answers) if answer] == [7]
    assert isinstance(answers[7], StorageUnavailable)
    assert "no good" in answers[7].message
    assert server.sent["i07"] == 1


async def test_requests_are_limited_in_size_and_number(server: FakeElasticsearch) -> None:
    async with images(server, bulk_bytes=4096, bulk_in_flight=2) as index:
        assert await index.write(WRITES) == [None] * 40

    assert len(server.bulk_sizes) > 4
    assert max(server.bulk_sizes) <= 4096
    assert server.most_at_once <= 2


async def test_a_photo_larger_than_a_request_goes_alone(server: FakeElasticsearch) -> None:
    server.dimensions = 8
    async with images(server, bulk_bytes=1024) as index:
        assert await index.write(WRITES) == [None] * 40

    assert len(server.bulk_sizes) == 40


async def test_a_request_that_a_proxy_finds_too_large_names_the_setting(server: FakeElasticsearch) -> None:
    server.bulk_statuses = [413]

    async with images(server) as index:
        answers = await index.write(WRITES)

    assert all(answer and "SEARCH_ELASTICSEARCH_BULK_BYTES" in answer.message for answer in answers)
