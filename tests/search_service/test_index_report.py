from collections.abc import Sequence
from typing import cast

import pytest
from prometheus_client import REGISTRY

from search_service.errors import StorageUnavailable
from search_service.failures import Failure, FailureFilter, FailurePage, FailurePlace
from search_service.images import Images, IndexInfo, IndexState
from search_service.index_report import report_index


class Index:
    def __init__(self, state: IndexState) -> None:
        self._state = state

    async def describe(self) -> IndexInfo:
        return IndexInfo(self._state, "A detail.", None, 0, {}, None, "")


class Counted:
    """Counts as it is told; without counts the storage is not well."""

    def __init__(self, counts: dict[str, int] | None) -> None:
        self._counts = counts

    async def report(self, failures: Sequence[Failure], resolved_ids: Sequence[str]) -> int:
        raise NotImplementedError

    async def page(self, keep: FailureFilter, *, after: FailurePlace | None, limit: int) -> FailurePage:
        raise NotImplementedError

    async def counts(self) -> dict[str, int]:
        if self._counts is None:
            raise StorageUnavailable("The disk is gone.")
        return self._counts


def images(state: IndexState) -> Images:
    return cast(Images, Index(state))


async def test_the_metric_has_the_counts_of_the_last_look() -> None:
    await report_index(images(IndexState.READY), Counted({"old": 2, "photos": 3}))

    report = await report_index(images(IndexState.MISSING), Counted({"photos": 4}))

    assert report.failures == {"photos": 4}
    assert REGISTRY.get_sample_value("search_failures", {"source": "photos"}) == 4
    assert REGISTRY.get_sample_value("search_failures", {"source": "old"}) is None


@pytest.mark.parametrize(
    ("state", "told"), [(IndexState.READY, IndexState.DEGRADED), (IndexState.MISSING, IndexState.MISSING)]
)
async def test_a_list_that_cant_be_read_is_told(state: IndexState, told: IndexState) -> None:
    report = await report_index(images(state), Counted(None))

    assert (report.info.state, report.failures) == (told, {})
    assert report.info.state_detail == "A detail. The list of failures can't be read. The disk is gone."


async def test_where_nothing_can_be_read_nothing_more_is_asked() -> None:
    report = await report_index(images(IndexState.UNAVAILABLE), Counted(None))

    assert (report.info.state, report.info.state_detail) == (IndexState.UNAVAILABLE, "A detail.")
