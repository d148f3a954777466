"""How the index and its cluster are, for a person."""

import logging
from typing import Any

import structlog

from search_service.elastic_client import ElasticClient
from search_service.elastic_errors import DiskFull, LoginRefused, MissingIndex
from search_service.elastic_indices import ElasticIndices, StoredState
from search_service.elastic_schema import StoredIndex
from search_service.elastic_search import ElasticReader
from search_service.errors import IndexMissing, ServiceError
from search_service.images import IndexInfo, IndexState, Rebuild

_log = structlog.stdlib.get_logger("elasticsearch")

UNVERIFIED = (
    "The certificates of Elasticsearch are not verified (SEARCH_ELASTICSEARCH_VERIFY_CERTIFICATES=0): others can read "
    "and change what is sent."
)


# An index that was made this moment does not answer yet; a person is to be told soon all the same.
PAUSES = (0.3,)


class ElasticHealth:
    """Tells how the index is, whatever happens."""

    def __init__(self, client: ElasticClient, indices: ElasticIndices, reader: ElasticReader) -> None:
        self._client = client
        self._indices = indices
        self._reader = reader
        self._logged = (IndexState.READY, "")

    async def describe(self) -> IndexInfo:
        """As in Images. What has changed since the last look is logged."""
        info = await self._look()
        if (info.state, info.state_detail) != self._logged:
            self._logged = (info.state, info.state_detail)
            level = logging.INFO if info.state in {IndexState.READY, IndexState.MISSING} else logging.WARNING
            _log.log(level, "the index's state", state=info.state.name, detail=info.state_detail)
        return info

    async def _look(self) -> IndexInfo:
        state = StoredState()
        try:
            state = await self._indices.read_state(pauses=PAUSES)
            rebuild = await self.rebuild(state.next, pauses=PAUSES) if state.next else None
            if state.serving is None:
                return self._info(IndexState.MISSING, IndexMissing().message, state, {}, rebuild)
            colour = await colour_of(self._client, state.serving.name)
            if colour == "red":
                return self._info(IndexState.UNAVAILABLE, RED, state, {}, rebuild)
            counts = await self._reader.source_counts(state.serving, pauses=PAUSES)
        except ServiceError as error:
            return self._info(IndexState.UNAVAILABLE, error.message, state, {}, None)
        except MissingIndex:  # removed between two looks
            return self._info(IndexState.MISSING, IndexMissing().message, StoredState(), {}, None)
        amiss = [
            DiskFull().message if state.full else "",
            _YELLOW if colour == "yellow" else "",
            _LOADING if state.serving.loading else "",
        ]
        detail = " ".join(filter(None, amiss))
        return self._info(IndexState.DEGRADED if detail else IndexState.READY, detail, state, counts, rebuild)

    async def rebuild(self, coming: StoredIndex, **options: Any) -> Rebuild:
        """The next index, as it is by now. The options are those of ElasticClient.call."""
        counts = await self._reader.source_counts(coming, **options)
        return Rebuild(coming.handle, coming.model, sum(counts.values()))

    def _info(
        self, state: IndexState, detail: str, stored: StoredState, counts: dict[str, int], rebuild: Rebuild | None
    ) -> IndexInfo:
        model = stored.serving.model if stored.serving else None
        detail = " ".join(filter(None, [detail, UNVERIFIED if self._client.trusts_all else ""]))
        backend = f"elasticsearch {self._client.version}".strip()
        return IndexInfo(state, detail, model, sum(counts.values()), counts, rebuild, backend)


async def colour_of(client: ElasticClient, index: str) -> str:
    """green, yellow or red, as Elasticsearch has it. Raises MissingIndex or StorageUnavailable."""
    try:
        health = await client.call(
            lambda elastic: elastic.cluster.health(index=index, filter_path="status"), pauses=PAUSES
        )
    except LoginRefused:  # a role without the right to look: what can be searched is well enough
        return "green"
    return str(health["status"])


RED = (
    "A shard of the index has no copy that works (the index is red in Elasticsearch). Bring the nodes back that hold "
    "one, or restore a snapshot."
)
_YELLOW = (
    "Some shards lack a further copy (the index is yellow in Elasticsearch): a node that fails may take photos with "
    "it. Add a node, or lower SEARCH_ELASTICSEARCH_REPLICAS and the index's number_of_replicas."
)
_LOADING = "The index is being filled without copies and refreshes (SEARCH_ELASTICSEARCH_FAST_LOAD)."
