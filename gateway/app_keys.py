"""What the application holds for its handlers."""

import asyncio
from pathlib import Path

from aiohttp import web

from gateway.config import Config
from gateway.embedder_client import EmbedderClient
from gateway.original_files import OriginalFiles
from gateway.picture_workers import PictureWorkers
from gateway.search_client import SearchClient
from gateway.searcher import Searcher
from gateway.thumbnails import Thumbnails

CONFIG = web.AppKey("config", Config)
WEB_ROOT = web.AppKey("web_root", Path)
EMBEDDER = web.AppKey("embedder", EmbedderClient)
SEARCH = web.AppKey("search", SearchClient)
SEARCHER = web.AppKey("searcher", Searcher)
WORKERS = web.AppKey("workers", PictureWorkers)
ORIGINALS = web.AppKey("originals", OriginalFiles)
THUMBNAILS = web.AppKey("thumbnails", Thumbnails)
UPLOADS = web.AppKey("uploads", asyncio.Semaphore)
# Set once the gateway is about to stop: every answer is then the last one of its connection.
STOPPING = web.AppKey("stopping", asyncio.Event)
