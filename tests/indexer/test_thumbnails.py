"""Where thumbnails may be written, and what becomes of those that can't be."""

import os
from pathlib import Path

import pytest

from indexer.apart import check_apart
from indexer.errors import SetupTrouble
from tests.indexer.conftest import World
from tests.indexer.fake_services import MODEL


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
