"""An index as the version before made it: without the fields that were added since."""

from typing import Any

import pytest

from search_service.elastic import ElasticImages
from search_service.elastic_config import ElasticSettings
from search_service.facets import FacetOptions
from search_service.images import Filter, Window, sample_key
from search_service.photo_facts import Camera
from tests.search_service.elastic.conftest import Connect
from tests.search_service.elastic_server import ElasticServer
from tests.search_service.photos import DIMENSIONS, MODEL, photo, unit, write

WINDOW = Window(100, 100)
OLD_FIELDS: dict[str, Any] = {
    "image_id": {"type": "keyword"},
    "image_name": {"type": "keyword"},
    "source": {"type": "keyword"},
    "relative_path": {"type": "keyword"},
    "folder_keys": {"type": "keyword"},
    "content_sha256": {"type": "keyword"},
    "size_bytes": {"type": "long", "index": False},
    "modified_seconds": {"type": "long", "index": False},
    "modified_nanos": {"type": "integer", "index": False},
    "media_type": {"type": "keyword"},
    "width": {"type": "integer", "index": False},
    "height": {"type": "integer", "index": False},
    "exif": {
        "properties": {
            "date": {"type": "date", "format": "strict_date_optional_time"},
            "location": {"type": "geo_point"},
        }
    },
    "taken_at_us": {"type": "long"},
    "utc_offset_seconds": {"type": "integer", "index": False, "doc_values": False},
    "taken_at_source": {"type": "byte"},
    "camera": {"properties": {"make": {"type": "keyword"}, "model": {"type": "keyword"}}},
    "camera_key": {"type": "keyword"},
    "extractor_version": {"type": "integer", "index": False},
    "indexed_at": {"type": "date", "format": "strict_date_optional_time"},
    "sample_key": {"type": "long"},
    "sample_key_residues": {"type": "keyword", "doc_values": False},
    "image_embedding": {
        "type": "dense_vector",
        "similarity": "cosine",
        "index": True,
        "dims": DIMENSIONS,
        "index_options": {"type": "int8_hnsw", "m": 16, "ef_construction": 100},
    },
}
OLD_DOCUMENT = {
    "image_id": "old",
    "image_name": "old.jpg",
    "source": "photos",
    "relative_path": "old.jpg",
    "folder_keys": ["0/6:photos"],
    "content_sha256": "ab" * 32,
    "size_bytes": 5,
    "modified_seconds": None,
    "modified_nanos": None,
    "media_type": "image/jpeg",
    "width": 3,
    "height": 2,
    "exif": {"date": None, "location": None},
    "taken_at_us": None,
    "utc_offset_seconds": None,
    "taken_at_source": 0,
    "camera": {"make": "FUJIFILM", "model": "X-T5"},
    "camera_key": "8:FUJIFILMX-T5",
    "extractor_version": 1,
    "indexed_at": "2026-01-01T00:00:00+00:00",
    "sample_key": sample_key("old"),
    "sample_key_residues": [],
    "image_embedding": unit(1).tolist(),
}


def make_old_index(server: ElasticServer, alias: str, name: str, handle: str) -> None:
    meta = {
        "format": 2,
        "handle": handle,
        "model": MODEL,
        "dimensions": DIMENSIONS,
        "number": 1,
        "index_type": "int8_hnsw",
        "loading": False,
    }
    body = {
        "mappings": {"dynamic": "strict", "_meta": meta, "properties": OLD_FIELDS},
        "settings": {"max_regex_length": 10_000, "number_of_replicas": 0},
        "aliases": {alias: {"is_write_index": True}, handle: {}},
    }
    server.request("PUT", f"/{name}", body)
    server.request("PUT", f"/{name}/_doc/old?refresh=true", OLD_DOCUMENT)


@pytest.fixture
def images(server: ElasticServer, settings: ElasticSettings, connect: Connect) -> ElasticImages:
    """The service on an old index, with a rebuild that the version before began."""
    make_old_index(server, settings.alias, f"{settings.alias}-tiny-1", f"{settings.alias}-tiny-1.00000000")
    make_old_index(server, f"{settings.alias}-next", f"{settings.alias}-tiny-2", f"{settings.alias}-tiny-2.00000000")
    return connect()


async def search(images: ElasticImages) -> list[str]:
    page = await images.search(unit(1), keep=Filter(), excluded_ids=[], window=WINDOW, offset=0, limit=5)
    return [hit.image.id for hit in page.hits]


async def test_what_the_version_before_wrote_is_read(images: ElasticImages) -> None:
    old = (await images.get(["old"]))["old"]

    assert (old.camera, old.title, old.keywords, old.rating) == (Camera("FUJIFILM", "X-T5"), "", (), None)
    assert await search(images) == ["old"]
    assert (await images.facets(Filter(), FacetOptions())).image_count == 1


async def test_its_index_takes_the_facts_that_were_added_since(images: ElasticImages) -> None:
    new = photo("new", title="Title", keywords=("a", "b"), perceptual_hash=2**64 - 1, camera=Camera("", "", "lens"))

    assert await images.write([write(new, unit(1, 1)), write(photo("old", rating=5), unit(1))]) == [None, None]

    await images.finish_writing()
    assert await search(images) == ["old", "new"]
    found = await images.get(["old", "new"])
    assert found["old"].rating == 5
    assert (found["new"].title, found["new"].keywords, found["new"].camera) == (new.title, new.keywords, new.camera)
    assert found["new"].perceptual_hash == 2**64 - 1


async def test_a_rebuild_that_the_version_before_began_goes_on(
    images: ElasticImages, settings: ElasticSettings
) -> None:
    handle = f"{settings.alias}-tiny-2.00000000"

    assert await images.write([write(photo("new", title="Title"))], handle) == [None]

    await images.commit_rebuild(handle, drop_missing_sources=False)
    found = await images.get(["old", "new"])
    assert (found["old"].title, found["new"].title) == ("", "Title")
    assert await images.write([write(photo("newer", title="Title"))]) == [None]


async def test_the_first_stream_after_a_fast_load_keeps_the_added_fields(
    server: ElasticServer, settings: ElasticSettings, connect: Connect
) -> None:
    images = connect(fast_load=True)
    await images.write([write(photo("a", title="Title"))])

    await images.finish_writing()

    meta = server.request("GET", f"/{settings.alias}/_mapping?filter_path=*.mappings._meta")
    assert [found["mappings"]["_meta"]["revision"] for found in meta.values()] == [2]


async def test_its_photos_are_searched_by_what_they_look_like(images: ElasticImages) -> None:
    found = await images.window(unit(1), keep=Filter(), excluded_ids=[], window=WINDOW)

    assert (found.ids, found.contents, found.has_look.tolist()) == (["old"], ["ab" * 32], [False])
