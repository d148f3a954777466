"""The next index is built beside the present one and takes its place when it is complete."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.errors import RebuildNotFinished, ServiceUnreachable, SetupTrouble
from tests.indexer.conftest import World, make_unreadable_folder, remember
from tests.indexer.fake_services import MODEL, jpeg

NEW = replace(MODEL, id="new@2", name="new")


def use_new_model(world: World) -> None:
    world.embedder.models = [NEW]
    world.embedder.model_of_vectors = NEW.id
    world.embedder.embedded.clear()


async def test_a_rebuild_replaces_the_index_when_it_is_done(world: World) -> None:
    paths = world.add_photos(6)
    await world.index()
    use_new_model(world)

    outcome = await world.index(rebuild=True)

    assert outcome.code == 0
    assert world.search.model == NEW.id
    assert world.search.paths() == set(paths)
    assert len(world.embedder.embedded) == 6


async def test_an_interrupted_rebuild_goes_on_while_the_present_index_stays(world: World) -> None:
    paths = world.add_photos(20)
    await world.index()
    use_new_model(world)
    world.wait = 0.2
    world.embedder.break_after = [7] + [0] * 100

    with pytest.raises(ServiceUnreachable):
        await world.index(rebuild=True)
    assert world.search.model == MODEL.id
    assert len(world.search.present) == 20
    assert len(world.search.next) == 7

    world.embedder.break_after = []
    outcome = await world.index(rebuild=True)

    assert outcome.tally.unchanged == 7
    assert len(world.embedder.embedded) == 20
    assert (world.search.model, world.search.paths()) == (NEW.id, set(paths))


async def test_the_last_source_ends_the_rebuild(world: World) -> None:
    paths = world.add_photos(3)
    await world.index(source="one")
    await world.index(source="two")
    use_new_model(world)

    with pytest.raises(RebuildNotFinished, match="two"):
        await world.index(source="one", rebuild=True)
    assert world.search.model == MODEL.id

    outcome = await world.index(source="two", rebuild=True)
    assert outcome.code == 0
    assert world.search.paths("one") == world.search.paths("two") == set(paths)


async def test_sources_that_are_missing_are_dropped_on_request(world: World) -> None:
    world.add_photos(3)
    await world.index(source="one")
    await world.index(source="two")
    use_new_model(world)

    await world.index(source="one", rebuild=True, drop_missing_sources=True)

    assert world.search.paths("two") == set()


async def test_a_rebuild_with_a_third_model_needs_a_restart(world: World) -> None:
    world.add_photos(3)
    await world.index()
    use_new_model(world)
    await world.search.begin_rebuild(replace(MODEL, id="third@3"))

    with pytest.raises(RebuildNotFinished, match="--restart-rebuild"):
        await world.index(rebuild=True)

    outcome = await world.index(rebuild=True, restart_rebuild=True)
    assert outcome.code == 0
    assert world.search.model == NEW.id


async def test_a_commit_whose_answer_is_lost_counts(world: World) -> None:
    world.add_photos(3)
    await world.index()
    use_new_model(world)
    world.search.lose_commit_answers = 1

    outcome = await world.index(rebuild=True)

    assert outcome.code == 0
    assert world.search.model == NEW.id


async def test_a_rebuild_does_not_end_with_an_empty_folder(world: World) -> None:
    paths = world.add_photos(3)
    await world.index()
    use_new_model(world)
    for path in paths:
        (world.root / os.fsdecode(path)).unlink()

    with pytest.raises(SetupTrouble):
        await world.index(rebuild=True)

    assert world.search.paths() == set(paths)


async def test_a_rebuild_does_not_drop_photos_of_a_folder_that_can_not_be_read(world: World) -> None:
    paths = world.add_photos(3)
    await world.index()
    unreadable = make_unreadable_folder(world.root)
    remember(world, paths[0], unreadable + b"/kept.jpg")
    use_new_model(world)

    with pytest.raises(RebuildNotFinished, match="can't be read"):
        await world.index(rebuild=True)
    assert len(world.search.present) == 4

    await world.index(rebuild=True, allow_missing=True)
    assert world.search.paths() == set(paths)


async def test_a_rebuild_does_not_drop_photos_of_files_that_can_not_be_read(world: World) -> None:
    paths = world.add_photos(30)
    await world.index()
    for path in paths[:25]:
        world.add(path, b"broken")
    use_new_model(world)

    with pytest.raises(RebuildNotFinished, match=r"even/000\.jpg.*--allow-missing"):
        await world.index(rebuild=True)
    assert (world.search.model, world.search.paths()) == (MODEL.id, set(paths))

    outcome = await world.index(rebuild=True, allow_missing=True)
    assert (outcome.code, world.search.model, world.search.paths()) == (3, NEW.id, set(paths[25:]))


async def test_a_rebuild_of_another_folder_of_the_same_name_does_not_drop_the_first_one_s_photos(
    world: World, tmp_path: Path
) -> None:
    paths = world.add_photos(12)
    await world.index()
    other = replace(world, root=tmp_path / "other" / "photos")
    other.root.mkdir(parents=True)
    other.add(b"another.jpg", jpeg())
    use_new_model(world)

    with pytest.raises(SetupTrouble, match="11 of the 12 photos"):
        await other.index(rebuild=True)

    assert (world.search.model, world.search.paths()) == (MODEL.id, set(paths))


async def test_a_rebuild_ends_although_a_file_fails_that_no_index_ever_had(world: World) -> None:
    paths = world.add_photos(3)
    await world.index()
    world.add(b"never.jpg", b"broken")
    use_new_model(world)

    outcome = await world.index(rebuild=True)

    assert (outcome.code, outcome.reasons) == (3, {"never.jpg": "IMAGE_UNDECODABLE"})
    assert (world.search.model, world.search.paths()) == (NEW.id, set(paths))


async def test_a_rebuild_ends_although_a_file_fails_that_the_next_index_has_already(world: World) -> None:
    paths = world.add_photos(3)
    await world.index(source="one")
    await world.index(source="two")
    use_new_model(world)
    with pytest.raises(RebuildNotFinished):
        await world.index(source="one", rebuild=True)
    world.add(paths[0], b"broken")

    outcome = await world.index(source="one", rebuild=True, drop_missing_sources=True)

    assert (outcome.code, world.search.paths("one")) == (3, set(paths))


async def test_a_photo_that_is_deleted_during_a_rebuild_is_not_in_the_new_index(world: World) -> None:
    paths = world.add_photos(6)
    await world.index(source="one")
    await world.index(source="two")
    use_new_model(world)
    with pytest.raises(RebuildNotFinished):
        await world.index(source="one", rebuild=True)
    (world.root / os.fsdecode(paths[0])).unlink()
    with pytest.raises(RebuildNotFinished):
        await world.index(source="one", rebuild=True)

    await world.index(source="two", rebuild=True)
    await world.index(source="one", prune=True)

    assert world.search.paths("one") == set(paths[1:])
