"""The index together with what could not be indexed into it, for GetIndex, the health service and the metrics."""

from dataclasses import dataclass, replace

from search_service.errors import ServiceError
from search_service.failures import Failures
from search_service.images import Images, IndexInfo, IndexState
from search_service.metrics import show_failures


@dataclass(frozen=True, slots=True)
class IndexReport:
    """`failures` counts the files that could not be indexed, by source."""

    info: IndexInfo
    failures: dict[str, int]


async def report_index(images: Images, failures: Failures, info: IndexInfo | None = None) -> IndexReport:
    """The index at this moment, or as `info` has it. A storage that is not well is told by the state, not raised."""
    info = info or await images.describe()
    if info.state is IndexState.UNAVAILABLE:
        return IndexReport(info, {})
    try:
        counts = await failures.counts()
    except ServiceError as error:
        state = IndexState.DEGRADED if info.state is IndexState.READY else info.state
        detail = " ".join(filter(None, [info.state_detail, f"The list of failures can't be read. {error.message}"]))
        return IndexReport(replace(info, state=state, state_detail=detail), {})
    show_failures(counts)
    return IndexReport(info, counts)
