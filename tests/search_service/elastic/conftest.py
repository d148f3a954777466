from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from search_service.elastic import ElasticImages
from search_service.elastic_config import ElasticSettings
from tests.elasticsearch_node import NEWEST
from tests.search_service.elastic_server import ElasticServer, GetServer

Connect = Callable[..., ElasticImages]


@pytest.fixture
def server(elastic_server: GetServer) -> ElasticServer:
    """The newest server, with TLS and a password."""
    return elastic_server(f"{NEWEST} with TLS")


@pytest.fixture
def settings(server: ElasticServer) -> Iterator[ElasticSettings]:
    """Of an index that there is not yet, and that is removed in the end."""
    settings = server.settings()
    yield settings
    server.drop(settings.alias)


@pytest.fixture
async def connect(settings: ElasticSettings) -> AsyncIterator[Connect]:
    """Opens the same index, as another process would, with these settings changed."""
    async with AsyncExitStack() as opened:

        def connect(**changed: Any) -> ElasticImages:
            images = ElasticImages(settings.model_copy(update=changed))
            opened.push_async_callback(images.close)
            return images

        yield connect


@pytest.fixture
def images(connect: Connect) -> ElasticImages:
    return connect()
