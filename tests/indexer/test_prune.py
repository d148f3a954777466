"""What is gone from a folder leaves the index only when that was asked for and is sure."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import SetupTrouble
from indexer.selection import IGNORE_FILE
from tests.indexer.conftest import World, make_unreadable_folder, remember
from tests.indexer.fake_services import jpeg


async def test_without_prune_what_is_gone_is_counted_and_stays(world: World) -> None:
    paths = world.add_photos(6)
    await world.index()
    (world.root / os.fsdecode(paths[0])).unlink()

    outcome = await world.index()

    assert (outcome.tally.gone, outcome.tally.removed) == (1, 0)
    assert len(world.search.present) == 6


async def test_prune_removes_what_is_gone_from_this_source_only(world: World) -> None:
    paths = world.add_photos(6)
    await world.index(source="other")
    await world.index()
    for path in paths[:2]:
        (world.root / os.fsdecode(path)).unlink()

    outcome = await world.index(prune=True)

    assert outcome.tally.removed == 2
    assert world.search.paths() == set(paths[2:])
    assert world.search.paths("other") == set(paths)


async def test_an_empty_folder_prunes_nothing_unless_it_is_said_to_be_right(world: World) -> None:
    paths = world.add_photos(4)
    await world.index()
    for path in paths:
        (world.root / os.fsdecode(path)).unlink()

    with pytest.raises(SetupTrouble, match="disk is mounted"):
        await world.index(prune=True)
    assert world.search.paths() == set(paths)

    outcome = await world.index(prune=True, allow_missing=True)
    assert outcome.tally.removed == 4
    assert world.search.present == {}


async def test_another_folder_of_the_same_name_does_not_prune_the_first_one_s_photos(
    world: World, tmp_path: Path
) -> None:
    paths = world.add_photos(12)
    await world.index()
    other = replace(world, root=tmp_path / "other" / "photos")
    other.root.mkdir(parents=True)
    other.add(b"another.jpg", jpeg((1, 2, 3)))

    with pytest.raises(SetupTrouble, match=r"12 of the 12 photos .* --source.* --allow-missing"):
        await other.index(prune=True)

    assert world.search.paths() == {*paths, b"another.jpg"}


@pytest.mark.parametrize(("count", "gone"), [(22, 11), (11, 10)])
async def test_half_of_the_photos_or_a_few_may_be_gone(world: World, count: int, gone: int) -> None:
    paths = world.add_photos(count)
    await world.index()
    for path in paths[:gone]:
        (world.root / os.fsdecode(path)).unlink()

    outcome = await world.index(prune=True)

    assert outcome.tally.removed == gone
    assert world.search.paths() == set(paths[gone:])


async def test_most_photos_are_pruned_if_that_is_said_to_be_right(world: World) -> None:
    paths = world.add_photos(24)
    await world.index()
    for path in paths[1:]:
        (world.root / os.fsdecode(path)).unlink()

    with pytest.raises(SetupTrouble, match="23 of the 24"):
        await world.index(prune=True)
    outcome = await world.index(prune=True, allow_missing=True)

    assert outcome.tally.removed == 23
    assert world.search.paths() == {paths[0]}


async def test_a_missing_folder_prunes_nothing(world: World) -> None:
    paths = world.add_photos(2)
    await world.index()
    world.root.rename(world.root.with_name("elsewhere"))

    with pytest.raises(SetupTrouble, match="There is no folder"):
        await world.index(prune=True)

    assert world.search.paths() == set(paths)


async def test_a_file_that_is_no_photo_any_more_is_pruned(world: World) -> None:
    file = world.add(b"a.dat", jpeg())
    world.add(b"b.jpg", jpeg())
    await world.index()
    file.write_bytes(b"words, and more of them")

    await world.index(prune=True)

    assert world.search.paths() == {b"b.jpg"}


async def test_a_photo_that_broke_keeps_what_the_index_has_of_it(world: World) -> None:
    file = world.add(b"a.jpg", jpeg())
    await world.index()
    file.write_bytes(b"broken")

    outcome = await world.index(prune=True)

    assert outcome.code == 3
    assert world.search.paths() == {b"a.jpg"}


@pytest.mark.parametrize("options", [{}, {"prune": True, "allow_missing": True}, {"prefixes": ("even/",)}])
async def test_a_root_whose_ignore_file_can_not_be_read_ends_the_run_and_says_so(
    world: World, options: dict[str, Any]
) -> None:
    paths = world.add_photos(4)
    await world.index()
    world.add(IGNORE_FILE, b"#" * (1024 * 1024 + 1))

    with pytest.raises(
        SetupTrouble, match=rf"{world.root} can't be read: Its {IGNORE_FILE.decode()}.* more than 1 MiB"
    ):
        await world.index(**options)

    assert world.search.paths() == set(paths)


async def test_what_lies_in_a_folder_that_can_not_be_read_is_not_gone(world: World) -> None:
    paths = world.add_photos(4)
    await world.index()
    (world.root / os.fsdecode(paths[0])).unlink()
    unreadable = make_unreadable_folder(world.root)
    remember(world, paths[1], unreadable + b"/kept.jpg")

    outcome = await world.index(prune=True)

    assert outcome.code == 3
    assert list(outcome.reasons.values()) == ["FOLDER_UNREADABLE"]
    assert world.search.paths() == {*paths[1:], unreadable + b"/kept.jpg"}
