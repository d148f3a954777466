from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from search_service.elastic_config import ElasticSettings
from search_service.errors import IndexReadOnly
from search_service.failures import FailureFilter, FailurePage
from search_service.images import Model
from search_service.ingest import Incoming, ingest
from search_service.original import OriginalImages
from tests.search_service.elastic_server import ElasticServer
from tests.search_service.original.conftest import Make, document
from tests.search_service.photos import MODEL, write

REFUSED: dict[str, Callable[[OriginalImages], Awaitable[Any]]] = {
    "delete": lambda images: images.delete(["a"]),
    "begin": lambda images: images.begin_rebuild(Model(MODEL, 8)),
    "commit": lambda images: images.commit_rebuild("unknown", drop_missing_sources=True),
    "report": lambda images: images.failures.report([], ["a"]),
    "cancel": lambda images: images.cancel_rebuild("unknown"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_call_that_would_change_the_index_names_the_way_out(name: str) -> None:
    settings = ElasticSettings(hosts="http://localhost:9200", original_index="theirs", original_model=MODEL)
    async with OriginalImages(settings) as images:
        with pytest.raises(IndexReadOnly) as caught:
            await REFUSED[name](images)

    assert "without SEARCH_ELASTICSEARCH_ORIGINAL_INDEX" in caught.value.message
    assert caught.value.metadata == {"index": "theirs"}


async def test_there_are_no_failures() -> None:
    settings = ElasticSettings(hosts="http://localhost:9200", original_index="theirs", original_model=MODEL)
    async with OriginalImages(settings) as images:
        assert await images.failures.counts() == {}
        assert await images.failures.page(FailureFilter(), after=None, limit=1) == FailurePage([], None)


async def test_each_photo_is_refused_and_nothing_is_written(make: Make, server: ElasticServer) -> None:
    made = await make([document("a.jpg")])

    async def stream() -> Any:
        for name in ("x", "y", "z"):
            yield Incoming(name, "", write(name))

    outcomes = [outcome async for outcome in ingest(stream(), made.images)]

    assert [(outcome.id, type(outcome.error)) for outcome in outcomes] == [(name, IndexReadOnly) for name in "xyz"]
    server.request("POST", f"/{made.name}/_refresh")
    assert server.request("GET", f"/{made.name}/_count")["count"] == 1
