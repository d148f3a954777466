"""Shards side by side do what one run does."""

import asyncio
import hashlib
import os

import pytest

from indexer.errors import SetupTrouble
from indexer.scope import Shard, parse_shard
from tests.indexer.conftest import World
from tests.indexer.fake_services import MODEL, jpeg
from tests.indexer.test_rebuild import NEW, use_new_model

BOTH = (Shard(0, 2), Shard(1, 2))


def test_a_photo_belongs_to_the_shard_that_the_contract_tells() -> None:
    first_seven = int(hashlib.sha256(b"id-1").hexdigest()[:14], 16)

    assert [shard for shard in range(5) if Shard(shard, 5).holds("id-1")] == [first_seven % 5]


@pytest.mark.parametrize("text", ["", "1", "2/2", "-1/2", "a/b", "1/", "0/0", "1/2/3"])
def test_what_is_no_shard_is_told(text: str) -> None:
    with pytest.raises(SetupTrouble, match="INDEX/COUNT"):
        parse_shard(text)
    assert parse_shard("1/2") == Shard(1, 2)


async def test_two_shards_side_by_side_give_the_same_index_as_one_run(world: World) -> None:
    paths = world.add_photos(30)
    for number in range(6):
        world.add(f"bad{number}.jpg".encode(), b"broken")

    outcomes = await asyncio.gather(*(world.index(shard=shard) for shard in BOTH))
    again = await world.index()

    assert world.search.paths() == set(paths)
    assert sorted(world.search.writes) == sorted(set(world.search.writes))
    assert sum(outcome.tally.written for outcome in outcomes) == 30
    assert all(0 < outcome.tally.written < 30 for outcome in outcomes)
    assert sum(outcome.failures.count for outcome in outcomes) == len(world.search.failures) == 6
    assert (again.tally.unchanged, again.tally.still_failed, again.tally.to_do) == (30, 6, 0)


async def test_a_shard_prunes_its_own_photos_only(world: World) -> None:
    paths = world.add_photos(30)
    await world.index()
    for path in paths[:6]:
        (world.root / os.fsdecode(path)).unlink()

    first, second = [await world.index(shard=shard, prune=True) for shard in BOTH]

    assert first.tally.indexed + second.tally.indexed == 30
    assert first.tally.removed + second.tally.removed == 6
    assert world.search.paths() == set(paths[6:])


async def test_files_that_move_from_one_shard_to_another_are_not_embedded_again(world: World) -> None:
    paths = world.add_photos(20)
    await world.index()
    world.embedder.embedded.clear()
    (world.root / "even").rename(world.root / "moved")

    for shard in BOTH:
        await world.index(shard=shard)
    for shard in BOTH:
        await world.index(shard=shard, prune=True, allow_missing=True)

    assert world.embedder.embedded == []
    assert world.search.paths() == {path.replace(b"even/", b"moved/") for path in paths}


async def test_shards_of_another_folder_of_the_same_name_prune_nothing(world: World) -> None:
    paths = world.add_photos(24)
    await world.index()
    for path in paths:
        (world.root / os.fsdecode(path)).unlink()
    for number in range(8):
        world.add(f"another{number}.jpg".encode(), jpeg((number, 2, 3)))

    for shard in BOTH:
        with pytest.raises(SetupTrouble, match="--allow-missing"):
            await world.index(shard=shard, prune=True)

    assert set(paths) < world.search.paths()


async def test_the_most_of_a_shard_is_not_pruned_place_by_place_either(world: World) -> None:
    paths = world.add_photos(80)
    await world.index()
    for path in paths[4:]:
        (world.root / os.fsdecode(path)).unlink()

    with pytest.raises(SetupTrouble, match="of the 20 photos that the index holds of this shard of the source photos"):
        await world.index(shard=Shard(0, 4), prefixes=("even/", "odd/"), prune=True)

    assert world.search.paths() == set(paths)


async def test_a_few_of_a_shard_are_pruned_place_by_place(world: World) -> None:
    paths = world.add_photos(80)
    await world.index()
    for path in paths[:16]:
        (world.root / os.fsdecode(path)).unlink()

    for index in range(4):
        await world.index(shard=Shard(index, 4), prefixes=("even/", "odd/"), prune=True)

    assert world.search.paths() == set(paths[16:])


async def test_shards_fill_the_next_index_and_one_run_puts_it_in_place(world: World) -> None:
    paths = world.add_photos(20)
    await world.index()
    use_new_model(world)

    outcomes = await asyncio.gather(*(world.index(shard=shard, rebuild=True) for shard in BOTH))
    before = world.search.model
    last = await world.index(rebuild=True)

    assert [outcome.code for outcome in outcomes] == [0, 0]
    assert "no --shard" in outcomes[0].said[-1]
    assert (before, world.search.model) == (MODEL.id, NEW.id)
    assert (last.tally.unchanged, world.search.paths()) == (20, set(paths))
    assert len(world.embedder.embedded) == 20


async def test_a_shard_can_not_drop_what_the_others_write(world: World) -> None:
    with pytest.raises(SetupTrouble, match="--restart-rebuild"):
        await world.index(shard=BOTH[0], rebuild=True, restart_rebuild=True)


async def test_two_runs_over_the_same_folder_at_once_do_no_harm(world: World) -> None:
    paths = world.add_photos(30)
    world.add(b"bad.jpg", b"broken")

    await asyncio.gather(world.index(prune=True), world.index(prune=True))
    again = await world.index()

    assert world.search.paths() == set(paths)
    assert (again.tally.unchanged, again.tally.gone, again.tally.still_failed) == (30, 0, 1)
