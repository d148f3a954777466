"""Files that could not be indexed, and a list of them in pages."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from imagesearch.search.v1 import search_pb2
from pictures.paths import encode_path, image_id

_KINDS = (
    ("IMAGE_UNDECODABLE", "The file is cut off after 812 bytes."),
    ("IMAGE_TOO_LARGE", "The picture has 412 million pixels; at most 179 million are read."),
    ("UNREADABLE", "Permission denied."),
    ("A_REASON_OF_LATER", "A later version knows more reasons."),
)


def make_failure(source: str, path: bytes, number: int = 0) -> search_pb2.Failure:
    """A failure of the file at this path; numbers tell of different reasons and times."""
    reason, message = _KINDS[number % len(_KINDS)]
    failure = search_pb2.Failure(
        id=image_id(source, path),
        source=source,
        relative_path=encode_path(path),
        size_bytes=812 * (number + 1),
        reason=reason,
        message=message,
        extractor_version=1,
    )
    failure.modified_at.FromDatetime(datetime(2024, 5, 1, tzinfo=UTC))
    failure.failed_at.FromDatetime(datetime(2025, 7, 1, 12, tzinfo=UTC) + timedelta(minutes=number))
    return failure


def list_failures(
    failures: Sequence[search_pb2.Failure], request: search_pb2.ListFailuresRequest
) -> search_pb2.ListFailuresResponse:
    """The page that the request asks for: those behind the one that its token names."""
    kept = sorted(
        (
            (failure.source, failure.relative_path, failure.id, failure)
            for failure in failures
            if request.source in {"", failure.source} and failure.relative_path.startswith(request.path_prefix)
        ),
        key=lambda entry: entry[:3],
    )
    behind = [entry for entry in kept if "\n".join(entry[:3]) > request.page_token]
    page = behind[: request.page_size or 100]
    return search_pb2.ListFailuresResponse(
        failures=[entry[3] for entry in page],
        next_page_token="\n".join(page[-1][:3]) if len(page) < len(behind) else "",
    )
