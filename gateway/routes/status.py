"""GET /api/v1/index and /api/v1/status: what there is to search, and how the services are."""

import asyncio
from typing import Any

from aiohttp import web

from gateway.app_keys import CONFIG, EMBEDDER, SEARCH
from gateway.embedder_client import EmbedderClient
from gateway.search_client import SearchClient
from grpc_runtime.errors import ServiceError

Json = dict[str, Any]


async def get_index(request: web.Request) -> web.Response:
    """The index and its state."""
    return web.json_response(await request.app[SEARCH].index())


async def get_status(request: web.Request) -> web.Response:
    """What the page needs to know before a search. Answers also when a service can't be reached."""
    app = request.app
    embedder, index = await asyncio.gather(_embedder(app[EMBEDDER]), _index(app[SEARCH]))
    models = {embedder["model"], index["model"]} - {""}
    return web.json_response(
        {
            "embedder": embedder,
            "index": index,
            "upload_limit_bytes": app[CONFIG].max_upload_bytes,
            "model_matches_index": len(models) < 2,
        }
    )


async def _embedder(client: EmbedderClient) -> Json:
    state, detail, model, name, progress, notice = "unreachable", "", "", "", 0.0, ""
    languages: list[str] = []
    try:
        answer = await client.model()
    except ServiceError as error:
        detail = error.message
    else:
        state, detail, model, name = answer.state, answer.detail, answer.id, answer.name
        progress, notice, languages = answer.progress, answer.notice, list(answer.languages)
    return {
        "state": state,
        "detail": detail,
        "model": model,
        "name": name,
        "progress": progress,
        "notice": notice,
        "languages": languages,
    }


async def _index(client: SearchClient) -> Json:
    try:
        return await client.index()
    except ServiceError as error:
        return {
            "model": "",
            "dimensions": 0,
            "image_count": 0,
            "failure_count": 0,
            "state": "unreachable",
            "state_detail": error.message,
            "sources": [],
            "rebuild": None,
            "backend": "",
        }
