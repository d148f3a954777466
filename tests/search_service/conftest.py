"""Elasticsearch for the tests: each server is started when the first test asks for it, and shared by all."""

import os
from collections.abc import Iterator

import pytest

from tests.elasticsearch_distribution import ServerMissing
from tests.elasticsearch_node import ElasticsearchNode
from tests.search_service.elastic_server import ElasticServer, GetServer


@pytest.fixture(scope="session")
def elastic_server() -> Iterator[GetServer]:
    """Gives a server; with TEST_ELASTICSEARCH_URL the one at that address, whatever its version is."""
    servers: dict[str, ElasticServer] = {}

    def get(version: str) -> ElasticServer:
        if url := os.environ.get("TEST_ELASTICSEARCH_URL"):
            return ElasticServer(url=url)
        if version not in servers:
            number, _, secure = version.partition(" ")
            try:
                servers[version] = ElasticServer(node=ElasticsearchNode(number, secure=bool(secure)).start())
            except ServerMissing as error:
                if os.environ.get("CI"):
                    raise
                pytest.skip(str(error))
        return servers[version]

    yield get
    for server in servers.values():
        if server.node:
            server.node.close()
