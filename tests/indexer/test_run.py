"""A run over a folder: what is indexed, and what a second run does."""

import os
from datetime import UTC, datetime

from indexer.photo import EXTRACTOR_VERSION, TakenAtSource
from tests.indexer.conftest import World
from tests.indexer.fake_services import jpeg

ODD_NAMES = [
    b"with space.jpg",
    b'quote".jpg',
    b"new\nline.jpg",
    b"not-utf8-\xff\xfe.jpg",
    b"100%.jpg",
    "größe-日本.jpg".encode(),
    b"-dash.jpg",
    b"dir.jpg/inside.jpg",
]


async def test_every_photo_of_a_folder_is_indexed_once(world: World) -> None:
    paths = world.add_photos(30)

    outcome = await world.index()

    assert outcome.code == 0
    assert world.search.paths() == set(paths)
    assert sorted(world.search.writes) == sorted(set(world.search.writes))
    assert (outcome.tally.written, outcome.tally.done, outcome.tally.to_do) == (30, 30, 30)


async def test_a_second_run_reads_and_embeds_nothing(world: World) -> None:
    world.add_photos(20)
    await world.index()
    world.embedder.embedded.clear()
    world.search.writes.clear()

    outcome = await world.index()

    assert outcome.tally.unchanged == 20
    assert (outcome.tally.to_do, world.embedder.embedded, world.search.writes) == (0, [], [])


async def test_names_of_any_bytes_survive(world: World) -> None:
    for number, name in enumerate(ODD_NAMES):
        world.add(name, jpeg((number, 0, 0)))

    first = await world.index()
    second = await world.index()

    assert first.code == 0
    assert world.search.paths() == set(ODD_NAMES)
    assert second.tally.unchanged == len(ODD_NAMES)
    assert (second.tally.gone, second.tally.to_do) == (0, 0)


async def test_a_touched_file_gets_new_facts_but_is_not_embedded_again(world: World) -> None:
    file = world.add(b"a.jpg", jpeg())
    await world.index()
    world.embedder.embedded.clear()
    os.utime(file, ns=(0, 1_600_000_000_123_456_789))

    outcome = await world.index()

    assert world.embedder.embedded == []
    assert outcome.tally.copied == 1
    assert world.search.photo(b"a.jpg").modified_ns == 1_600_000_000_123_456_789


async def test_a_changed_file_is_embedded_again(world: World) -> None:
    world.add(b"a.jpg", jpeg((250, 0, 0)))
    await world.index()
    before = next(iter(world.search.present.values())).values
    file = world.add(b"a.jpg", jpeg((0, 0, 250), size=(40, 40)))
    os.utime(file, ns=(0, 1_700_000_000_000_000_000))

    await world.index()

    assert len(world.search.present) == 1
    assert next(iter(world.search.present.values())).values != before
    assert (world.search.photo(b"a.jpg").width, world.search.photo(b"a.jpg").height) == (40, 40)


async def test_a_moved_file_takes_its_vector_along(world: World) -> None:
    file = world.add(b"old/a.jpg", jpeg())
    await world.index()
    world.embedder.embedded.clear()
    (world.root / "new").mkdir()
    file.rename(world.root / "new" / "b.jpg")

    outcome = await world.index(prune=True)

    assert world.embedder.embedded == []
    assert world.search.paths() == {b"new/b.jpg"}
    assert (outcome.tally.copied, outcome.tally.removed) == (1, 1)


async def test_files_are_read_again_when_an_older_version_wrote_their_facts(world: World) -> None:
    world.add(b"a.jpg", jpeg())
    await world.index()
    stored = next(iter(world.search.present.values()))
    object.__setattr__(stored.photo, "extractor_version", EXTRACTOR_VERSION - 1)
    world.embedder.embedded.clear()

    await world.index()

    assert world.search.photo(b"a.jpg").extractor_version == EXTRACTOR_VERSION
    assert world.embedder.embedded == []


async def test_bad_files_are_reported_and_stop_nothing(world: World) -> None:
    good = world.add_photos(3)
    whole = jpeg(size=(300, 200))
    world.add(b"empty.jpg", b"")
    world.add(b"cut.jpg", whole[: len(whole) // 2])
    world.add(b"text.png", b"this is no picture")
    world.add(b"huge.jpg", jpeg())
    os.truncate(world.root / "huge.jpg", 300 * 1024 * 1024)

    outcome = await world.index()

    assert outcome.code == 3
    assert world.search.paths() == set(good)
    assert outcome.reasons == {
        "cut.jpg": "IMAGE_UNDECODABLE",
        "empty.jpg": "IMAGE_UNDECODABLE",
        "huge.jpg": "IMAGE_TOO_LARGE",
        "text.png": "IMAGE_UNDECODABLE",
    }


async def test_a_photo_counts_by_its_content_where_the_name_does_not_say_what_it_is(world: World) -> None:
    world.add(b"photo.txt", jpeg())
    world.add(b"DSC0001", jpeg((1, 2, 3)))
    world.add(b"png-by-content.jpg", jpeg((3, 2, 1)))
    world.add(b"notes.txt", b"words")
    world.add(b"film.mp4", jpeg((9, 9, 9)))

    outcome = await world.index()

    assert outcome.code == 0
    assert world.search.paths() == {b"photo.txt", b"DSC0001", b"png-by-content.jpg"}
    assert outcome.tally.not_photos == 1
    assert outcome.tally.passed_over == {"videos": 1}


async def test_what_is_sent_is_a_reduced_picture(world: World) -> None:
    world.add(b"a.jpg", jpeg(size=(2000, 1500)))

    await world.index()

    [sent] = world.embedder.sent
    assert len(sent) < (world.root / "a.jpg").stat().st_size
    assert (world.search.photo(b"a.jpg").width, world.search.photo(b"a.jpg").height) == (2000, 1500)


async def test_a_file_without_exif_counts_as_taken_when_it_was_written(world: World) -> None:
    file = world.add(b"a.jpg", jpeg())
    os.utime(file, ns=(0, 1_600_000_000_000_000_000))

    await world.index()

    taken_at = world.search.photo(b"a.jpg").taken_at
    assert taken_at
    assert taken_at.source is TakenAtSource.FILE
    assert taken_at.civil.replace(tzinfo=UTC) == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)


async def test_two_sources_never_share_a_photo(world: World) -> None:
    world.add_photos(4)
    await world.index(source="one")
    world.embedder.embedded.clear()

    await world.index(source="two", prune=True)

    assert world.search.paths("one") == world.search.paths("two")
    assert len(world.search.present) == 8
    assert world.embedder.embedded == []


async def test_a_listing_that_breaks_is_continued(world: World) -> None:
    world.add_photos(20)
    await world.index()
    world.search.break_listing_after = [3, 1, 0]

    outcome = await world.index()

    assert (outcome.tally.unchanged, outcome.tally.gone, outcome.tally.to_do) == (20, 0, 0)
