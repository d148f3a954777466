"""The files that could not be indexed, as an index of their own beside that of the photos: made at the first report.

It lies behind the alias `images-failures`. What is written names the alias, so nothing comes into being by a write.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from typing import Any

import orjson
import structlog
from elastic_transport import ObjectApiResponse
from elasticsearch import AsyncElasticsearch

from search_service.elastic_bulk import ElasticBulk, Operation
from search_service.elastic_client import ElasticClient
from search_service.elastic_config import ElasticSettings
from search_service.elastic_document import PRIME_POWERS, residue
from search_service.elastic_errors import MissingIndex, error_reason, error_type
from search_service.elastic_filter import fingerprints_query, is_in_shard
from search_service.elastic_schema import usual_settings
from search_service.errors import ServiceError, StorageUnavailable
from search_service.failures import Failure, FailureFilter, FailurePage, FailurePlace
from search_service.images import FingerprintFilter, sample_key

_log = structlog.stdlib.get_logger("elasticsearch")

_BILLION = 1_000_000_000
_MOST_SOURCES = 10_000
_TRIES = 20


class ElasticFailures:
    """Implements failures.Failures. Several processes may report at once."""

    def __init__(self, client: ElasticClient, settings: ElasticSettings) -> None:
        self._client = client
        self._settings = settings
        self._bulk = ElasticBulk(client, settings)
        self._alias = f"{settings.alias}-failures"

    async def report(self, failures: Sequence[Failure], resolved_ids: Sequence[str]) -> int:
        """As in Failures."""
        now = datetime.now(UTC)
        operations = {image_id: Operation(image_id) for image_id in resolved_ids}
        operations |= {failure.id: Operation(failure.id, _document(failure, now)) for failure in failures}
        if not operations:
            return 0
        try:
            outcomes = await self._bulk.run(self._alias, list(operations.values()), refresh=True)
        except MissingIndex:
            if not failures:
                return 0
            await self._make()
            outcomes = await self._written(list(operations.values()))
        for outcome in outcomes.values():
            if isinstance(outcome, ServiceError):
                raise outcome
        return sum(outcomes[image_id] in {"deleted", "updated"} for image_id in set(resolved_ids))

    async def page(self, keep: FailureFilter, *, after: FailurePlace | None, limit: int) -> FailurePage:
        """As in Failures."""
        kept = FingerprintFilter(source=keep.source, path_prefix=keep.path_prefix, shard=keep.shard)
        body: dict[str, Any] = {
            "query": fingerprints_query(kept),
            "sort": [{"source": "asc"}, {"relative_path": "asc"}, {"image_id": "asc"}],
            "size": limit + 1,
            "track_total_hits": False,
        }
        if after:
            body["search_after"] = [after.source, after.relative_path, after.id]
        try:
            found = await self._search(body)
        except MissingIndex:
            return FailurePage([], None)
        hits = found["hits"]["hits"]
        failures = [_failure(hit["_source"]) for hit in hits[:limit] if is_in_shard(hit["_id"], keep.shard)]
        return FailurePage(failures, FailurePlace(*hits[limit - 1]["sort"]) if len(hits) > limit else None)

    async def counts(self) -> dict[str, int]:
        """As in Failures."""
        sources = {"terms": {"field": "source", "size": _MOST_SOURCES, "order": {"_key": "asc"}}}
        try:
            found = await self._search({"size": 0, "aggs": {"sources": sources}})
        except MissingIndex:
            return {}
        return {bucket["key"]: bucket["doc_count"] for bucket in found["aggregations"]["sources"]["buckets"]}

    async def _written(self, operations: Sequence[Operation]) -> dict[str, Any]:
        try:
            return await self._bulk.run(self._alias, operations, refresh=True)
        except MissingIndex:
            raise StorageUnavailable(
                f"The index behind {self._alias!r} in Elasticsearch was removed. Try again."
            ) from None

    async def _search(self, body: dict[str, Any]) -> Any:
        return await self._client.call(
            lambda elastic: elastic.search(index=self._alias, allow_partial_search_results=False, **body)
        )

    async def _make(self) -> None:
        """Makes the index, unless another process was quicker. A name that is taken is passed over."""
        for number in range(1, _TRIES):
            name = f"{self._alias}-{number}"
            answer = await self._client.call(partial(self._create, name=name))
            if "error" not in answer:
                _log.info("made an index", index=name, alias=self._alias)
                return
            reason = error_reason(answer.body)
            taken = error_type(answer.body) == "resource_already_exists_exception"
            if not taken and "more than one write index" not in reason:
                raise StorageUnavailable(f"Elasticsearch can't make the index {name!r} ({reason}).")
            if await self._client.call(lambda elastic: elastic.indices.exists_alias(name=self._alias)):
                return
        raise StorageUnavailable(
            f"No index could be made under the alias {self._alias!r}: others use the names in question."
        )

    async def _create(self, elastic: AsyncElasticsearch, *, name: str) -> ObjectApiResponse[Any]:
        return await elastic.options(ignore_status=400).indices.create(
            index=name,
            mappings=orjson.loads(files(__package__).joinpath("failures_mapping.json").read_bytes()),
            settings={"number_of_shards": 1, **usual_settings(self._settings)},
            aliases={self._alias: {"is_write_index": True}},
        )


def _document(failure: Failure, failed_at: datetime) -> bytes:
    modified = (None, None) if failure.modified_at_ns is None else divmod(failure.modified_at_ns, _BILLION)
    key = sample_key(failure.id)
    return orjson.dumps(
        {
            "image_id": failure.id,
            "source": failure.source,
            "relative_path": failure.relative_path,
            "size_bytes": failure.size_bytes,
            "modified_seconds": modified[0],
            "modified_nanos": modified[1],
            "reason": failure.reason,
            "message": failure.message,
            "extractor_version": failure.extractor_version,
            "failed_at": failed_at.isoformat(),
            "sample_key_residues": [residue(power, key) for power in PRIME_POWERS],
        }
    )


def _failure(source: Mapping[str, Any]) -> Failure:
    seconds = source["modified_seconds"]
    return Failure(
        id=source["image_id"],
        source=source["source"],
        relative_path=source["relative_path"],
        size_bytes=source["size_bytes"],
        modified_at_ns=None if seconds is None else seconds * _BILLION + source["modified_nanos"],
        reason=source["reason"],
        message=source["message"],
        extractor_version=source["extractor_version"],
        failed_at=datetime.fromisoformat(source["failed_at"]).astimezone(UTC),
    )
