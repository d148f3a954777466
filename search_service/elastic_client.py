"""One way to call Elasticsearch: the connection settings, the server's version, retries, and errors as the domain's."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import structlog
from elasticsearch import ApiError, AsyncElasticsearch, TransportError
from elasticsearch.serializer import OrjsonSerializer

from search_service.elastic_config import ElasticSettings, host_list
from search_service.elastic_errors import (
    OLDEST_VERSION,
    MissingIndex,
    is_missing_index,
    is_passing,
    old_server,
    translated,
)
from search_service.elastic_trust import trusting_context
from search_service.errors import StorageUnavailable

_log = structlog.stdlib.get_logger("elasticsearch")

_T = TypeVar("_T")
Request = Callable[[AsyncElasticsearch], Awaitable[_T]]

# Pauses before the further tries, in seconds; each is lengthened by up to a half, so that callers do not come at once.
RETRY_PAUSES = (0.1, 0.4, 1.6)


class ElasticClient:
    """A cluster. A call that is cancelled, as when its caller's time is over, ends at the server too."""

    def __init__(self, settings: ElasticSettings) -> None:
        self.version = ""
        self.trusts_all = not settings.verify_certificates
        self._timeout = settings.timeout_seconds
        self._settings = settings
        self._elastic: AsyncElasticsearch | None = None
        # It logs each request and, at each failure, a stack; this module logs failures in a line.
        logging.getLogger("elastic_transport").setLevel(logging.CRITICAL)
        if self.trusts_all:
            _log.warning(
                "the certificates of Elasticsearch are not verified; anyone in between can read and change data"
            )

    async def close(self) -> None:
        """Closes the connections."""
        if self._elastic:
            await self._elastic.close()

    async def call(self, request: Request[_T], *, pauses: Sequence[float] = RETRY_PAUSES) -> _T:
        """What the request returns. It must be one that may be sent twice.

        Raises MissingIndex or StorageUnavailable.
        """
        for pause in (*pauses, None):
            try:
                elastic = await self._connected()
                return await request(elastic)
            except (ApiError, TransportError) as error:
                if is_missing_index(error):
                    raise MissingIndex from error
                if pause is None or not is_passing(error):
                    failure = translated(error, self._timeout)
                    _log_failure(failure)
                    raise failure from error
            except StorageUnavailable as failure:  # of the first connection
                _log_failure(failure)
                raise
            await asyncio.sleep(pause * random.uniform(1, 1.5))  # noqa: S311 - not for secrets
        raise AssertionError

    async def _connected(self) -> AsyncElasticsearch:
        if self._elastic is None:
            context = await trusting_context(self._settings)
            # Another call may have connected meanwhile.
            self._elastic = self._elastic or _client(self._settings, context)
        if not self.version:
            self.version = await self._supported_version(self._elastic)
            _log.info("connected", version=self.version)
        return self._elastic

    async def _supported_version(self, elastic: AsyncElasticsearch) -> str:
        """The oldest node's version. Raises ServerUnsupported."""
        answer = await elastic.nodes.info(metric="http", filter_path="nodes.*.version")
        versions = [str(node["version"]) for node in answer["nodes"].values()]
        oldest = min(versions, key=_number)
        if _number(oldest) < OLDEST_VERSION:
            raise old_server(oldest)
        return oldest


def _log_failure(failure: StorageUnavailable) -> None:
    _log.warning("a request failed", error=failure.message, kind=type(failure).__name__)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("-", maxsplit=1)[0].split(".") if part.isdigit())


def _client(settings: ElasticSettings, context: Any) -> AsyncElasticsearch:
    options: dict[str, Any] = {}
    if settings.cloud_id:
        options["cloud_id"] = settings.cloud_id
    else:
        options["hosts"] = host_list(settings.hosts)
    if context is not None:
        options["ssl_context"] = context
    if settings.username:
        options["basic_auth"] = (settings.username, settings.secret("password"))
    if api_key := settings.secret("api_key"):
        options["api_key"] = api_key
    if token := settings.secret("bearer_token"):
        options["bearer_auth"] = token
    if settings.sniff:
        options["sniff_on_node_failure"] = True
    return AsyncElasticsearch(
        **options,
        request_timeout=settings.timeout_seconds,
        connections_per_node=settings.connections,
        max_retries=max(1, len(host_list(settings.hosts))),
        retry_on_status=(),  # `call` waits before it tries again
        retry_on_timeout=False,
        serializers={"application/json": OrjsonSerializer()},
    )
