"""An Elasticsearch that tests share: each gets an index of its own there."""

import uuid
from collections.abc import Callable
from typing import Any

from search_service.elastic_config import ElasticSettings
from tests.elasticsearch_node import ElasticsearchNode, ask


class ElasticServer:
    """A server that was started for the tests, or one that was there already (its login: SEARCH_ELASTICSEARCH_*)."""

    def __init__(self, *, url: str = "", node: ElasticsearchNode | None = None) -> None:
        self.node = node
        self._url = node.url if node else url

    def settings(self, **fields: Any) -> ElasticSettings:
        """Settings to reach it by, and these, with an alias that nobody uses unless one is given."""
        login: dict[str, Any] = {}
        if self.node and self.node.secure:
            login = {"username": "elastic", "password": self.node.password, "ca_file": self.node.ca_file}
        return ElasticSettings(**{"hosts": self._url, "alias": f"test-{uuid.uuid4().hex[:12]}", **login, **fields})

    def request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """An answer of its HTTP interface. Raises OSError."""
        return self.node.request(method, path, body) if self.node else ask(f"{self._url}{path}", method, body)

    def drop(self, alias: str) -> None:
        """Removes all indexes that were made under the alias."""
        for name in self.request("GET", f"/{alias}-*?ignore_unavailable=true&filter_path=*.aliases"):
            self.request("DELETE", f"/{name}")


# Of a version, such as "9.2.4", or "9.2.4 with TLS".
GetServer = Callable[[str], ElasticServer]
