"""GET /livez, /readyz and /metrics, for those who run the gateway."""

import asyncio

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from gateway.app_keys import EMBEDDER, SEARCH


async def livez(_: web.Request) -> web.Response:
    """Answers while the process runs."""
    return web.json_response({"status": "alive"})


async def readyz(request: web.Request) -> web.Response:
    """Whether both services can serve, and else which can't."""
    embedder, search = await asyncio.gather(request.app[EMBEDDER].health(), request.app[SEARCH].health())
    ready = embedder == search == "serving"
    body = {"status": "ready" if ready else "not_ready", "embedder": embedder, "search": search}
    return web.json_response(body, status=200 if ready else 503)


async def metrics(_: web.Request) -> web.Response:
    """The metrics in Prometheus' text format."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
