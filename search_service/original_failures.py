"""The failures beside an index of the original tool: there are none, and none can be recorded."""

from collections.abc import Sequence

from search_service.errors import IndexReadOnly
from search_service.failures import Failure, FailureFilter, FailurePage, FailurePlace


class OriginalFailures:
    """Implements failures.Failures for reading."""

    def __init__(self, index: str) -> None:
        """`index` is named in refusals."""
        self._index = index

    async def report(self, failures: Sequence[Failure], resolved_ids: Sequence[str]) -> int:
        """Raises IndexReadOnly."""
        raise IndexReadOnly(self._index)

    async def page(self, keep: FailureFilter, *, after: FailurePlace | None, limit: int) -> FailurePage:
        """None."""
        return FailurePage([], None)

    async def counts(self) -> dict[str, int]:
        """None."""
        return {}
