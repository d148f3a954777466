from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from search_service.errors import (
    ContentReplaced,
    ImageNotFound,
    IndexMissing,
    InvalidEmbedding,
    ModelMismatch,
    RebuildNotFound,
)
from search_service.images import (
    CopyOf,
    Embedding,
    Filter,
    FingerprintFilter,
    Images,
    IndexState,
    ListOrder,
    Model,
    Window,
    Write,
)
from search_service.photo_facts import Camera, Location, TakenAtSource
from tests.search_service.contract.conftest import Reopen
from tests.search_service.photos import DIMENSIONS, MODEL, civil, photo, random_unit, unit, write

WINDOW = Window(1_000, 10_000)


async def test_before_the_first_write_the_index_is_missing(images: Images) -> None:
    info = await images.describe()

    assert info.state is IndexState.MISSING
    assert (info.model, info.image_count, info.sources, info.rebuild) == (None, 0, {}, None)
    for attempt in (
        images.model(),
        images.vectors(["a"]),
        images.list_page(ListOrder.SAMPLE, keep=Filter(), after=None, limit=1),
        images.search(unit(1), keep=Filter(), excluded_ids=[], window=WINDOW, offset=0, limit=1),
    ):
        with pytest.raises(IndexMissing):
            await attempt
    assert await images.get(["a"]) == {}
    assert await images.delete(["a"]) == 0
    assert [batch async for batch in images.fingerprints(FingerprintFilter(source="photos"))] == []


async def test_the_first_vector_decides_the_model(images: Images) -> None:
    assert await images.write([write("a")]) == [None]

    info = await images.describe()
    assert (info.state, info.image_count, info.sources) == (IndexState.READY, 1, {"photos": 1})
    assert info.model == await images.model() == Model(MODEL, DIMENSIONS)


async def test_every_fact_comes_back_as_it_was_written(images: Images) -> None:
    image = photo(
        "full",
        source="a source with ' and \"",
        relative_path="été/100%25/it's\\a %5Cn_%.jpg",
        size_bytes=2**40,
        modified_at_ns=1_700_000_000_123_456_789,
        media_type="image/jpeg",
        width=6000,
        height=4000,
        taken_at=civil("2024-07-01T12:30:00.250000"),
        utc_offset=timedelta(hours=5, minutes=30),
        taken_at_source=TakenAtSource.EXIF,
        location=Location(-90.0, 180.0),
        camera=Camera("FUJIFILM", "", "XF23mmF2 R WR"),
        title="Été",
        caption="Two lines:\n'quoted'",
        keywords=("sea", "a, b", "été"),
        rating=-1,
        altitude_meters=-418.5,
        perceptual_hash=2**64 - 3,
        extractor_version=3,
    )
    before = datetime.now(UTC).replace(microsecond=0)
    await images.write([write(image)])

    found = (await images.get(["full"]))["full"]

    assert found.indexed_at is not None
    assert before <= found.indexed_at <= datetime.now(UTC)
    for field in type(image).__dataclass_fields__.keys() - {"indexed_at"}:
        assert getattr(found, field) == getattr(image, field), field


@pytest.mark.parametrize("taken_at", ["0001-01-01T00:00:00", "1969-12-31T23:59:59.999999", "9999-12-31T23:59:59"])
@pytest.mark.parametrize("modified_at_ns", [-1, 0, 253_402_300_799_999_999_999])
async def test_times_far_from_now_are_kept(images: Images, taken_at: str, modified_at_ns: int) -> None:
    image = photo("a", taken_at=civil(taken_at), modified_at_ns=modified_at_ns)
    await images.write([write(image)])

    found = (await images.get(["a"]))["a"]

    assert (found.taken_at, found.modified_at_ns) == (image.taken_at, modified_at_ns)


async def test_what_is_absent_stays_absent(images: Images) -> None:
    await images.write([write(photo("a"))])

    found = (await images.get(["a", "b"]))["a"]

    assert (found.taken_at, found.utc_offset, found.location, found.camera, found.modified_at_ns) == (None,) * 5
    assert (found.title, found.caption, found.keywords) == ("", "", ())
    assert (found.rating, found.altitude_meters, found.perceptual_hash) == (None,) * 3


