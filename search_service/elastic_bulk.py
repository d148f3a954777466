"""Writing many documents: requests of limited size, few at a time, sent again while the cluster is busy."""

import asyncio
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import structlog

from search_service.elastic_client import ElasticClient
from search_service.elastic_config import ElasticSettings
from search_service.elastic_errors import ClusterBusy, MissingIndex, Unreachable, error_type, item_error
from search_service.errors import ServiceError, StorageUnavailable

_log = structlog.stdlib.get_logger("elasticsearch")

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0


@dataclass(frozen=True, slots=True)
class Operation:
    """One document to write, as JSON, or, without one, to remove."""

    id: str
    document: bytes | None = None

    def lines(self) -> list[bytes]:
        """As the bulk request has it."""
        action = "delete" if self.document is None else "index"
        head = orjson.dumps({action: {"_id": self.id}})
        return [head] if self.document is None else [head, self.document]


class ElasticBulk:
    """Writes into one cluster. An operation may be sent several times: its id is given, so that changes nothing."""

    def __init__(self, client: ElasticClient, settings: ElasticSettings) -> None:
        self._client = client
        self._bytes = settings.bulk_bytes
        self._patience = settings.bulk_patience_seconds
        self._in_flight = asyncio.Semaphore(settings.bulk_in_flight)

    async def run(self, handle: str, operations: Sequence[Operation], *, refresh: bool = False) -> dict[str, Any]:
        """By each operation's id what came of it: a ServiceError, or a word such as "created" or "not_found".

        All that is not an error is durable. `handle` is an alias: without it nothing is written. With `refresh` all is
        visible at once. Raises MissingIndex if the index is gone.
        """
        sending = [self._send_until_taken(handle, chunk, refresh) for chunk in _chunks(operations, self._bytes)]
        outcomes: dict[str, Any] = {}
        for answered in await asyncio.gather(*sending, return_exceptions=True):
            if isinstance(answered, BaseException):
                raise answered
            outcomes |= answered
        _log_refused([outcome for outcome in outcomes.values() if isinstance(outcome, ServiceError)])
        return outcomes

    async def _send_until_taken(self, handle: str, chunk: Sequence[Operation], refresh: bool) -> dict[str, Any]:
        outcomes: dict[str, Any] = {}
        waiting = list(chunk)
        end = time.monotonic() + self._patience
        pause = _FIRST_PAUSE
        while True:
            try:
                async with self._in_flight:
                    answered = await self._send(handle, waiting, refresh)
            except StorageUnavailable as error:
                answered = {operation.id: error for operation in waiting}
            outcomes |= answered
            waiting = [operation for operation in waiting if _is_passing(outcomes[operation.id])]
            if not waiting or time.monotonic() + pause > end:
                return outcomes
            _log.info("the cluster is busy; sending again", photos=len(waiting), pause=pause)
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - not for secrets
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _send(self, handle: str, operations: Sequence[Operation], refresh: bool) -> dict[str, Any]:
        lines: list[Any] = [line for operation in operations for line in operation.lines()]
        answer = await self._client.call(
            lambda elastic: elastic.bulk(
                operations=lines, index=handle, require_alias=True, refresh=refresh, filter_path=_ANSWER
            ),
            pauses=(),
        )
        items = [next(iter(item.values())) for item in answer["items"]]
        if any(error_type(item) == "index_not_found_exception" for item in items if "error" in item):
            raise MissingIndex
        return {
            operation.id: item_error(item["status"], item["error"]) if "error" in item else item["result"]
            for operation, item in zip(operations, items, strict=True)
        }


_ANSWER = "items.*.status,items.*.result,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason"


def _log_refused(errors: Sequence[ServiceError]) -> None:
    """One line for each kind of error, however many photos have it."""
    by_kind = {type(error).__name__: error for error in errors}
    for kind, error in by_kind.items():
        photos = sum(type(other) is type(error) for other in errors)
        _log.warning("photos were not taken", error=error.message, kind=kind, photos=photos)


def _is_passing(outcome: Any) -> bool:
    return isinstance(outcome, ClusterBusy | Unreachable)


def _chunks(operations: Iterable[Operation], limit: int) -> Iterator[list[Operation]]:
    chunk: list[Operation] = []
    size = 0
    for operation in operations:
        own = len(operation.document or b"") + len(operation.id) + 32
        if chunk and size + own > limit:
            yield chunk
            chunk, size = [], 0
        chunk.append(operation)
        size += own
    if chunk:
        yield chunk
