"""Errors that cross the wire: a domain's exceptions as google.rpc.Status with an ErrorInfo, and back.

    ServiceError
     ├── InvalidField      a field's value is not allowed
     ├── Internal          a fault of the service itself
     └── (each service's own tree, in its errors.py)

A domain raises a subclass of ServiceError; the server's interceptor turns it into a status. A client reads a failed
call back with `read_rpc_error`, and the status of one item of a stream with `read_status`.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, cast

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode
from grpc_status import rpc_status

ERROR_DOMAIN = "imagesearch"

# By the name of the reason in imagesearch.type.v1.ErrorReason, without its prefix.
STATUS_CODES: Mapping[str, StatusCode] = MappingProxyType(
    {
        "INVALID_FIELD": StatusCode.INVALID_ARGUMENT,
        "MODEL_MISMATCH": StatusCode.FAILED_PRECONDITION,
        "INVALID_EMBEDDING": StatusCode.INVALID_ARGUMENT,
        "ZERO_VECTOR": StatusCode.INVALID_ARGUMENT,
        "IMAGE_UNDECODABLE": StatusCode.INVALID_ARGUMENT,
        "IMAGE_TOO_LARGE": StatusCode.INVALID_ARGUMENT,
        "TEXT_TOO_LONG": StatusCode.INVALID_ARGUMENT,
        "TEXT_EMPTY": StatusCode.INVALID_ARGUMENT,
        "IMAGE_NOT_FOUND": StatusCode.NOT_FOUND,
        "ORIGINAL_MISSING": StatusCode.NOT_FOUND,
        "INDEX_MISSING": StatusCode.FAILED_PRECONDITION,
        "INDEX_FORMAT": StatusCode.FAILED_PRECONDITION,
        "STALE_PAGE_TOKEN": StatusCode.INVALID_ARGUMENT,
        "OVERLOADED": StatusCode.RESOURCE_EXHAUSTED,
        "MODEL_LOADING": StatusCode.UNAVAILABLE,
        "MODEL_FAILED": StatusCode.FAILED_PRECONDITION,
        "MODALITY_UNSUPPORTED": StatusCode.FAILED_PRECONDITION,
        "REBUILD_NOT_FOUND": StatusCode.FAILED_PRECONDITION,
        "REBUILD_CONFLICT": StatusCode.FAILED_PRECONDITION,
        "REBUILD_INCOMPLETE": StatusCode.FAILED_PRECONDITION,
        "STORAGE_UNAVAILABLE": StatusCode.UNAVAILABLE,
        "EMBEDDER_UNREACHABLE": StatusCode.UNAVAILABLE,
        "SEARCH_UNREACHABLE": StatusCode.UNAVAILABLE,
        "SOURCE_UNKNOWN": StatusCode.NOT_FOUND,
        "TIMEOUT": StatusCode.DEADLINE_EXCEEDED,
        "INTERNAL": StatusCode.INTERNAL,
        "INDEX_READ_ONLY": StatusCode.FAILED_PRECONDITION,
    }
)

# Trailers may have 8 KiB, and a message is in them twice: percent-encoded, and in the status in Base64.
_MAX_MESSAGE_BYTES = 1_000
_MAX_VALUE_BYTES = 512
_MAX_QUOTED_BYTES = 200

_CODES_BY_NUMBER = {code.value[0]: code for code in StatusCode}


class ServiceError(Exception):
    """Something a caller should know of. Its text is a sentence for a person that names the thing and the way out."""

    reason: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, *, retry_after: float | None = None, **metadata: str) -> None:
        """retry_after is in seconds; metadata names the things that the message speaks of."""
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.metadata = metadata


class InvalidField(ServiceError):
    """A field's value is not allowed."""

    reason = "INVALID_FIELD"

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(f"{field_name}: {message}", field=field_name)


class Internal(ServiceError):
    """A fault of the service itself."""

    reason = "INTERNAL"


@dataclass(frozen=True)
class RemoteError:
    """An error as its receiver sees it. `reason` is empty if the other side gave none (a broken connection, say)."""

    code: StatusCode
    message: str
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    retry_after: float | None = None


def to_status(error: ServiceError) -> status_pb2.Status:
    """The error as a status with ErrorInfo and, where the error knows when to retry, RetryInfo.

    Values that a caller sent and the error names are cut if they are long: a status must fit into a call's trailers.
    """
    status = status_pb2.Status(code=_number(STATUS_CODES[error.reason]), message=_short_message(error))
    metadata = {name: _cut(value, _MAX_VALUE_BYTES) for name, value in error.metadata.items()}
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=ERROR_DOMAIN, metadata=metadata)
    details = any_pb2.Any()
    details.Pack(info)
    status.details.append(details)
    if error.retry_after is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(round(error.retry_after * 1000))
        details = any_pb2.Any()
        details.Pack(error_details_pb2.RetryInfo(retry_delay=delay))
        status.details.append(details)
    return status


def read_status(status: status_pb2.Status) -> RemoteError:
    """What a status (of one item of a stream) says."""
    info = error_details_pb2.ErrorInfo()
    retry = error_details_pb2.RetryInfo()
    retry_after: float | None = None
    for details in status.details:
        if details.Is(info.DESCRIPTOR):
            details.Unpack(info)
        elif details.Is(retry.DESCRIPTOR):
            details.Unpack(retry)
            retry_after = retry.retry_delay.ToMilliseconds() / 1000
    code = _CODES_BY_NUMBER.get(status.code, StatusCode.UNKNOWN)
    return RemoteError(code, status.message, info.reason, dict(info.metadata), retry_after)


def read_rpc_error(error: grpc.RpcError) -> RemoteError:
    """What a failed call says."""
    call = cast(grpc.Call, error)
    # A ValueError: the trailers say one thing and the status within them another, as one from a proxy may.
    with suppress(ValueError):
        status = rpc_status.from_call(call)
        if status is not None:
            return read_status(cast(status_pb2.Status, status))
    return RemoteError(call.code(), call.details() or "")


def _short_message(error: ServiceError) -> str:
    message = error.message
    for value in error.metadata.values():
        message = message.replace(repr(value), repr(_cut(value, _MAX_QUOTED_BYTES)))
    return _cut(message, _MAX_MESSAGE_BYTES)


def _cut(text: str, max_bytes: int) -> str:
    data = text.encode(errors="replace")
    if len(data) <= max_bytes:
        return data.decode()
    return data[:max_bytes].decode(errors="ignore") + "…"


def _number(code: StatusCode) -> int:
    return code.value[0]
