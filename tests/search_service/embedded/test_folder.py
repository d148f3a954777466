import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from search_service.embedded import EmbeddedImages
from search_service.embedded_store import EmbeddedOptions
from search_service.errors import IndexFormat, StorageInUse, StorageUnavailable
from search_service.images import Filter, Images, IndexState, ListOrder, Model, Window
from tests.search_service.photos import random_unit, unit, write

NEXT = Model("next@1", 4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "an index #1%20é"


async def listed(images: Images) -> set[str]:
    return {image.id for image in await images.list_page(ListOrder.SAMPLE, keep=Filter(), after=None, limit=1_000)}


def state(path: Path) -> Any:
    return json.loads((path / "index.json").read_text())


def count_files(path: Path) -> int:
    return sum(1 for file in path.rglob("*") if file.is_file())


def newest(path: Path, pattern: str) -> Path:
    return max(path.rglob(pattern), key=lambda file: file.stat().st_mtime_ns)


def cut_off(file: Path, text: bytes | None = None) -> None:
    """Leaves half of a file, as a disk without room or a loss of power does."""
    whole = file.read_bytes() if text is None else text
    file.write_bytes(whole[: len(whole) // 2])


def tables(path: Path) -> list[str]:
    return sorted(table.stem for table in path.glob("*.lance"))


async def make(path: Path, *names: str) -> None:
    images = await EmbeddedImages.open(path)
    await images.write([write(name) for name in names])
    await images.close()


async def test_a_second_service_is_refused_until_the_first_has_ended(path: Path) -> None:
    first = await EmbeddedImages.open(path)
    with pytest.raises(StorageInUse, match="Another search service"):
        await EmbeddedImages.open(path)

    await first.close()

    await (await EmbeddedImages.open(path)).close()


async def test_another_format_is_refused_and_left_alone(path: Path) -> None:
    await make(path, "a")
    document = {**state(path), "format": 2}
    (path / "index.json").write_text(json.dumps(document))

    with pytest.raises(IndexFormat) as caught:
        await EmbeddedImages.open(path)

    assert caught.value.metadata == {"expected": "1", "actual": "2"}
    assert state(path) == document
    assert len(tables(path)) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1}', '{"format": 1, "serving": 3}'])
async def test_a_broken_state_file_is_refused_and_left_alone(path: Path, text: str) -> None:
    await make(path, "a")
    (path / "index.json").write_text(text)

    with pytest.raises(IndexFormat):
        await EmbeddedImages.open(path)

    assert (path / "index.json").read_text() == text
    assert len(tables(path)) == 1


async def test_without_its_state_file_an_index_is_not_touched(path: Path) -> None:
    await make(path, "a")
    (path / "index.json").unlink()

    with pytest.raises(StorageUnavailable, match=r"index\.json is missing"):
        await EmbeddedImages.open(path)

    assert len(tables(path)) == 1


async def test_a_folder_that_cant_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageUnavailable, match="SEARCH_EMBEDDED_PATH"):
        await EmbeddedImages.open(tmp_path / "file" / "index")


async def test_a_process_that_died_before_it_stored_the_state_leaves_nothing(path: Path) -> None:
    """Killed between making a table, the first one or that of a rebuild, and naming it in the state."""
    await make(path)
    before = (path / "index.json").read_text()
    images = await EmbeddedImages.open(path)
    await images.write([write("a")])
    await images.close()
    (path / "index.json").write_text(before)

    images = await EmbeddedImages.open(path)

    assert (await images.describe()).state is IndexState.MISSING
    assert tables(path) == []
    await images.write([write("b")])
    assert await listed(images) == {"b"}
    await images.close()


async def test_a_process_that_died_while_it_replaced_the_state_keeps_the_old_one(path: Path) -> None:
    await make(path, "a")
    (path / "index.json.new").write_text('{"format": 1, "ser')

    images = await EmbeddedImages.open(path)

    assert await listed(images) == {"a"}
    await images.close()


async def test_a_process_that_died_after_the_swap_leaves_no_old_table(path: Path) -> None:
    images = await EmbeddedImages.open(path)
    await images.write([write("a")])
    rebuild = await images.begin_rebuild(NEXT)
    await images.write([write("b", random_unit(1, 4), model=NEXT.name)], rebuild.id)
    await images.close()
    document = state(path)
    assert len(tables(path)) == 2
    document["serving"], document["next"] = document["next"], None  # what the commit stores
    (path / "index.json").write_text(json.dumps(document))

    images = await EmbeddedImages.open(path)

    assert await listed(images) == {"b"}
    assert tables(path) == [rebuild.id]
    await images.close()


async def test_replaced_and_cancelled_tables_are_removed_from_the_disk(path: Path) -> None:
    images = await EmbeddedImages.open(path)
    await images.write([write("a")])
    cancelled = await images.begin_rebuild(NEXT)
    await images.cancel_rebuild(cancelled.id)
    rebuild = await images.begin_rebuild(NEXT)
    await images.commit_rebuild(rebuild.id, drop_missing_sources=True)

    await images.tidy()

    assert tables(path) == [rebuild.id]
    assert cancelled.id != rebuild.id
    await images.close()


async def test_a_read_that_began_before_the_swap_ends_well(path: Path) -> None:
    images = await EmbeddedImages.open(path)
    await images.write([write(f"n{number:04}") for number in range(3_000)])
    page = asyncio.ensure_future(
        images.search(unit(1), keep=Filter(), excluded_ids=[], window=Window(1_000, 10_000), offset=0, limit=500)
    )
    await asyncio.sleep(0)
    rebuild = await images.begin_rebuild(NEXT)
    await images.commit_rebuild(rebuild.id, drop_missing_sources=True)
    await images.tidy()

    assert len((await page).hits) == 500
    await images.close()


async def test_tidying_leaves_few_files_and_every_photo(path: Path) -> None:
    images = await EmbeddedImages.open(path, EmbeddedOptions(tidy_after_commits=1_000))
    for number in range(30):
        await images.write([write(f"n{number:02}")])
    await images.delete([f"n{number:02}" for number in range(0, 30, 3)])
    before = count_files(path)

    await images.tidy()
    await images.tidy()

    after = count_files(path)
    assert before > 80
    assert after < 15
    assert len(await listed(images)) == 20
    await images.close()


async def test_a_vector_index_is_made_and_made_anew_as_the_photos_grow(path: Path) -> None:
    images = await EmbeddedImages.open(path, EmbeddedOptions(vector_index_from=300))
    trained = []
    for start, end in ((0, 299), (299, 300), (300, 599), (599, 600)):
        await images.write([write(f"n{number:03}", random_unit(number)) for number in range(start, end)])
        await images.tidy()
        trained.append(state(path)["serving"]["trained_rows"])
    await images.close()

    assert trained == [0, 300, 300, 600]


async def test_a_folder_that_vanishes_is_told_by_state_and_error(path: Path, tmp_path: Path) -> None:
    images = await EmbeddedImages.open(path)
    await images.write([write("a")])
    os.rename(path, tmp_path / "away")  # noqa: PTH104

    (answer,) = await images.write([write("b")])

    assert isinstance(answer, StorageUnavailable)
    assert (await images.describe()).state in (IndexState.UNAVAILABLE, IndexState.DEGRADED)
    os.rename(tmp_path / "away", path)  # noqa: PTH104
    assert await images.write([write("c")]) == [None]
    assert (await images.describe()).state is IndexState.READY
    assert "a" in await listed(images)
    await images.close()


async def test_a_write_goes_on_although_its_caller_gives_up(path: Path) -> None:
    images = await EmbeddedImages.open(path)
    await images.write([write("a")])
    writing = asyncio.ensure_future(images.write([write("b")]))
    await asyncio.sleep(0)

    writing.cancel()
    await asyncio.wait({writing})
    await images.close()

    images = await EmbeddedImages.open(path)
    assert await listed(images) == {"a", "b"}
    await images.close()


async def test_a_commit_whose_data_was_cut_off_is_left_behind_at_the_next_start(path: Path) -> None:
    images = await EmbeddedImages.open(path)
    await images.write([write("a")])
    await images.write([write("b")])
    await images.close()
    cut_off(newest(path, "data/*.lance"))

    images = await EmbeddedImages.open(path)

    assert await listed(images) == {"a"}
    assert await images.write([write("c")]) == [None]
    await images.tidy()
    assert await listed(images) == {"a", "c"}
    await images.close()


@pytest.mark.parametrize("part", [b"", b"cut off"])
async def test_a_commit_whose_manifest_was_cut_off_is_left_behind_at_the_next_start(path: Path, part: bytes) -> None:
    images = await EmbeddedImages.open(path)
    await images.write([write("a")])
    await images.close()
    manifest = newest(path, "_versions/*.manifest")
    cut_off(manifest.with_name(f"{int(manifest.stem) - 1}.manifest"), part)  # Lance counts down

    images = await EmbeddedImages.open(path)

    assert await listed(images) == {"a"}
    assert await images.write([write("b")]) == [None]
    await images.tidy()
    assert await listed(images) == {"a", "b"}
    await images.close()


async def test_what_a_failed_write_left_behind_does_not_hinder_the_next_start(path: Path) -> None:
    images = await EmbeddedImages.open(path)
    await images.write([write("a")])
    await images.close()
    cut_off(newest(path, "data/*.lance").with_name("leftover.lance"), b"not referred to by any commit")

    images = await EmbeddedImages.open(path)

    assert await images.write([write("b")]) == [None]
    assert await listed(images) == {"a", "b"}
    await images.close()


async def test_reads_and_writes_go_on_while_the_index_is_tidied_up(path: Path) -> None:
    images = await EmbeddedImages.open(path, EmbeddedOptions(vector_index_from=300))
    await images.write([write(f"n{number:03}", random_unit(number)) for number in range(300)])
    written = asyncio.Event()

    async def read() -> None:
        while not written.is_set():
            page = await images.search(
                unit(1), keep=Filter(), excluded_ids=[], window=Window(300, 10_000), offset=0, limit=10
            )
            assert len(page.hits) == 10
            assert (await images.describe()).state is IndexState.READY

    async def tidy() -> None:
        while not written.is_set():
            await images.tidy()

    others = [asyncio.create_task(read()), asyncio.create_task(read()), asyncio.create_task(tidy())]
    for number in range(300, 340):
        await images.write([write(f"n{number:03}", random_unit(number))])
        await images.delete([f"n{number - 300:03}"])
    written.set()
    await asyncio.gather(*others)

    assert await listed(images) == {f"n{number:03}" for number in range(40, 340)}
    await images.close()
