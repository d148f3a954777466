"""Sends a file, or a part of it, under the conditions of HTTP: entity tags, times of change, ranges."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from io import BufferedReader
from urllib.parse import quote

import structlog
from aiohttp import web

from gateway.file_facts import FileFacts, facts_of

_log = structlog.stdlib.get_logger("files")

_CHUNK_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class _Unsatisfiable(Exception):
    """The range asked for lies outside of the file."""


def may_need_no_content(request: web.Request) -> bool:
    """Whether the facts of a file may be all that it takes to answer."""
    return request.method == "HEAD" or request.if_none_match is not None or request.if_modified_since is not None


async def send_facts(request: web.Request, facts: FileFacts, headers: Mapping[str, str]) -> web.StreamResponse | None:
    """Answers if that takes no content of the file; None if it does."""
    answer = _begun(request, facts, headers)
    if not isinstance(answer, _Content):
        return answer
    if request.method != "HEAD":
        return None
    await answer.response.prepare(request)
    return answer.response


async def send_file(request: web.Request, file: BufferedReader, headers: Mapping[str, str]) -> web.StreamResponse:
    """Answers with the file and closes it."""
    try:
        answer = _begun(request, facts_of(file), headers)
        if not isinstance(answer, _Content):
            return answer
        await answer.response.prepare(request)
        if request.method != "HEAD":
            await _copy(request, answer.response, file, answer.start, answer.end)
        return answer.response
    finally:
        file.close()


def not_modified(request: web.Request, tag: str) -> bool:
    """Whether the browser has the content with this entity tag already."""
    wanted = request.if_none_match
    return wanted is not None and any(etag.value in {tag, "*"} for etag in wanted)


def content_disposition(kind: str, name: str) -> str:
    """`kind` is inline or attachment. The name goes in twice: in ASCII for old clients and whole (RFC 6266, 8187)."""
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\%' else "_" for char in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"


@dataclass(frozen=True, slots=True)
class _Content:
    """The beginning of an answer, and which bytes of the file follow: the first, and the one after the last."""

    response: web.StreamResponse
    start: int
    end: int


def _begun(request: web.Request, facts: FileFacts, headers: Mapping[str, str]) -> web.Response | _Content:
    validators = {"ETag": f'"{facts.tag}"', "Last-Modified": formatdate(facts.modified, usegmt=True)}
    if not_modified(request, facts.tag) or _unchanged_since(request, facts.modified):
        return web.Response(status=304, headers={**headers, **validators})
    try:
        part = _range(request, facts)
    except _Unsatisfiable:
        return web.Response(status=416, headers={**headers, "Content-Range": f"bytes */{facts.size}"})
    response = web.StreamResponse(headers={**headers, **validators, "Accept-Ranges": "bytes"})
    start, end = part or (0, facts.size)
    if part:
        response.set_status(206)
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{facts.size}"
    response.content_length = end - start
    return _Content(response, start, end)


async def _copy(request: web.Request, response: web.StreamResponse, file: BufferedReader, start: int, end: int) -> None:
    try:
        await asyncio.to_thread(file.seek, start)
        while start < end:
            chunk = await asyncio.to_thread(file.read, min(_CHUNK_BYTES, end - start))
            if not chunk:
                raise OSError("the file became shorter while it was sent")
            await response.write(chunk)
            start += len(chunk)
        await response.write_eof()
    except ConnectionError:  # the browser has what it wanted
        pass
    except OSError as error:
        _log.warning("a file could not be sent to its end", error=str(error))
        if request.transport is not None:  # the length is promised already; only a broken connection tells the truth
            request.transport.close()


def _unchanged_since(request: web.Request, modified: float) -> bool:
    since = request.if_modified_since
    return request.if_none_match is None and since is not None and int(modified) <= since.timestamp()


def _range(request: web.Request, facts: FileFacts) -> tuple[int, int] | None:
    """The first byte and the one after the last of the part that is asked for. None is the whole file."""
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or match[0] == "bytes=-" or not _range_fits(request, facts.tag, facts.modified):
        return None  # several parts at once may be answered with the whole
    first, last = match.groups()
    if first:
        start, end = int(first), min(int(last) + 1 if last else facts.size, facts.size)
    else:
        start, end = max(0, facts.size - int(last)), facts.size
    if start >= end:
        raise _Unsatisfiable
    return start, end


def _range_fits(request: web.Request, tag: str, modified: float) -> bool:
    """Whether the part that the browser has is of this very file."""
    condition = request.headers.get("If-Range")
    if condition is None:
        return True
    since = request.if_range
    return condition == f'"{tag}"' if since is None else int(modified) == since.timestamp()
