"""A folder as the version before made it: without the columns that were added since."""

import json
from datetime import UTC, datetime
from pathlib import Path

import lancedb
import pytest

from search_service.embedded import EmbeddedImages
from search_service.embedded_schema import table_schema, to_table
from search_service.embedded_store import EmbeddedOptions
from search_service.facets import FacetOptions
from search_service.images import Filter, Window
from search_service.photo_facts import Camera
from tests.search_service.photos import DIMENSIONS, MODEL, photo, unit, write

ADDED = ["camera_lens", "title", "caption", "keywords", "rating", "altitude_meters", "perceptual_hash"]
WINDOW = Window(100, 10_000)
OLD = photo("old", camera=Camera("FUJIFILM", "X-T5"))


async def make_old_table(path: Path, name: str, image_id: str) -> None:
    schema = table_schema(DIMENSIONS)
    for column in ADDED:
        schema = schema.remove(schema.get_field_index(column))
    connection = await lancedb.connect_async(str(path))
    table = await connection.create_table(name, schema=schema)
    image = photo(image_id, camera=OLD.camera)
    await table.add(to_table([(image, unit(1))], DIMENSIONS, datetime.now(UTC)).drop_columns(ADDED))
    table.close()  # type: ignore[no-untyped-call]


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    await make_old_table(tmp_path, "images-tiny-1", "old")
    await make_old_table(tmp_path, "images-tiny-2", "coming")
    indexes = [
        {"table": f"images-tiny-{number}", "model": MODEL, "dimensions": DIMENSIONS, "trained_rows": 0}
        for number in (1, 2)
    ]
    state = {"format": 1, "serving": indexes[0], "next": indexes[1], "last_number": 2}
    (tmp_path / "index.json").write_text(json.dumps(state))
    return tmp_path


async def test_what_the_version_before_wrote_is_read_and_written(path: Path) -> None:
    images = await EmbeddedImages.open(path)
    old = (await images.get(["old"]))["old"]
    assert (old.camera, old.title, old.keywords, old.rating) == (OLD.camera, "", (), None)

    new = photo("new", title="Title", keywords=("a", "b"), perceptual_hash=2**64 - 1)
    assert await images.write([write(new, unit(1, 1)), write(photo("old", rating=5), unit(1))]) == [None, None]

    await images.tidy()
    page = await images.search(unit(1), keep=Filter(), excluded_ids=[], window=WINDOW, offset=0, limit=5)
    assert [hit.image.id for hit in page.hits] == ["old", "new"]
    assert page.hits[0].image.rating == 5
    assert page.hits[1].image.perceptual_hash == 2**64 - 1
    assert (await images.facets(Filter(), FacetOptions())).image_count == 2
    await images.close()


async def test_a_rebuild_that_the_version_before_began_goes_on(path: Path) -> None:
    images = await EmbeddedImages.open(path)
    assert await images.write([write(photo("new", title="Title"), unit(1))], "images-tiny-2") == [None]
    await images.commit_rebuild("images-tiny-2", drop_missing_sources=False)
    await images.close()

    images = await EmbeddedImages.open(path)

    found = await images.get(["coming", "new"])
    assert (found["coming"].title, found["new"].title) == ("", "Title")
    await images.close()


async def test_with_a_vector_index_too(path: Path) -> None:
    options = EmbeddedOptions(vector_index_from=256)
    images = await EmbeddedImages.open(path, options)
    await images.write([write(photo(f"n{number}", title=str(number))) for number in range(300)])
    await images.tidy()

    page = await images.search(unit(1), keep=Filter(), excluded_ids=[], window=WINDOW, offset=0, limit=1)

    assert page.hits[0].image.title == ""
    assert page.hits[0].image.id == "old"
    await images.close()


async def test_its_photos_are_searched_by_what_they_look_like(path: Path) -> None:
    images = await EmbeddedImages.open(path)

    found = await images.window(unit(1), keep=Filter(), excluded_ids=[], window=WINDOW)

    assert (found.ids, found.contents, found.has_look.tolist()) == (["old"], [OLD.content_sha256], [False])
    await images.close()
