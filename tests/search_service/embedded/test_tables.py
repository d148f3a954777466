"""Making a table fails halfway, and is tried again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from search_service.embedded import EmbeddedImages
from search_service.errors import StorageUnavailable
from search_service.images import Model
from tests.search_service.photos import DIMENSIONS, random_unit, write

NEXT = Model("next@1", 4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index"


@contextmanager
def no_new_state(path: Path) -> Iterator[None]:
    """The state can't be stored meanwhile, as on a disk that has just become full."""
    (path / "index.json.new").mkdir()
    yield
    (path / "index.json.new").rmdir()


async def test_a_first_write_that_failed_halfway_can_be_tried_again(path: Path) -> None:
    images = await EmbeddedImages.open(path)
    with no_new_state(path):
        (answer,) = await images.write([write("a", random_unit(1, 4))])
    assert isinstance(answer, StorageUnavailable)

    assert await images.write([write("b")]) == [None]
    assert await images.write([write("c")]) == [None]

    assert set(await images.get(["a", "b", "c"])) == {"b", "c"}
    assert len((await images.vectors(["b"]))["b"]) == DIMENSIONS
    await images.close()


async def test_a_rebuild_that_could_not_begin_can_be_tried_again(path: Path) -> None:
    images = await EmbeddedImages.open(path)
    await images.write([write("a")])
    with no_new_state(path), pytest.raises(StorageUnavailable):
        await images.begin_rebuild(Model(NEXT.name, 5))

    rebuild = await images.begin_rebuild(NEXT)

    assert await images.write([write("b", random_unit(1, 4), model=NEXT.name)], rebuild.id) == [None]
    await images.commit_rebuild(rebuild.id, drop_missing_sources=True)
    assert set(await images.get(["a", "b"])) == {"b"}
    await images.close()


async def test_what_a_try_to_make_a_table_left_is_replaced(path: Path) -> None:
    images = await EmbeddedImages.open(path)
    await images.write([write("a")])
    leftover = path / "images-next-1-2.lance"
    (leftover / "_versions").mkdir(parents=True)
    (leftover / "_versions" / "18446744073709551614.manifest").write_bytes(b"")

    rebuild = await images.begin_rebuild(NEXT)

    assert rebuild.id == leftover.stem
    assert await images.write([write("b", random_unit(1, 4), model=NEXT.name)], rebuild.id) == [None]
    await images.close()
