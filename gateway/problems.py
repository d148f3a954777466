"""Errors as the browser gets them: application/problem+json (RFC 9457) with the reason of the error."""

import json
import math
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from aiohttp import web

from gateway.errors import CallFailed
from grpc_runtime.errors import ServiceError
from grpc_runtime.telemetry import current_request_id

MEDIA_TYPE = "application/problem+json"

# By reason. A person must act first: 409 where the index and the call don't fit, 503 where a service can't work.
STATUS_BY_REASON: Mapping[str, HTTPStatus] = MappingProxyType(
    {
        "INVALID_FIELD": HTTPStatus.BAD_REQUEST,
        "MODEL_MISMATCH": HTTPStatus.CONFLICT,
        "INVALID_EMBEDDING": HTTPStatus.BAD_REQUEST,
        "ZERO_VECTOR": HTTPStatus.BAD_REQUEST,
        "IMAGE_UNDECODABLE": HTTPStatus.BAD_REQUEST,
        "IMAGE_TOO_LARGE": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "TEXT_TOO_LONG": HTTPStatus.BAD_REQUEST,
        "TEXT_EMPTY": HTTPStatus.BAD_REQUEST,
        "IMAGE_NOT_FOUND": HTTPStatus.NOT_FOUND,
        "ORIGINAL_MISSING": HTTPStatus.NOT_FOUND,
        "INDEX_MISSING": HTTPStatus.CONFLICT,
        "INDEX_FORMAT": HTTPStatus.CONFLICT,
        "STALE_PAGE_TOKEN": HTTPStatus.BAD_REQUEST,
        "OVERLOADED": HTTPStatus.SERVICE_UNAVAILABLE,
        "MODEL_LOADING": HTTPStatus.SERVICE_UNAVAILABLE,
        "MODEL_FAILED": HTTPStatus.SERVICE_UNAVAILABLE,
        "MODALITY_UNSUPPORTED": HTTPStatus.CONFLICT,
        "REBUILD_NOT_FOUND": HTTPStatus.CONFLICT,
        "REBUILD_CONFLICT": HTTPStatus.CONFLICT,
        "REBUILD_INCOMPLETE": HTTPStatus.CONFLICT,
        "STORAGE_UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
        "EMBEDDER_UNREACHABLE": HTTPStatus.SERVICE_UNAVAILABLE,
        "SEARCH_UNREACHABLE": HTTPStatus.SERVICE_UNAVAILABLE,
        "SOURCE_UNKNOWN": HTTPStatus.NOT_FOUND,
        "TIMEOUT": HTTPStatus.GATEWAY_TIMEOUT,
        "INTERNAL": HTTPStatus.INTERNAL_SERVER_ERROR,
        "INDEX_READ_ONLY": HTTPStatus.CONFLICT,
    }
)

# In seconds, where the error itself does not tell.
_RETRY_AFTER: Mapping[str, float] = MappingProxyType(
    {"OVERLOADED": 1, "MODEL_LOADING": 5, "STORAGE_UNAVAILABLE": 5, "EMBEDDER_UNREACHABLE": 2, "SEARCH_UNREACHABLE": 2}
)


def problem_of(error: ServiceError) -> web.Response:
    """The error as a response."""
    reason = error.remote.reason if isinstance(error, CallFailed) else error.reason
    if reason not in STATUS_BY_REASON:  # a service of another version, or one that broke off without a word
        reason = "INTERNAL"
    status = STATUS_BY_REASON[reason]
    members = {
        "type": f"urn:imagesearch:error:{reason}",
        "title": reason.replace("_", " ").capitalize(),
        "detail": error.message,
        "reason": reason,
    }
    response = _response(status, members, error.metadata)
    retry_after = error.retry_after if error.retry_after is not None else _RETRY_AFTER.get(reason)
    if retry_after is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil(retry_after)))
    return response


def http_problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """An error that HTTP itself defines, such as 405. Its reason is empty."""
    members = {"type": "about:blank", "title": HTTPStatus(status).phrase, "detail": detail, "reason": ""}
    response = _response(status, members, {})
    response.headers.update(headers or {})
    return response


def _response(status: int, members: Mapping[str, str], metadata: Mapping[str, str]) -> web.Response:
    body = {
        **metadata,
        **members,
        "status": int(status),
        "request_id": current_request_id(),
    }
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(status=status, text=text, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})
