"""Files that take each other's names: a vector follows its content, never a name."""

import os
from pathlib import Path

import pytest

from tests.indexer.conftest import World
from tests.indexer.fake_services import jpeg


def add_dated(world: World, count: int) -> list[Path]:
    """Pictures that differ in colour and time."""
    files = [
        world.add(f"{number:02}.jpg".encode(), jpeg((number * 10, 5, 200 - number * 10))) for number in range(count)
    ]
    for number, file in enumerate(files):
        os.utime(file, ns=(0, (1_600_000_000 + number) * 1_000_000_000))
    return files


def vectors_by_name(world: World) -> dict[bytes, list[float]]:
    return {stored.photo.path: list(stored.values) for stored in world.search.present.values()}


@pytest.mark.parametrize("readers", [1, 4])
async def test_two_files_that_swap_their_names_swap_their_vectors(world: World, readers: int) -> None:
    a, b = add_dated(world, 2)
    await world.index()
    before = vectors_by_name(world)
    a.rename(world.root / "aside")
    b.rename(a)
    (world.root / "aside").rename(b)

    outcome = await world.index(readers=readers)
    again = await world.index()

    assert (outcome.code, outcome.tally.written) == (0, 2)
    assert vectors_by_name(world) == {b"00.jpg": before[b"01.jpg"], b"01.jpg": before[b"00.jpg"]}
    assert again.tally.unchanged == 2


@pytest.mark.parametrize("readers", [1, 4])
async def test_files_that_each_take_the_next_one_s_name_keep_their_vectors(world: World, readers: int) -> None:
    files = add_dated(world, 12)
    await world.index()
    before = vectors_by_name(world)
    for number in reversed(range(12)):
        files[number].rename(world.root / f"{number + 1:02}.jpg")

    outcome = await world.index(readers=readers, prune=True)

    assert (outcome.code, outcome.tally.written, outcome.tally.removed) == (0, 12, 1)
    assert vectors_by_name(world) == {
        f"{number + 1:02}.jpg".encode(): before[f"{number:02}.jpg".encode()] for number in range(12)
    }


async def test_what_can_not_take_over_a_vector_is_embedded(world: World) -> None:
    files = add_dated(world, 20)
    await world.index()
    before = vectors_by_name(world)
    for number, file in enumerate(files):
        os.utime(file, ns=(0, (1_700_000_000 + number) * 1_000_000_000))
    world.embedder.embedded.clear()
    world.search.refuses_copies = True
    world.search.break_after = [3, 0, 5]

    outcome = await world.index()

    assert (outcome.code, outcome.failures.count) == (0, 0)
    assert (outcome.tally.done, outcome.tally.written, outcome.tally.copied) == (20, 20, 0)
    assert len(world.embedder.embedded) == len(set(world.embedder.embedded)) == 20
    assert vectors_by_name(world) == before


async def test_a_file_that_is_gone_when_it_is_read_for_its_own_vector_stops_nothing(world: World) -> None:
    kept, gone = add_dated(world, 2)
    await world.index()
    for file in (kept, gone):
        os.utime(file, ns=(0, 1_700_000_000_000_000_000))
    world.search.refuses_copies = True
    world.search.on_refused_copy = lambda: gone.unlink(missing_ok=True)

    outcome = await world.index(prune=True)

    assert outcome.code == 0
    assert (outcome.tally.done, outcome.tally.written, outcome.tally.vanished) == (2, 1, 1)
    assert (outcome.tally.gone, outcome.tally.removed, outcome.failures.count, world.search.failures) == (1, 1, 0, {})