async def test_zeros_are_kept_apart_from_what_is_absent(images: Images) -> None:
    await images.write([write(photo("a", rating=0, altitude_meters=0.0, perceptual_hash=0))])

    found = (await images.get(["a"]))["a"]

    assert (found.rating, found.altitude_meters, found.perceptual_hash) == (0, 0.0, 0)


async def test_writing_again_replaces(images: Images) -> None:
    await images.write([write(photo("a", width=1)), write("b")])
    await images.write([write(photo("a", width=2), unit(0, 1))])

    assert (await images.get(["a"]))["a"].width == 2
    assert (await images.describe()).image_count == 2
    np.testing.assert_allclose((await images.vectors(["a"]))["a"], unit(0, 1), atol=1e-6)


async def test_the_same_photo_twice_in_a_batch_is_stored_once_as_written_last(images: Images) -> None:
    answers = await images.write([write(photo("a", width=1)), write("b"), write(photo("a", width=2))])

    assert answers == [None, None, None]
    assert (await images.describe()).image_count == 2
    assert (await images.get(["a"]))["a"].width == 2


async def test_a_bad_vector_fails_alone(images: Images) -> None:
    not_a_number, too_long = unit(1), unit(1) * 1.01
    not_a_number[0] = np.nan
    bad = [
        write("nan", not_a_number),
        write("infinite", np.full(DIMENSIONS, np.inf, dtype=np.float32)),
        write("long", np.asarray(too_long, dtype=np.float32)),
        write("zero", np.zeros(DIMENSIONS, dtype=np.float32)),
        write("empty", np.zeros(0, dtype=np.float32)),
        write("short", np.ones(1, dtype=np.float32)),
        write("other", model="other@1"),
        Write(photo("copy"), CopyOf("unknown")),
    ]

    answers = await images.write([write("first"), *bad, write("last")])

    assert answers[0] is None
    assert answers[-1] is None
    kinds = [*[InvalidEmbedding] * 6, ModelMismatch, ImageNotFound]
    assert [type(answer) for answer in answers[1:-1]] == kinds
    mismatch = answers[7]
    assert isinstance(mismatch, ModelMismatch)
    assert mismatch.metadata == {"expected": MODEL, "actual": "other@1"}
    assert (await images.describe()).image_count == 2


async def test_bad_vectors_alone_make_no_index(images: Images) -> None:
    answers = await images.write(
        [write("a", np.zeros(3, dtype=np.float32)), Write(photo("b"), CopyOf("a")), write("c", model="")]
    )

    assert all(answers)
    assert (await images.describe()).state is IndexState.MISSING


async def test_a_vector_nearly_of_unit_length_is_stored_with_that_length(images: Images) -> None:
    await images.write([write("a", np.asarray(unit(1, 1) * 1.0009, dtype=np.float32))])

    assert np.linalg.norm((await images.vectors(["a"]))["a"]) == pytest.approx(1, abs=1e-6)


async def test_a_moved_file_copies_the_vector_stored_or_earlier_in_the_batch(images: Images) -> None:
    old, new = photo("old").content_sha256, photo("new").content_sha256
    await images.write([write("old", unit(1, 2))])

    answers = await images.write(
        [
            Write(photo("moved", content_sha256=old), CopyOf("old")),
            Write(photo("moved again", content_sha256=old), CopyOf("moved")),
            write("new", unit(3)),
            Write(photo("copy", content_sha256=new), CopyOf("new")),
            Write(photo("too early", content_sha256=photo("later").content_sha256), CopyOf("later")),
            write("later"),
        ]
    )

    assert [type(answer) for answer in answers] == [type(None)] * 4 + [ImageNotFound, type(None)]
    vectors = await images.vectors(["moved", "moved again", "copy"])
    np.testing.assert_allclose(vectors["moved"], unit(1, 2), atol=1e-6)
    np.testing.assert_allclose(vectors["moved again"], unit(1, 2), atol=1e-6)
    np.testing.assert_allclose(vectors["copy"], unit(3), atol=1e-6)


