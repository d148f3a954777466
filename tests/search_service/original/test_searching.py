import numpy as np
import pytest

from search_service.errors import ImageNotFound, InvalidEmbedding, ModelMismatch
from search_service.images import CopyOf, Embedding, Filter, Folder, Model, SearchOrder, Vector, Window
from search_service.original import OriginalImages
from search_service.query_vector import Term, resolve_terms
from tests.search_service.original.conftest import EVERYTHING, PROPERTIES, VECTORS, Make, document
from tests.search_service.photos import DIMENSIONS, MODEL, random_unit, unit

WINDOW = Window(100, 1_000)


async def search(
    images: OriginalImages,
    vector: Vector,
    *,
    keep: Filter = EVERYTHING,
    excluded_ids: tuple[str, ...] = (),
    window: Window = WINDOW,
    limit: int = 50,
    order: SearchOrder = SearchOrder.SCORE,
) -> list[tuple[str, float]]:
    """All hits of a window, page by page."""
    found: list[tuple[str, float]] = []
    for offset in range(0, window.size, limit):
        page = await images.search(
            vector,
            keep=keep,
            excluded_ids=excluded_ids,
            window=window,
            offset=offset,
            limit=limit,
            order=order,
            model=Model(MODEL, DIMENSIONS),
        )
        found += [(hit.image.id, hit.score) for hit in page.hits]
        if not page.more:
            break
    return found


@pytest.mark.parametrize("similarity", ["cosine", "dot_product"])
async def test_scores_are_cosines_however_long_the_vectors_are(make: Make, similarity: str) -> None:
    lengths = [0.01, 1.0, 3.0, 250.0] if similarity == "cosine" else [1.0] * 4
    stored = [length * random_unit(seed) for seed, length in enumerate(lengths)]
    made = await make(
        [document(f"{n}.jpg", image_embedding=[float(v) for v in vector]) for n, vector in enumerate(stored)],
        properties={**PROPERTIES, "image_embedding": {**VECTORS, "similarity": similarity}},
    )
    query = random_unit(99)

    found = await search(made.images, query)

    cosines = {
        image_id: float(vector @ query / np.linalg.norm(vector))
        for image_id, vector in zip(made.ids, stored, strict=True)
    }
    assert [image_id for image_id, _ in found] == sorted(cosines, key=cosines.__getitem__, reverse=True)
    assert dict(found) == pytest.approx(cosines, abs=1e-5)


@pytest.mark.parametrize("index_type", ["hnsw", "int8_hnsw", "int4_hnsw", "flat"])
async def test_every_way_to_keep_vectors_is_searched(make: Make, index_type: str) -> None:
    vectors = {**VECTORS, "index_options": {"type": index_type}}
    made = await make(
        [document(f"{n}.jpg", seed=n) for n in range(30)], properties={**PROPERTIES, "image_embedding": vectors}
    )

    found = await search(made.images, random_unit(7))

    assert made.number(found[0][0]) == 7
    assert found[0][1] == pytest.approx(1, abs=1e-5)
    assert len(found) == 30


async def test_stored_vectors_are_read_with_unit_length(make: Make) -> None:
    made = await make([document("a.jpg", seed=1), document("b.jpg", seed=2)])

    vectors = await made.images.vectors([*made.ids, "unknown", ""])

    assert set(vectors) == set(made.ids)
    for seed, image_id in enumerate(made.ids, start=1):
        assert vectors[image_id].dtype == np.float32
        assert np.linalg.norm(vectors[image_id]) == pytest.approx(1, abs=1e-6)
        assert vectors[image_id] == pytest.approx(random_unit(seed), abs=1e-6)


async def test_a_search_by_an_indexed_photo_leaves_it_out(make: Make) -> None:
    made = await make([document(f"{n}.jpg", seed=n // 2) for n in range(4)])

    query = await resolve_terms([Term(CopyOf(made.ids[0]))], made.images)
    found = await search(made.images, query.values, excluded_ids=(made.ids[0],))

    assert made.number(found[0][0]) == 1
    assert made.ids[0] not in dict(found)
    assert found[0][1] == pytest.approx(1.0, abs=1e-5)


async def test_a_photo_without_a_vector_is_shown_and_not_searched_by(make: Make) -> None:
    made = await make([document("a.jpg"), document("none.jpg", image_embedding=None)])

    assert [image_id for image_id, _ in await search(made.images, unit(1))] == [made.ids[0]]
    assert (await made.images.get(made.ids))[made.ids[1]].name == "none.jpg"
    with pytest.raises(InvalidEmbedding) as caught:
        await resolve_terms([Term(CopyOf(made.ids[1]))], made.images)
    assert made.ids[1] in caught.value.message
    with pytest.raises(ImageNotFound):
        await resolve_terms([Term(CopyOf("unknown"))], made.images)


async def test_a_vector_of_another_model_or_length_is_refused(make: Make) -> None:
    made = await make([document("a.jpg")])

    with pytest.raises(ModelMismatch):
        await resolve_terms([Term(Embedding("other@1", unit(1)))], made.images)
    with pytest.raises(InvalidEmbedding, match="3 values"):
        await resolve_terms([Term(Embedding(MODEL, np.asarray([1, 0, 0], dtype=np.float32)))], made.images)
    with pytest.raises(ModelMismatch):
        await made.images.search(
            unit(1), keep=Filter(), excluded_ids=[], window=WINDOW, offset=0, limit=5, model=Model("other@1", 8)
        )


@pytest.mark.parametrize("order", SearchOrder)
async def test_pages_of_equal_photos_neither_repeat_nor_leave_out(make: Make, order: SearchOrder) -> None:
    """As after the tool ran twice over a folder: the same path, id and vector under two _ids."""
    made = await make([document(f"{n % 10}/same.jpg") for n in range(40)])

    once = await search(made.images, random_unit(1), limit=7, order=order)
    again = await search(made.images, random_unit(1), limit=40, order=order)

    assert once == again
    assert sorted(made.number(image_id) for image_id, _ in once) == list(range(40))


async def test_the_window_ends_the_pages(make: Make) -> None:
    made = await make([document(f"{n}.jpg", seed=n) for n in range(12)])

    assert len(await search(made.images, random_unit(1), window=Window(5, 100), limit=2)) == 5


async def test_the_newest_of_the_nearest_come_first(make: Make) -> None:
    dates = ["2020-05-01T10:00:00", None, "2021-05-01T10:00:00", "2020-05-01T10:00:00", "2019-01-01", None]
    made = await make(
        [document(f"{n}.jpg", seed=n, exif={"date": date} if date else {}) for n, date in enumerate(dates)]
    )

    found = await search(made.images, random_unit(1), limit=4, order=SearchOrder.NEWEST_FIRST)

    assert [made.number(image_id) for image_id, _ in found] == [2, 0, 3, 4, 1, 5]


async def test_a_filter_holds_in_a_search(make: Make) -> None:
    made = await make([document(f"{'in' if n % 2 else 'out'}/{n}.jpg", seed=n) for n in range(20)])

    found = await search(made.images, random_unit(2), keep=Filter(folders=(Folder("photos", "in"),)))

    assert {made.number(image_id) for image_id, _ in found} == set(range(1, 20, 2))
