"""Where thumbnails may be written, and what becomes of those that can't be."""

import io
import json
import os
from pathlib import Path

import pytest
from PIL import Image

from indexer.apart import check_apart
from indexer.errors import SetupTrouble
from indexer.failure_lines import FailureLines
from indexer.options import Options
from indexer.progress import summary
from indexer.report import JsonReport
from indexer.round import Round
from indexer.thumbnails import ThumbnailWriter
from tests.indexer.conftest import World
from tests.indexer.fake_services import MODEL, jpeg


@pytest.mark.parametrize("place", ["photos", "photos/.thumbnails/not made yet", "link", "link/x", "photos/../photos/y"])
async def test_thumbnails_are_not_written_where_photos_are_looked_for(world: World, place: str) -> None:
    world.add_photos(1)
    (world.root.parent / "link").symlink_to("photos")

    with pytest.raises(SetupTrouble, match=r"would be indexed as photos\. Name a place outside of it for --thumbnails"):
        await world.index(thumbnails=os.fspath(world.root.parent / place))

    assert sorted(entry.name for entry in world.root.iterdir()) == ["even"]
    assert world.search.paths() == set()


async def test_a_root_that_is_a_link_is_known_by_where_it_leads(world: World) -> None:
    world.add_photos(1)
    (world.root.parent / "link").symlink_to("photos")

    with pytest.raises(SetupTrouble, match="--thumbnails"):
        await world.index(folder=world.root.parent / "link", thumbnails=os.fspath(world.root / "x"))


@pytest.mark.parametrize("place", ["photos of others", "thumbnails"])
async def test_thumbnails_are_written_beside_the_photos(world: World, place: str) -> None:
    world.add_photos(1)

    await world.index(thumbnails=os.fspath(world.root.parent / place))

    assert [path.is_file() for path in (world.root.parent / place).glob("1/400/*/*")] == [True]


async def test_a_place_that_can_not_be_used_ends_a_rebuild_before_it_drops_anything(world: World) -> None:
    world.add_photos(1)
    await world.index()
    await world.search.begin_rebuild(MODEL)
    world.search.next = dict(world.search.present)
    (world.root.parent / "file").write_bytes(b"")

    with pytest.raises(SetupTrouble, match="Name another place for --thumbnails"):
        await world.index(rebuild=True, restart_rebuild=True, thumbnails=os.fspath(world.root.parent / "file" / "x"))

    assert world.search.next == world.search.present


async def test_a_home_that_nobody_has_is_no_place_for_thumbnails(world: World) -> None:
    with pytest.raises(SetupTrouble, match="Name another place for --thumbnails"):
        await world.index(thumbnails="~nobody-of-this-name/thumbnails")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A place that is down: a file that `mend` removes is where a folder must be."""
    place = tmp_path / "thumbnails"
    place.mkdir()
    (place / "1").write_bytes(b"")
    return place


def mend(place: Path) -> None:
    (place / "1").unlink()


async def test_thumbnails_that_can_not_be_written_cost_no_photo_and_are_told_once_and_counted(
    world: World, place: Path
) -> None:
    paths = world.add_photos(30)

    outcome = await world.index(thumbnails=os.fspath(place))

    assert (outcome.code, world.search.paths()) == (0, set(paths))
    assert outcome.tally.thumbnails_unwritten == 30
    [said] = [line for line in outcome.said if line.startswith(f"Thumbnails can't be written to {place} (")]
    assert "left alone for 60 s" in said
    assert "30 embedded and written, 0 unchanged, 30 thumbnails not written; 1 s." in summary(
        outcome.tally, outcome.failures, 1.0
    ).replace(" (30.0/s)", "")


async def test_a_place_that_goes_away_between_the_rounds_of_a_watch_costs_no_photo_and_is_told_once(
    world: World, tmp_path: Path
) -> None:
    place, output = tmp_path / "thumbnails", io.StringIO()
    writer = ThumbnailWriter.telling(os.fspath(place), JsonReport(output).warn)
    options = Options(folder=world.root, source="photos", readers=2, watch=True, thumbnails=os.fspath(place))
    index = Round(options, world.embedder, world.search, JsonReport(output), FailureLines(None), writer).go

    paths = world.add_photos(2)
    await index()
    assert len([path for path in place.glob("1/400/*/*") if path.is_file()]) == 2
    place.rename(tmp_path / "away")
    place.write_bytes(b"")
    paths += [world.add(b"later.jpg", jpeg((1, 2, 3))).name.encode()]
    await index(("later.jpg",))
    paths += [world.add(b"later still.jpg", jpeg((4, 5, 6))).name.encode()]
    await index(("later still.jpg",))

    assert world.search.paths() == set(paths)
    events = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [event["event"] for event in events].count("warning") == 1
    assert [event["thumbnails_unwritten"] for event in events if event["event"] == "summary"] == [0, 1, 1]


@pytest.mark.parametrize("pause", [0.0, 60.0])
def test_a_place_that_is_down_is_left_alone_for_a_while(place: Path, pause: float) -> None:
    told: list[str] = []
    writer = ThumbnailWriter(os.fspath(place), told.append, pause_seconds=pause)
    writer.open()
    picture = Image.new("RGB", (8, 8))

    writer.write("a" * 64, picture)
    mend(place)
    writer.write("b" * 64, picture)

    assert len(told) == 1
    assert (writer.unwritten, (place / "1").exists()) == ((2, False) if pause else (1, True))


class Unencodable(Image.Image):
    """A picture that no thumbnail can be made of."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def copy(self) -> Image.Image:
        raise self._error


@pytest.mark.parametrize("error", [OSError("encoder error -2"), MemoryError(), ValueError("No.")])
def test_a_picture_that_can_not_be_encoded_costs_only_its_own_thumbnail(tmp_path: Path, error: Exception) -> None:
    told: list[str] = []
    writer = ThumbnailWriter(os.fspath(tmp_path), told.append)
    writer.open()

    writer.write("a" * 64, Unencodable(error))
    writer.write("b" * 64, Image.new("RGB", (8, 8)))

    assert (told, writer.unwritten) == ([], 1)
    assert len([path for path in tmp_path.glob("1/400/*/*") if path.is_file()]) == 1


@pytest.mark.parametrize(
    ("thumbnails", "photos"),
    [
        ("s3://bucket/Photos", "s3://bucket/Photos/"),
        ("s3://bucket/Photos/small", "s3://bucket/Photos"),
        ("s3://bucket/small", "s3://bucket"),
        ("S3://bucket//My%20photos/x", "s3://bucket/My photos"),
    ],
)
def test_a_place_in_an_object_store_lies_in_another_by_its_address(thumbnails: str, photos: str) -> None:
    with pytest.raises(SetupTrouble, match=f"{thumbnails} lies in {photos}"):
        check_apart(photos, thumbnails)


@pytest.mark.parametrize(
    ("thumbnails", "photos"),
    [
        ("s3://bucket/Photos small", "s3://bucket/Photos"),
        ("s3://bucket/", "s3://bucket/Photos"),
        ("s3://bucket2/x", "s3://bucket"),
        ("gs://bucket/x", "s3://bucket"),
        ("s3://bucket/x", Path("/")),
        ("/x", "s3://bucket"),
        ("s3://[no-url", "s3://bucket"),
        ("", Path("/")),
    ],
)
def test_other_places_are_apart(thumbnails: str, photos: Path | str) -> None:
    check_apart(photos, thumbnails)
