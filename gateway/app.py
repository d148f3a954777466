"""Puts the application together."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from gateway.app_keys import (
    CONFIG,
    EMBEDDER,
    ORIGINALS,
    SEARCH,
    SEARCHER,
    STOPPING,
    THUMBNAILS,
    UPLOADS,
    WEB_ROOT,
    WORKERS,
)
from gateway.config import Config
from gateway.embedder_client import EmbedderClient
from gateway.middlewares import add_headers, errors_as_problems, known_hosts, observe
from gateway.original_files import OriginalFiles
from gateway.originals import Originals
from gateway.picture_cache import PictureCache
from gateway.picture_workers import PictureWorkers
from gateway.routes import facets, failures, images, operations, original, page, search, status
from gateway.search_client import SearchClient
from gateway.searcher import Searcher
from gateway.sources import Sources
from gateway.thumbnails import Thumbnails
from gateway.written_thumbnails import WrittenThumbnails

WEB_FOLDER = Path(__file__).with_name("web")
# 32 vectors of some thousand numbers.
MAX_JSON_BYTES = 4 * 1024**2
# Room for the longest text that the embedder takes, three bytes for each of its own in an address: so it is the
# embedder that refuses a longer one, with its reason. Beyond this HTTP itself fails, with a bare 400.
MAX_LINE_BYTES = 64 * 1024

_MAX_WAITING_PICTURES = 256
_MAX_UPLOADS = 16


def init_app(config: Config, web_root: Path = WEB_FOLDER) -> web.Application:
    """The application. It opens channels, threads and the cache when it starts, and closes them when it stops."""
    app = web.Application(
        middlewares=[observe, errors_as_problems, known_hosts],
        client_max_size=MAX_JSON_BYTES,
    )
    app[CONFIG] = config
    app[WEB_ROOT] = web_root
    app[STOPPING] = asyncio.Event()
    app.on_response_prepare.append(add_headers)
    app.cleanup_ctx.append(_services)
    app.cleanup_ctx.append(_pictures)
    app.add_routes(
        [
            web.get("/", page.page),
            web.get("/static/images/{path:.+}", original.image),  # before the page's own files
            web.static("/static", web_root),
            web.get("/index", original.start),
            web.get("/image_search", original.image_search),
            web.post("/image_search", original.post_image_search),
            web.get("/similar_image", original.start),
            web.post("/similar_image", original.post_similar_image),
            web.get("/image/{path:.+}", original.image),
            web.get("/api/v1/search", search.search),
            web.post("/api/v1/search", search.post_search),
            web.get("/api/v1/images", images.list_images),
            web.get("/api/v1/images/{id}", images.get_image),
            web.get("/api/v1/images/{id}/thumbnail", images.get_thumbnail),
            web.get("/api/v1/images/{id}/preview", images.get_preview),
            web.get("/api/v1/images/{id}/original", images.get_original),
            web.get("/api/v1/facets", facets.get_facets),
            web.get("/api/v1/failures", failures.list_failures),
            web.get("/api/v1/failures.jsonl", failures.export_failures),
            web.get("/api/v1/index", status.get_index),
            web.get("/api/v1/status", status.get_status),
            web.get("/livez", operations.livez),
            web.get("/readyz", operations.readyz),
            web.get("/metrics", operations.metrics),
        ]
    )
    return app


def make_runner(app: web.Application, drain_seconds: float) -> web.AppRunner:
    """What serves the application; running requests get drain_seconds to finish."""
    return web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,
        max_line_size=MAX_LINE_BYTES,
        shutdown_timeout=drain_seconds,
    )


async def _services(app: web.Application) -> AsyncIterator[None]:
    config = app[CONFIG]
    app[EMBEDDER] = embedder = EmbedderClient(config.embedder, config.call_timeout_seconds)
    app[SEARCH] = client = SearchClient(config.search, config.call_timeout_seconds)
    app[SEARCHER] = Searcher(embedder, client)
    yield
    await embedder.close()
    await client.close()


async def _pictures(app: web.Application) -> AsyncIterator[None]:
    config = app[CONFIG]
    cache = await asyncio.to_thread(PictureCache, config.cache_dir, config.cache_max_bytes)
    app[WORKERS] = workers = PictureWorkers(config.picture_threads, _MAX_WAITING_PICTURES)
    app[UPLOADS] = asyncio.Semaphore(_MAX_UPLOADS)
    app[ORIGINALS] = files = OriginalFiles(Originals(Sources(config.sources, config.sources_file)))
    app[THUMBNAILS] = Thumbnails(files, cache, workers, WrittenThumbnails(config.thumbnails))
    yield
    await asyncio.to_thread(files.close)
    await asyncio.to_thread(workers.close)
