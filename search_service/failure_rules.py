"""What the fields of a failure may hold."""

from search_service.errors import InvalidField
from search_service.failures import Failure
from search_service.image_rules import MAX_ID_BYTES, MAX_PATH_BYTES, MAX_SOURCE_BYTES, MAX_TEXT_BYTES, check_text

_MAX_REASON_BYTES = 64


def check_failure(field: str, failure: Failure) -> None:
    """Raises InvalidField, naming the field, unless the failure can be recorded."""
    check_text(f"{field}.id", failure.id, MAX_ID_BYTES, required=True)
    check_text(f"{field}.source", failure.source, MAX_SOURCE_BYTES, required=True)
    check_text(f"{field}.relative_path", failure.relative_path, MAX_PATH_BYTES, required=True)
    check_text(f"{field}.reason", failure.reason, _MAX_REASON_BYTES, required=True)
    check_text(f"{field}.message", failure.message, MAX_TEXT_BYTES)
    for name in ("size_bytes", "extractor_version"):
        if getattr(failure, name) < 0:
            raise InvalidField(f"{field}.{name}", "It can't be negative.")
