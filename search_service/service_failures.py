"""The failures of the contract, from and to the domain. Part of service.py, as service_messages.py is."""

from imagesearch.search.v1 import search_pb2
from search_service.errors import InvalidField
from search_service.failure_rules import check_failure
from search_service.failures import Failure, FailureFilter
from search_service.image_rules import check_count, check_id
from search_service.service_filter import read_shard
from search_service.service_messages import read_nanoseconds, write_nanoseconds

_DEFAULT_PAGE_SIZE = 100
_MAX_PAGE_SIZE = 1_000


def read_failures(request: search_pb2.ReportFailuresRequest) -> list[Failure]:
    """What failed. Raises InvalidField, for the ids that did no more as well."""
    check_count("failures", len(request.failures))
    check_count("resolved_ids", len(request.resolved_ids))
    for position, image_id in enumerate(request.resolved_ids):
        check_id(f"resolved_ids[{position}]", image_id)
    return [_read_failure(f"failures[{position}]", message) for position, message in enumerate(request.failures)]


def read_failure_filter(request: search_pb2.ListFailuresRequest) -> FailureFilter:
    """Which failures are asked for. Raises InvalidField."""
    if request.path_prefix and not request.source:
        raise InvalidField("path_prefix", "It needs a source.")
    return FailureFilter(request.source, request.path_prefix, read_shard(request))


def read_failure_page_size(request: search_pb2.ListFailuresRequest) -> int:
    """How many failures a page holds. Raises InvalidField."""
    if request.page_size < 0:
        raise InvalidField("page_size", "It can't be negative.")
    return min(request.page_size or _DEFAULT_PAGE_SIZE, _MAX_PAGE_SIZE)


def write_failure(failure: Failure) -> search_pb2.Failure:
    """A failure as a message."""
    message = search_pb2.Failure(
        id=failure.id,
        source=failure.source,
        relative_path=failure.relative_path,
        size_bytes=failure.size_bytes,
        reason=failure.reason,
        message=failure.message,
        extractor_version=failure.extractor_version,
    )
    if failure.modified_at_ns is not None:
        message.modified_at.CopyFrom(write_nanoseconds(failure.modified_at_ns))
    if failure.failed_at:
        message.failed_at.FromDatetime(failure.failed_at)
    return message


def _read_failure(field: str, message: search_pb2.Failure) -> Failure:
    failure = Failure(
        id=message.id,
        source=message.source,
        relative_path=message.relative_path,
        size_bytes=message.size_bytes,
        modified_at_ns=read_nanoseconds(message.modified_at, f"{field}.modified_at")
        if message.HasField("modified_at")
        else None,
        reason=message.reason,
        message=message.message,
        extractor_version=message.extractor_version,
    )
    check_failure(field, failure)
    return failure
