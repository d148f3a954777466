"""What is gone from a folder leaves the index only when that was asked for and is sure."""

import os

import pytest

from indexer.errors import SetupTrouble
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
