"""GET and POST /api/v1/search."""

import asyncio
from dataclasses import replace
from typing import Any

from aiohttp import web

from gateway.app_keys import CONFIG, EMBEDDER, SEARCHER, UPLOADS, WORKERS
from gateway.embedder_client import EmbedderClient
from gateway.errors import Overloaded
from gateway.problems import http_problem
from gateway.query import Embedding, VectorTerm
from gateway.query_body import read_search_body
from gateway.query_parameters import check_no_parameters, read_search, read_upload_search
from gateway.searcher import Found
from gateway.uploads import read_upload, reduced_upload
from grpc_runtime.errors import ServiceError

# While the model's own wish is not known.
_USUAL_EDGE = 256
_UPLOAD_SECONDS = 120
_FLOAT32_DIGITS = 9


async def search(request: web.Request) -> web.Response:
    """A search by text or by a photo of the index."""
    found = await request.app[SEARCHER].find(read_search(request.query))
    return _answer(found, {})


async def post_search(request: web.Request) -> web.Response:
    """A search by several terms, or by an uploaded picture."""
    check_no_parameters(request.query)
    if request.content_type == "multipart/form-data":
        return await _search_by_upload(request)
    if request.content_type == "application/json":
        found = await request.app[SEARCHER].find(read_search_body(await request.read()))
        return _answer(found, {})
    return http_problem(415, "Send application/json, or multipart/form-data with the picture in the field image.")


async def _search_by_upload(request: web.Request) -> web.Response:
    config, slots = request.app[CONFIG], request.app[UPLOADS]
    if slots.locked():
        raise Overloaded("Too many pictures are being uploaded already. Try again in a moment.", retry_after=1)
    async with slots:
        try:
            async with asyncio.timeout(_UPLOAD_SECONDS):
                upload = await read_upload(request, config.max_upload_bytes)
        except TimeoutError:
            return http_problem(408, f"The picture did not arrive within {_UPLOAD_SECONDS} seconds.")
        query = read_upload_search(upload.fields)
        embedder = request.app[EMBEDDER]
        edge = await _useful_edge(embedder)
        reduced = await request.app[WORKERS].run(reduced_upload, upload.image, edge)
    embedding = await embedder.embed_image(reduced)
    found = await request.app[SEARCHER].find(replace(query, terms=(VectorTerm(embedding),)))
    return _answer(found, {"embedding": _embedding_json(embedding)})


async def _useful_edge(embedder: EmbedderClient) -> int:
    try:
        return (await embedder.model()).useful_image_edge or _USUAL_EDGE
    except ServiceError:  # it restarts, say: embedding the picture waits for it, or says what is amiss
        return _USUAL_EDGE


def _embedding_json(embedding: Embedding) -> dict[str, Any]:
    """In as few digits as bring back the very same 32-bit numbers."""
    return {
        "model": embedding.model,
        "values": [float(f"{value:.{_FLOAT32_DIGITS}g}") for value in embedding.values],
    }


def _answer(found: Found, query: dict[str, Any]) -> web.Response:
    return web.json_response(
        {
            "results": found.page.results,
            "next_page_token": found.page.next_page_token,
            "query": {"truncated": found.truncated, **query},
        }
    )
