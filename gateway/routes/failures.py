"""GET /api/v1/failures and /api/v1/failures.jsonl: the files that could not be indexed, and why."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from types import MappingProxyType
from typing import Any

import structlog
from aiohttp import web

from gateway.app_keys import SEARCH
from gateway.file_response import content_disposition
from gateway.query_parameters import read_all_failures, read_failures
from grpc_runtime.errors import ServiceError

Json = dict[str, Any]

_log = structlog.stdlib.get_logger("failures")
_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Type": "application/x-ndjson",
        "Content-Disposition": content_disposition("attachment", "failures.jsonl"),
    }
)


async def list_failures(request: web.Request) -> web.Response:
    """A page of them."""
    page = await request.app[SEARCH].failures(read_failures(request.query))
    return web.json_response({"failures": page.results, "next_page_token": page.next_page_token})


async def export_failures(request: web.Request) -> web.StreamResponse:
    """All of them, one JSON object a line, sent while they are read."""
    async with aclosing(request.app[SEARCH].all_failures(read_all_failures(request.query))) as pages:
        first = await anext(pages)  # what fails so early is still answered with a problem
        response = web.StreamResponse(headers=_HEADERS)
        await response.prepare(request)
        if request.method != "HEAD":
            await _send(request, response, first, pages)
    return response


async def _send(
    request: web.Request, response: web.StreamResponse, first: list[Json], others: AsyncIterator[list[Json]]
) -> None:
    try:
        await response.write(_lines(first))
        async for page in others:
            await response.write(_lines(page))
        await response.write_eof()
    except ServiceError as error:
        _log.warning("the failures could not be sent to their end", error=error.message)
        if request.transport is not None:  # 200 was said already; only a broken connection tells the truth
            request.transport.close()


def _lines(failures: list[Json]) -> bytes:
    return "".join(f"{json.dumps(failure, ensure_ascii=False)}\n" for failure in failures).encode()
