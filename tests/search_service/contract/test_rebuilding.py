import pytest

from search_service.errors import ModelMismatch, RebuildConflict, RebuildIncomplete, RebuildNotFound
from search_service.images import (
    CopyOf,
    Filter,
    FingerprintFilter,
    HitPage,
    Images,
    IndexState,
    ListOrder,
    Model,
    Window,
    Write,
)
from tests.search_service.contract.conftest import Reopen
from tests.search_service.photos import DIMENSIONS, MODEL, photo, random_unit, unit, write

NEXT = Model("next@1", 4)


async def listed(images: Images) -> set[str]:
    return {image.id for image in await images.list_page(ListOrder.SAMPLE, keep=Filter(), after=None, limit=100)}


def next_write(name: str, **fields: object) -> Write:
    return write(photo(name, **fields), random_unit(1, NEXT.dimensions), model=NEXT.name)


async def test_the_present_index_serves_until_the_swap(images: Images) -> None:
    await images.write([write("a"), write("b")])
    rebuild = await images.begin_rebuild(NEXT)

    assert await images.write([next_write("a")], rebuild.id) == [None]

    info = await images.describe()
    assert (info.model, info.image_count) == (Model(MODEL, DIMENSIONS), 2)
    assert info.rebuild is not None
    assert (info.rebuild.id, info.rebuild.model, info.rebuild.image_count) == (rebuild.id, NEXT, 1)
    assert await listed(images) == {"a", "b"}
    assert await images.write([write("c")]) == [None]

    info = await images.commit_rebuild(rebuild.id, drop_missing_sources=False)

    assert (info.state, info.model, info.image_count, info.rebuild) == (IndexState.READY, NEXT, 1, None)
    assert await listed(images) == {"a"}
    assert await images.model() == NEXT


async def test_a_rebuild_makes_the_first_index_too(images: Images) -> None:
    rebuild = await images.begin_rebuild(NEXT)
    info = await images.describe()
    assert (info.state, info.rebuild) == (IndexState.MISSING, rebuild)
    await images.write([next_write("a")], rebuild.id)

    await images.commit_rebuild(rebuild.id, drop_missing_sources=False)

    assert await listed(images) == {"a"}


async def test_a_rebuild_with_the_same_model_is_continued(images: Images) -> None:
    first = await images.begin_rebuild(NEXT)
    await images.write([next_write("a")], first.id)

    again = await images.begin_rebuild(NEXT)

    assert (again.id, again.image_count) == (first.id, 1)


async def test_a_rebuild_survives_a_restart(images: Images, reopen: Reopen) -> None:
    await images.write([write("old")])
    rebuild = await images.begin_rebuild(NEXT)
    await images.write([next_write("a")], rebuild.id)

    images = await reopen()

    assert (await images.begin_rebuild(NEXT)).image_count == 1
    await images.write([next_write("b")], rebuild.id)
    await images.commit_rebuild(rebuild.id, drop_missing_sources=False)
    assert await listed(images) == {"a", "b"}
    images = await reopen()
    assert await listed(images) == {"a", "b"}


@pytest.mark.parametrize("model", [Model("third@1", 4), Model(NEXT.name, 5)])
async def test_a_rebuild_with_another_model_is_refused_while_one_is_under_way(images: Images, model: Model) -> None:
    rebuild = await images.begin_rebuild(NEXT)

    with pytest.raises(RebuildConflict) as caught:
        await images.begin_rebuild(model)

    assert caught.value.metadata == {"rebuild_id": rebuild.id, "model": NEXT.name}


async def test_a_rebuild_takes_vectors_of_its_own_model_only(images: Images) -> None:
    await images.write([write("old")])
    rebuild = await images.begin_rebuild(NEXT)

    (answer,) = await images.write([write("a")], rebuild.id)

    assert isinstance(answer, ModelMismatch)
    assert answer.metadata == {"expected": NEXT.name, "actual": MODEL}


async def test_vectors_are_copied_within_the_rebuild(images: Images) -> None:
    await images.write([write("old")])
    rebuild = await images.begin_rebuild(NEXT)

    answers = await images.write(
        [
            Write(photo("b"), CopyOf("old")),
            next_write("a"),
            Write(photo("c", content_sha256=photo("a").content_sha256), CopyOf("a")),
        ],
        rebuild.id,
    )

    assert [answer is None for answer in answers] == [False, True, True]


async def test_a_source_is_not_lost_by_accident(images: Images) -> None:
    await images.write([write(photo("a", source="one")), write(photo("b", source="two"))])
    rebuild = await images.begin_rebuild(NEXT)
    await images.write([next_write("a", source="one")], rebuild.id)

    with pytest.raises(RebuildIncomplete) as caught:
        await images.commit_rebuild(rebuild.id, drop_missing_sources=False)

    assert caught.value.metadata == {"sources": "two"}
    assert await listed(images) == {"a", "b"}
    info = await images.commit_rebuild(rebuild.id, drop_missing_sources=True)
    assert info.sources == {"one": 1}


async def test_a_cancelled_rebuild_leaves_the_present_index(images: Images) -> None:
    await images.write([write("old")])
    rebuild = await images.begin_rebuild(NEXT)
    await images.write([next_write("a")], rebuild.id)

    await images.cancel_rebuild(rebuild.id)

    assert (await images.describe()).rebuild is None
    assert await listed(images) == {"old"}
    assert (await images.begin_rebuild(Model("third@1", 3))).id != rebuild.id


async def test_a_rebuild_that_is_not_under_way_is_told(images: Images) -> None:
    await images.write([write("old")])
    rebuild = await images.begin_rebuild(NEXT)
    await images.cancel_rebuild(rebuild.id)

    for attempt in (
        images.commit_rebuild(rebuild.id, drop_missing_sources=True),
        images.cancel_rebuild(rebuild.id),
        anext(images.fingerprints(FingerprintFilter(source="photos", rebuild_id=rebuild.id))),
    ):
        with pytest.raises(RebuildNotFound):
            await attempt


async def test_fingerprints_of_the_rebuild_are_its_own(images: Images) -> None:
    await images.write([write("old")])
    rebuild = await images.begin_rebuild(NEXT)
    await images.write([next_write("a")], rebuild.id)

    keep = FingerprintFilter(source="photos", rebuild_id=rebuild.id)

    assert [one.id async for batch in images.fingerprints(keep) for one in batch] == ["a"]


async def test_a_vector_that_was_made_for_the_index_before_is_refused(images: Images) -> None:
    await images.write([write("a")])
    before = await images.model()
    same_length = Model("same length@1", before.dimensions)
    rebuild = await images.begin_rebuild(same_length)
    await images.write([write("a", model=same_length.name)], rebuild.id)

    async def search(model: Model) -> HitPage:
        window = Window(10, 10)
        return await images.search(
            unit(1), model=model, keep=Filter(), excluded_ids=[], window=window, offset=0, limit=5
        )

    assert len((await search(before)).hits) == 1
    await images.commit_rebuild(rebuild.id, drop_missing_sources=False)

    with pytest.raises(ModelMismatch) as caught:
        await search(before)
    assert caught.value.metadata == {"expected": same_length.name, "actual": before.name}
    assert len((await search(same_length)).hits) == 1
