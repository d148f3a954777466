"""A folder that is watched is indexed as it changes."""

import asyncio
import io
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from indexer.errors import FolderAway, ModelMismatch, ServiceUnreachable, SetupTrouble
from indexer.report import JsonReport
from indexer.selection import IGNORE_FILE, Selection
from indexer.watch import watch
from tests.indexer.conftest import World
from tests.indexer.fake_services import jpeg

Index = Callable[[tuple[str, ...]], Awaitable[int]]


@asynccontextmanager
async def watched(
    world: World, index: Index | None = None, output: io.StringIO | None = None
) -> AsyncIterator[list[tuple[str, ...]]]:
    """A watch over the world's folder, begun; the places of each pass."""
    passes: list[tuple[str, ...]] = []

    async def go(prefixes: tuple[str, ...]) -> int:
        passes.append(prefixes)
        return (await world.index(prefixes=prefixes, prune=True)).code

    report = JsonReport(output or io.StringIO())
    watching = asyncio.ensure_future(watch(world.root, Selection(), index or go, report, retry_seconds=0.3))
    try:
        await until(lambda: watching.done() or bool(passes) or index is not None)
        yield passes
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.02)


async def test_what_is_added_changed_moved_and_removed_is_indexed_as_it_happens(world: World) -> None:
    paths = world.add_photos(12)
    async with watched(world) as passes:
        await until(lambda: world.search.paths() == set(paths))
        seen = len(world.embedder.embedded)

        world.add(b"new folder/a.jpg", jpeg((1, 2, 3)))
        await until(lambda: b"new folder/a.jpg" in world.search.paths())
        shutil.move(world.root / "even", world.root / "moved")
        moved = {path.replace(b"even/", b"moved/") for path in paths}
        await until(lambda: world.search.paths() == {*moved, b"new folder/a.jpg"})
        (world.root / "moved" / "000.jpg").unlink()
        await until(lambda: b"moved/000.jpg" not in world.search.paths())

    assert len(world.embedder.embedded) == seen + 1
    assert passes[0] == ("",)
    assert ("",) not in passes[1:]


async def test_an_ignore_file_that_comes_or_goes_counts_for_its_folder(world: World) -> None:
    paths = set(world.add_photos(24))
    async with watched(world):
        await until(lambda: world.search.paths() == paths)
        world.add(b"even/" + IGNORE_FILE, b"00*\n")
        await until(lambda: world.search.paths() == {path for path in paths if not path.startswith(b"even/00")})
        (world.root / "even" / os.fsdecode(IGNORE_FILE)).unlink()
        await until(lambda: world.search.paths() == paths)


async def test_names_that_are_not_utf_8_are_found_too(world: World) -> None:
    paths = {b"\xff\xfe.jpg", b"\xfc\xff/a.jpg", b"later.jpg"}
    async with watched(world):
        for number, path in enumerate(sorted(paths)):
            world.add(path, jpeg((number, 1, 1)))
            await until(lambda: path in world.search.paths())  # noqa: B023

    assert world.search.paths() == paths


async def test_what_is_hidden_starts_no_pass(world: World) -> None:
    world.add_photos(1)
    async with watched(world) as passes:
        world.add(b".cache/a.jpg", jpeg((1, 1, 1)))
        world.add(b"later.jpg", jpeg((2, 2, 2)))
        await until(lambda: b"later.jpg" in world.search.paths())

    assert passes == [("",), ("later.jpg",)]


@pytest.mark.parametrize("trouble", [ServiceUnreachable("It is away."), FolderAway("The disk is away.")])
async def test_after_any_trouble_everything_is_looked_at_again_after_pauses_that_grow(
    world: World, trouble: Exception
) -> None:
    tried: list[tuple[str, ...]] = []
    times: list[float] = []
    output = io.StringIO()

    async def index(prefixes: tuple[str, ...]) -> int:
        tried.append(prefixes)
        times.append(time.monotonic())
        if len(tried) in {2, 3, 5}:
            raise trouble
        return 0

    async with watched(world, index, output):
        await until(lambda: len(tried) == 1)
        world.add(b"a.jpg", b"")
        await until(lambda: len(tried) == 4)
        world.add(b"b.jpg", b"")
        await until(lambda: len(tried) == 6)

    assert tried == [("",), ("a.jpg",), ("",), ("",), ("b.jpg",), ("",)]
    assert times[2] - times[1] >= 0.3
    assert times[3] - times[2] >= 0.6
    pauses = re.findall(rf"{trouble} Everything is looked at again in (.*?) s\.", output.getvalue())
    assert pauses == ["0.3", "0.6", "0.3"]


