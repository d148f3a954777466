"""A dry run tells what a run would do, and does none of it."""

import os

import pytest

from indexer.dry_run import DryRun
from indexer.errors import SetupTrouble
from indexer.options import Options
from indexer.patience import Patience
from indexer.selection import IGNORE_FILE
from indexer.services import Services
from indexer.tally import Failures, Tally
from tests.indexer.conftest import SlowFolder, World
from tests.indexer.fake_services import jpeg


async def preview(world: World, **options: object) -> tuple[list[tuple[str, str]], Tally]:
    told: list[tuple[str, str]] = []
    tally = Tally()
    services = Services(world.embedder, world.search, lambda name: Patience(world.wait, name, lambda _: None))
    asked = Options(world.root, "photos", dry_run=True, **options)  # type: ignore[arg-type]
    with Failures("photos") as failures:
        tell = lambda what, path: told.append((what, path))  # noqa: E731
        assert await DryRun(asked, services, tally, failures, tell).run() == 0
    return told, tally


async def test_what_is_new_changed_and_gone_is_told_and_nothing_is_done(world: World) -> None:
    paths = world.add_photos(4)
    world.add(b"bad.jpg", b"broken")
    await world.index()
    before = dict(world.search.present)
    world.add(b"new %.jpg", jpeg((1, 2, 3)))
    world.add(paths[0], jpeg((9, 9, 9)) + b"more")
    (world.root / os.fsdecode(paths[1])).unlink()
    embedded = len(world.embedder.embedded)

    told, tally = await preview(world)

    assert sorted(told) == [
        ("changed", paths[0].decode()),
        ("gone", paths[1].decode()),
        ("new", "new %25.jpg"),
    ]
    assert (tally.to_do, tally.unchanged, tally.gone, tally.still_failed) == (2, 2, 1, 1)
    assert world.search.present == before
    assert len(world.embedder.embedded) == embedded


async def test_a_folder_that_was_never_indexed_is_all_new(world: World) -> None:
    paths = world.add_photos(3)

    told, _ = await preview(world)

    assert sorted(told) == sorted(("new", path.decode()) for path in paths)
    assert not world.search.present


async def test_a_disk_that_does_not_answer_does_not_hold_the_event_loop_up(world: World) -> None:
    world.add_photos(1)
    world.root = folder = SlowFolder(world.root)
    folder.answer_soon()

    told, _ = await preview(world)

    assert told == [("new", "even/000.jpg")]


async def test_a_root_that_can_not_be_read_has_no_preview(world: World) -> None:
    world.add_photos(1)
    world.add(IGNORE_FILE, b"!\n")

    with pytest.raises(SetupTrouble, match="is no pattern"):
        await preview(world)


async def test_a_rebuild_has_no_preview(world: World) -> None:
    with pytest.raises(SetupTrouble, match="Rebuild first"):
        await preview(world, rebuild=True)
