"""Answers a few of Elasticsearch's requests, to show what a real server seldom does."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

from aiohttp import web

from search_service.elastic_schema import FORMAT, REVISION

ItemAnswer = Callable[[str, int], dict[str, Any]]

STORED = {"status": 201, "result": "created"}
TOO_BUSY = {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "queue full"}}


class FakeElasticsearch:
    """One node with one index, alias `images`. `answer_item` gets a document's id and how often it was sent before."""

    def __init__(self, *, version: str = "9.2.4", product: str = "Elasticsearch") -> None:
        self.answer_item: ItemAnswer = lambda image_id, before: STORED
        self.bulk_statuses: list[int] = []  # of the next bulk requests; when it is empty, 200
        self.read_statuses: list[int] = []  # likewise of the requests for the index
        self.search_status = 200  # of each search in a request with several
        self.hangs = False
        self.given_up = asyncio.Event()  # someone left while it hung
        self.bulk_sizes: list[int] = []
        self.headers: list[dict[str, str]] = []
        self.sent: Counter[str] = Counter()
        self.most_at_once = 0
        self.dimensions = 8
        self.url = ""
        self._at_once = 0
        self._version = version
        self._product = product

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_get("/_nodes/http", self._nodes)
        app.router.add_get("/{index}", self._index)
        app.router.add_put("/{index}/_bulk", self._bulk)
        app.router.add_post("/_msearch", self._search_several)
        self._runner = web.AppRunner(app, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _nodes(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        return self._answer({"nodes": {"a": {"version": self._version}, "b": {"version": "9.2.4"}}})

    async def _index(self, request: web.Request) -> web.Response:
        if self.hangs:
            try:
                await asyncio.Event().wait()
            finally:
                self.given_up.set()
        if self.read_statuses and (status := self.read_statuses.pop(0)) != 200:
            return self._answer({"error": {"type": "some_exception", "reason": "not now"}, "status": status}, status)
        meta = {
            "format": FORMAT,
            "revision": REVISION,
            "handle": "images-tiny-1.0",
            "model": "tiny@0123456789ab",
            "dimensions": self.dimensions,
            "number": 1,
            "index_type": "hnsw",
            "loading": False,
        }
        return self._answer({"images-tiny-1": {"aliases": {"images": {}}, "mappings": {"_meta": meta}}})

    async def _search_several(self, request: web.Request) -> web.Response:
        count = len((await request.read()).splitlines()) // 2
        error = {"type": "es_rejected_execution_exception", "reason": "queue full"}
        return self._answer({"responses": [{"error": error, "status": self.search_status}] * count})

    async def _bulk(self, request: web.Request) -> web.Response:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        body = await request.read()
        self._at_once -= 1
        self.bulk_sizes.append(len(body))
        if self.bulk_statuses and (status := self.bulk_statuses.pop(0)) != 200:
            error = {"type": "es_rejected_execution_exception", "reason": "too much"}
            return self._answer({"error": error, "status": status}, status=status)
        ids = [json.loads(line)["index"]["_id"] for line in body.splitlines()[::2]]
        items = [{"index": self.answer_item(image_id, self.sent[image_id])} for image_id in ids]
        self.sent.update(ids)
        return self._answer({"items": items})

    def _answer(self, body: dict[str, Any], status: int = 200) -> web.Response:
        headers = {"X-Elastic-Product": self._product} if self._product else {}
        return web.json_response(body, status=status, headers=headers)
