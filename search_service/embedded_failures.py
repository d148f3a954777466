"""The files that could not be indexed, as a table of its own in the index folder: made at the first report."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from lancedb import AsyncConnection

from search_service.civil_time import from_micros, micros
from search_service.embedded_durability import set_broken_manifests_aside
from search_service.embedded_filter import all_of, fingerprints_sql, ids_sql, literal
from search_service.embedded_lance import LanceTable, by, storage_errors
from search_service.failures import Failure, FailureFilter, FailurePage, FailurePlace
from search_service.images import FingerprintFilter, sample_key
from search_service.to_the_end import ToTheEnd

TABLE = "failures"
_BILLION = 1_000_000_000
_SCHEMA: Any = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("relative_path", pa.string()),
        ("size_bytes", pa.int64()),
        ("modified_seconds", pa.int64()),
        ("modified_nanos", pa.int32()),
        ("reason", pa.string()),
        ("message", pa.string()),
        ("extractor_version", pa.int32()),
        ("failed_at_us", pa.int64()),
        ("sample_key", pa.int64()),
    ]
)


class EmbeddedFailures:
    """Implements failures.Failures. A report goes on to its end even if its caller gives up."""

    def __init__(self, connection: AsyncConnection, folder: Path, to_the_end: ToTheEnd) -> None:
        """`folder` is that of the table. It is opened when it is needed."""
        self._connection = connection
        self._folder = folder
        self._to_the_end = to_the_end
        self._table: LanceTable | None = None
        self._opening = asyncio.Lock()
        self._writing = asyncio.Lock()

    async def report(self, failures: Sequence[Failure], resolved_ids: Sequence[str]) -> int:
        """As in Failures."""
        return await self._to_the_end.run(self._report(failures, resolved_ids))

    async def page(self, keep: FailureFilter, *, after: FailurePlace | None, limit: int) -> FailurePage:
        """As in Failures."""
        table = await self._opened()
        if table is None:
            return FailurePage([], None)
        kept = FingerprintFilter(source=keep.source, path_prefix=keep.path_prefix, shard=keep.shard)
        condition = all_of(fingerprints_sql(kept), _after_sql(after) if after else "")
        async with table.reading():
            query = table.engine.query().where(condition)
            ordered = query.order_by([by("source"), by("relative_path"), by("id")])
            rows = await ordered.limit(limit + 1).to_list()
        found = [_to_failure(row) for row in rows[:limit]]
        last = found[-1] if len(rows) > limit else None
        return FailurePage(found, FailurePlace(last.source, last.relative_path, last.id) if last else None)

    async def counts(self) -> dict[str, int]:
        """As in Failures."""
        table = await self._opened()
        return await table.source_counts() if table else {}

    async def tidy(self) -> None:
        """Merges small files and removes old versions, where anything was written since the last time."""
        if self._table and self._table.commits_since_tidy:
            async with self._writing:
                await self._table.tidy()

    async def close(self) -> None:
        """Lets go of the table's files."""
        async with self._writing:
            if self._table:
                self._table.close()

    async def _report(self, failures: Sequence[Failure], resolved_ids: Sequence[str]) -> int:
        async with self._writing:
            table = await self._opened()
            if table is None:
                if not failures:
                    return 0
                table = await self._made()
            resolved = 0
            if resolved_ids:
                async with table.reading():
                    resolved = await table.engine.count_rows(ids_sql(resolved_ids))
            if resolved:
                async with table.committing():
                    await table.engine.delete(ids_sql(resolved_ids))
            if failures:
                async with table.committing():
                    merge = table.engine.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
                    await merge.execute(_to_rows(failures))
            return resolved

    async def _opened(self) -> LanceTable | None:
        """The table; None while there is none."""
        async with self._opening:
            if self._table is None and await asyncio.to_thread(self._is_there):
                self._table = await LanceTable.open_table(self._connection, TABLE, self._folder, _SCHEMA)
            return self._table

    async def _made(self) -> LanceTable:
        async with self._opening:
            if await asyncio.to_thread(self._folder.exists):  # of a try that failed halfway
                with storage_errors("be written"):
                    await self._connection.drop_table(TABLE)
            self._table = await LanceTable.create_table(self._connection, TABLE, self._folder, _SCHEMA)
            return self._table

    def _is_there(self) -> bool:
        """Whether the table was ever made: a process that died while it made it leaves no whole manifest."""
        with storage_errors("be opened"):
            set_broken_manifests_aside(self._folder)
            return any((self._folder / "_versions").glob("*.manifest"))


def _after_sql(place: FailurePlace) -> str:
    source, path, failure_id = (literal(text) for text in (place.source, place.relative_path, place.id))
    same_source = f"relative_path > {path} OR (relative_path = {path} AND id > {failure_id})"
    return f"source > {source} OR (source = {source} AND ({same_source}))"


def _to_rows(failures: Iterable[Failure]) -> Any:
    now = micros(datetime.now(UTC).replace(tzinfo=None))
    rows = [_to_row(failure, now) for failure in {failure.id: failure for failure in failures}.values()]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _to_row(failure: Failure, failed_at_us: int) -> dict[str, Any]:
    modified = (None, None) if failure.modified_at_ns is None else divmod(failure.modified_at_ns, _BILLION)
    return {
        "id": failure.id,
        "source": failure.source,
        "relative_path": failure.relative_path,
        "size_bytes": failure.size_bytes,
        "modified_seconds": modified[0],
        "modified_nanos": modified[1],
        "reason": failure.reason,
        "message": failure.message,
        "extractor_version": failure.extractor_version,
        "failed_at_us": failed_at_us,
        "sample_key": sample_key(failure.id),
    }


def _to_failure(row: dict[str, Any]) -> Failure:
    seconds = row["modified_seconds"]
    return Failure(
        id=row["id"],
        source=row["source"],
        relative_path=row["relative_path"],
        size_bytes=row["size_bytes"],
        modified_at_ns=None if seconds is None else seconds * _BILLION + row["modified_nanos"],
        reason=row["reason"],
        message=row["message"],
        extractor_version=row["extractor_version"],
        failed_at=from_micros(row["failed_at_us"]).replace(tzinfo=UTC),
    )