async def test_a_vector_is_copied_only_for_the_content_that_it_is_of(images: Images) -> None:
    """Three files that exchanged their names: only the first copy still finds the content that was seen."""
    first, second, third = (photo(name).content_sha256 for name in "abc")
    await images.write([write("a", unit(1)), write("b", unit(0, 1)), write("c", unit(0, 0, 1))])

    in_one = [
        Write(photo("a", content_sha256=second), CopyOf("b")),
        Write(photo("b", content_sha256=first), CopyOf("a")),
    ]
    answers = await images.write(in_one)
    later = await images.write([Write(photo("c", content_sha256=first), CopyOf("a"))])

    assert [type(answer) for answer in answers + later] == [type(None), ContentReplaced, ContentReplaced]
    assert answers[1] is not None
    assert (answers[1].reason, answers[1].metadata) == ("IMAGE_NOT_FOUND", {"image_id": "a"})
    found = await images.get(["a", "b", "c"])
    assert [found[name].content_sha256 for name in "abc"] == [second, second, third]
    vectors = await images.vectors(["a", "b", "c"])
    for name, vector in (("a", unit(0, 1)), ("b", unit(0, 1)), ("c", unit(0, 0, 1))):
        np.testing.assert_allclose(vectors[name], vector, atol=1e-6)


async def test_a_photo_whose_content_nobody_knows_is_not_copied(images: Images) -> None:
    await images.write([write(photo("a", content_sha256=""))])

    (answer,) = await images.write([Write(photo("b", content_sha256=""), CopyOf("a"))])

    assert isinstance(answer, ContentReplaced)


async def test_deleting_counts_what_was_there(images: Images) -> None:
    await images.write([write(name) for name in ("a", "b", "it's")])

    assert await images.delete(["a", "it's", "unknown"]) == 2
    assert await images.delete(["a"]) == 0
    assert set(await images.get(["a", "b", "it's"])) == {"b"}
    assert (await images.describe()).image_count == 1


async def test_an_index_whose_photos_are_all_deleted_keeps_its_model(images: Images) -> None:
    await images.write([write("a")])
    await images.delete(["a"])

    info = await images.describe()

    assert (info.state, info.image_count, info.sources) == (IndexState.READY, 0, {})
    assert info.model == Model(MODEL, DIMENSIONS)
    page = await images.search(unit(1), keep=Filter(), excluded_ids=[], window=WINDOW, offset=0, limit=5)
    assert page.hits == []


async def test_what_was_answered_is_there_after_a_restart(images: Images, reopen: Reopen) -> None:
    await images.write([write("a"), write("b")])
    await images.delete(["b"])

    images = await reopen()

    assert set(await images.get(["a", "b"])) == {"a"}
    assert await images.model() == Model(MODEL, DIMENSIONS)


async def test_counts_are_told_by_source(images: Images) -> None:
    await images.write([write(photo(name, source=name[0])) for name in ("b1", "a1", "b2", "b3")])
    await images.delete(["b2"])

    assert (await images.describe()).sources == {"a": 1, "b": 2}


async def test_an_unknown_rebuild_is_told_for_each_item(images: Images) -> None:
    answers = await images.write([write("a"), write("b")], "images-none-7")

    assert [type(answer) for answer in answers] == [RebuildNotFound] * 2


@pytest.mark.parametrize("image_id", ["'", "\\", "a\nb", "%", "é" * 100, "\x00", "x" * 512])
async def test_any_id_can_be_stored_and_found(images: Images, image_id: str) -> None:
    await images.write([write(photo(image_id, relative_path="a")), write("other")])

    assert set(await images.get([image_id])) == {image_id}
    assert set(await images.vectors([image_id])) == {image_id}
    assert await images.delete([image_id]) == 1
    assert await images.get([image_id]) == {}


async def test_many_writes_stay_searchable_while_the_index_is_tidied_up(images: Images) -> None:
    for start in range(0, 600, 100):
        await images.write([write(f"i{number:04}", random_unit(number)) for number in range(start, start + 100)])
        await images.finish_writing()
    await images.delete([f"i{number:04}" for number in range(0, 600, 2)])

    info = await images.describe()
    found = await images.get([f"i{number:04}" for number in range(600)])

    assert info.image_count == len(found) == 300
    assert Embedding(MODEL, random_unit(1)).model == (await images.model()).name
