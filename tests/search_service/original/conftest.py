"""Indexes as the original tool makes them, in a real Elasticsearch."""

import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from search_service.elastic_client import ElasticClient
from search_service.images import Filter, Image, Images, ListOrder, ListPlace
from search_service.original import OriginalImages
from tests.elasticsearch_node import NEWEST, OLDEST
from tests.search_service.elastic_server import ElasticServer, GetServer
from tests.search_service.photos import DIMENSIONS, MODEL, random_unit

Document = dict[str, Any]

EVERYTHING = Filter()
VECTORS = {"type": "dense_vector", "dims": DIMENSIONS, "index": True, "similarity": "cosine"}
EXIF = {"properties": {"location": {"type": "geo_point"}, "date": {"type": "date"}}}
PROPERTIES = {
    "image_embedding": VECTORS,
    "image_id": {"type": "keyword"},
    "image_name": {"type": "keyword"},
    "relative_path": {"type": "keyword"},
    "exif": EXIF,
}
SETTINGS = {"index.refresh_interval": "5s", "number_of_shards": 1, "number_of_replicas": 0}


@dataclass(frozen=True)
class Made:
    """An index, and the ids that Elasticsearch gave its documents, in their order."""

    name: str
    ids: list[str]
    images: OriginalImages

    def number(self, image_id: str) -> int:
        """Which of the documents has the id."""
        return self.ids.index(image_id)


# Makes an index with these documents, mapping and settings, and opens it.
Make = Callable[..., Awaitable[Made]]
# Opens the index of this name, with these settings changed, as the search service does.
Open = Callable[..., OriginalImages]


def document(path: str, seed: int = 0, **fields: Any) -> Document:
    """What the tool writes of a photo; its vectors are not of unit length. A field that is None is left out."""
    name = path.rpartition("/")[2]
    facts = {
        "image_id": name.rpartition(".")[0],
        "image_name": name,
        "image_embedding": [float(value) for value in 9.5 * random_unit(seed)],
        "relative_path": path,
        **fields,
    }
    return {name: value for name, value in facts.items() if value is not None}


async def list_all(images: Images, order: ListOrder, keep: Filter = EVERYTHING, limit: int = 3) -> list[Image]:
    """All photos of a list, page by page."""
    seen: list[Image] = []
    after: ListPlace | None = None
    while page := await images.list_page(order, keep=keep, after=after, limit=limit):
        seen += page
        after = ListPlace(page[-1].id, page[-1].taken_at)
    return seen


@pytest.fixture(scope="session", params=[OLDEST, f"{NEWEST} with TLS"])
def server(request: pytest.FixtureRequest, elastic_server: GetServer) -> ElasticServer:
    return elastic_server(request.param)


@pytest.fixture
async def client(server: ElasticServer) -> AsyncIterator[ElasticClient]:
    client = ElasticClient(server.settings())
    yield client
    await client.close()


@pytest.fixture
async def open_index(server: ElasticServer) -> AsyncIterator[Open]:
    async with AsyncExitStack() as opened:

        def open_index(name: str, **settings: Any) -> OriginalImages:
            fields = {"original_index": name, "original_model": MODEL, "original_source": "photos", **settings}
            images = OriginalImages(server.settings(**fields))
            opened.push_async_callback(images.close)
            return images

        yield open_index


@pytest.fixture
async def make(server: ElasticServer, client: ElasticClient, open_index: Open) -> AsyncIterator[Make]:
    names = []

    async def make(documents: Sequence[Document] = (), *, properties: Document = PROPERTIES, **settings: Any) -> Made:
        name = f"my-image-embeddings-{uuid.uuid4().hex[:12]}"
        names.append(name)
        body = {"settings": {**SETTINGS, **settings}, "mappings": {"properties": properties}}
        server.request("PUT", f"/{name}", body)
        return Made(name, await add(client, name, documents), open_index(name))

    yield make
    for name in names:
        server.request("DELETE", f"/{name}?ignore_unavailable=true")


async def add(client: ElasticClient, name: str, documents: Sequence[Document]) -> list[str]:
    """Adds documents to an index, as the tool does in bulk; returns their ids."""
    if not documents:
        return []
    lines: list[Any] = [line for one in documents for line in (b'{"index": {}}', json.dumps(one).encode())]
    answer = await client.call(lambda elastic: elastic.bulk(index=name, operations=lines, refresh=True))
    assert not answer["errors"], answer
    return [item["index"]["_id"] for item in answer["items"]]
