"""The files that could not be indexed, and the port behind which they are kept, beside the index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from search_service.images import Shard


@dataclass(frozen=True, slots=True)
class Failure:
    """A file, or a folder, that could not be indexed. The fields are those of imagesearch.search.v1.Failure."""

    id: str
    source: str
    relative_path: str
    size_bytes: int
    modified_at_ns: int | None  # nanoseconds since 1970, UTC
    reason: str
    message: str
    extractor_version: int
    failed_at: datetime | None = None  # UTC, set where it is kept


@dataclass(frozen=True, slots=True)
class FailureFilter:
    """Which failures; an empty field keeps all."""

    source: str = ""
    path_prefix: str = ""
    shard: Shard | None = None


@dataclass(frozen=True, slots=True)
class FailurePlace:
    """A place in the list: right after a failure with these values, be it still there or not."""

    source: str
    relative_path: str
    id: str


@dataclass(frozen=True, slots=True)
class FailurePage:
    """Some failures, and the place where the list goes on; None at its end."""

    failures: list[Failure]
    following: FailurePlace | None


class Failures(Protocol):
    """What could not be indexed. It needs no index, and a rebuild leaves it as it is.

    All methods may raise StorageUnavailable.
    """

    async def report(self, failures: Sequence[Failure], resolved_ids: Sequence[str]) -> int:
        """Records failures, the last one of each id, and forgets those of `resolved_ids` that did not fail again.

        Returns how many of `resolved_ids` there were. All is durable and visible on return.
        """
        ...

    async def page(self, keep: FailureFilter, *, after: FailurePlace | None, limit: int) -> FailurePage:
        """The next failures by source, relative_path (its bytes), then id: at most `limit`, and maybe fewer."""
        ...

    async def counts(self) -> dict[str, int]:
        """How many there are of each source, by name."""
        ...