async def test_a_refusal_to_prune_is_told_once_and_holds_nothing_up(world: World) -> None:
    paths = world.add_photos(24)
    output = io.StringIO()

    def warnings() -> int:
        return output.getvalue().count('"warning"')

    async with watched(world, output=output) as passes:
        await until(lambda: world.search.paths() == set(paths))
        for path in paths[:20]:
            (world.root / os.fsdecode(path)).rename(world.root.with_name(f"kept {path.decode().replace('/', ' ')}"))
        await until(lambda: warnings() > 0)
        seen = len(passes)
        await asyncio.sleep(1)  # longer than the pauses of a service that is away
        assert len(passes) == seen

        for name in (b"b.jpg", b"c.jpg"):
            seen = len(passes)
            world.add(name, jpeg((7, 7, name[0])))
            await until(lambda: name in world.search.paths() and ("",) in passes[seen:])  # noqa: B023
        for path in paths[:20]:
            world.root.with_name(f"kept {path.decode().replace('/', ' ')}").rename(world.root / os.fsdecode(path))
        await until(lambda: passes[-1] == ("",))
        seen = len(passes)
        world.add(b"later.jpg", jpeg((1, 2, 3)))
        await until(lambda: b"later.jpg" in world.search.paths())
        await until(lambda: len(passes) > seen)

    assert world.search.paths() == {*paths, b"b.jpg", b"c.jpg", b"later.jpg"}
    assert warnings() == 1
    assert "20 of the 24 photos" in output.getvalue()
    assert "Watching goes on; everything is looked at again after the next change." in output.getvalue()


async def test_an_ignore_file_that_holds_no_pattern_holds_up_its_folder_only_until_it_is_mended(world: World) -> None:
    paths = set(world.add_photos(4))
    async with watched(world) as passes:
        await until(lambda: world.search.paths() == paths)
        ignore_file = world.add(b"even/" + IGNORE_FILE, b"!\n")
        world.add(b"even/new.jpg", jpeg((1, 2, 4)))
        world.add(b"odd/new.jpg", jpeg((1, 2, 3)))
        await until(lambda: b"odd/new.jpg" in world.search.paths() and len(passes) > 1)
        assert world.search.paths() == {*paths, b"odd/new.jpg"}
        ignore_file.write_bytes(b"000*\n")
        await until(lambda: world.search.paths() == {*paths, b"odd/new.jpg", b"even/new.jpg"} - {b"even/000.jpg"})


async def test_a_folder_that_was_away_is_followed_again(world: World) -> None:
    paths = set(world.add_photos(2))
    output = io.StringIO()
    async with watched(world, output=output):
        await until(lambda: world.search.paths() == paths)
        world.root.rename(world.root.with_name("away"))
        await until(lambda: "There is no folder" in output.getvalue())
        world.root.with_name("away").rename(world.root)
        await until(lambda: output.getvalue().count("Watching for changes") == 2)
        world.add(b"later.jpg", jpeg((1, 2, 3)))
        await until(lambda: b"later.jpg" in world.search.paths())


@pytest.mark.parametrize("error", [ServiceUnreachable("Away."), SetupTrouble("No."), ModelMismatch("Another.")])
async def test_a_first_pass_that_fails_ends_it(world: World, error: Exception) -> None:
    async def index(_: tuple[str, ...]) -> int:
        raise error

    with pytest.raises(type(error)):
        await watch(world.root, Selection(), index, JsonReport(io.StringIO()))


async def test_a_folder_that_is_not_there_can_not_be_watched(tmp_path: Path) -> None:
    async def index(_: tuple[str, ...]) -> int:
        return 0

    with pytest.raises(SetupTrouble, match="can't be watched"):
        await watch(tmp_path / "no", Selection(), index, JsonReport(io.StringIO()))
