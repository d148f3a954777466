"""What is made up for the benchmarks must be what they say it is."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.exact_search import nearest_rows, share_found
from benchmarks.made_photos import SELECTIONS, MadePhotos, Selection, photo_row
from benchmarks.made_vectors import NoVectors, make_vectors, random_centres, read_centres
from imagesearch.search.v1 import search_pb2
from search_service.embedded import EmbeddedImages
from search_service.images import Embedding, Window, Write
from search_service.service_filter import read_filter
from search_service.service_messages import read_image

ALL = slice(0, None)


@pytest.fixture
def photos() -> MadePhotos:
    return MadePhotos(np.random.default_rng(5).integers(0, 1_800, 40_000))


def test_vectors_of_one_cluster_are_near_and_of_unit_length(tmp_path: Path) -> None:
    made = make_vectors(random_centres(), 500, 20, tmp_path / "vectors")
    cosines = made.values @ made.values.T
    same = (made.clusters[:, None] == made.clusters) & ~np.eye(500, dtype=bool)

    assert np.allclose(np.diag(cosines), 1, atol=1e-5)
    assert cosines[same].mean() == pytest.approx(1 / 1.16, abs=0.01)
    assert cosines[~same & ~np.eye(500, dtype=bool)].mean() < 0.7


def test_more_photos_begin_with_the_same_ones(tmp_path: Path) -> None:
    centres = np.eye(32, dtype=np.float32)
    few, many = (make_vectors(centres, count, 10, tmp_path / str(count)) for count in (21_000, 42_000))
    assert np.array_equal(few.values, many.values[:21_000])
    assert np.array_equal(few.queries, many.queries)
    rows = (0, 20_500, 20_999)
    assert [MadePhotos(few.clusters).message(row) for row in rows] == [
        MadePhotos(many.clusters).message(row) for row in rows
    ]


def test_no_vector_is_made_from_a_centre_that_is_searched_for(tmp_path: Path) -> None:
    centres = np.eye(50, dtype=np.float32)
    made = make_vectors(centres, 2_000, 5, tmp_path / "vectors")
    asked = set(np.argmax(made.queries, axis=1).tolist())
    assert len(asked) == 5
    assert not asked & set(np.argmax(made.values, axis=1).tolist())


def test_centres_are_read_from_all_files_of_a_folder_without_what_has_no_direction(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[3, 4], [0, 0]], np.float16))
    np.save(tmp_path / "b.npy", np.array([[0, 2], [np.nan, 1]], np.float32))
    assert read_centres(tmp_path).tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 1]]


@pytest.mark.parametrize("tables", [[], [np.zeros(3)], [np.ones((2, 3)), np.ones((2, 4))]])
def test_a_folder_without_vectors_of_one_length_is_refused(tmp_path: Path, tables: list[np.ndarray]) -> None:
    for number, table in enumerate(tables):
        np.save(tmp_path / f"{number}.npy", table)
    with pytest.raises(NoVectors, match="must hold"):
        read_centres(tmp_path)


def test_the_filters_keep_the_shares_that_are_promised(photos: MadePhotos) -> None:
    shares = [
        np.mean([selection.keeps(photos, number, ALL).mean() for number in range(40)]) for selection in SELECTIONS
    ]
    assert shares == [1, *(pytest.approx(share, rel=0.1) for share in (0.5, 0.1, 0.01, 0.01, 0.001))]


@pytest.mark.parametrize("selection", SELECTIONS, ids=lambda selection: selection.title)
async def test_the_service_keeps_the_same_photos_as_the_exact_search(tmp_path: Path, selection: Selection) -> None:
    count, number = 3_000, 3
    made = make_vectors(np.eye(64, dtype=np.float32), count, 8, tmp_path / "vectors")
    photos = MadePhotos(made.clusters)
    images = await EmbeddedImages.open(tmp_path / "index")
    writes = [
        Write(read_image(photos.message(row)), Embedding("m", np.asarray(made.values[row]))) for row in range(count)
    ]
    assert not any(await images.write(writes))

    page = await images.search(
        made.queries[number],
        keep=read_filter(selection.filter(number)),
        excluded_ids=[],
        window=Window(1_000, count),
        offset=0,
        limit=10,
    )
    await images.close()
    [right], _ = nearest_rows(made.values, made.queries, photos, [selection], 10)
    wanted = [row for row in right[number].tolist() if row >= 0]
    assert [photo_row(hit.image.name) for hit in page.hits] == wanted
    assert len(wanted) > 0


def test_the_nearest_rows_are_found_over_several_chunks(tmp_path: Path) -> None:
    count = 45_000
    made = make_vectors(np.eye(16, dtype=np.float32), count, 3, tmp_path / "vectors")
    photos = MadePhotos(made.clusters)
    [everything, *_] = SELECTIONS
    [rows], shares = nearest_rows(made.values, made.queries, photos, [everything], 10)
    assert rows.tolist() == np.argsort(-(made.queries @ made.values.T), axis=1)[:, :10].tolist()
    assert shares == [1]


def test_where_fewer_are_kept_than_asked_for_the_rest_is_empty(tmp_path: Path) -> None:
    made = make_vectors(np.eye(16, dtype=np.float32), 20, 1, tmp_path / "vectors")
    three = Selection("three", lambda _: search_pb2.Filter(), lambda photos, _, rows: np.arange(20)[rows] < 3)
    [rows], shares = nearest_rows(made.values, made.queries, MadePhotos(made.clusters), [three], 10)
    assert sorted(rows[0, :3].tolist()) == [0, 1, 2]
    assert rows[0, 3:].tolist() == [-1] * 7
    assert shares == [pytest.approx(0.15)]


def test_recall_is_the_share_of_the_right_rows_that_were_found() -> None:
    right = np.array([[1, 2], [3, -1], [-1, -1]])
    assert share_found([[2, 9], [3, 4], [5]], right) == pytest.approx(0.75)


def test_photos_lie_within_the_years_that_filters_of_time_speak_of(photos: MadePhotos) -> None:
    years = {photos.message(row).taken_at.year for row in range(500)}
    assert years == set(range(2014, 2025))
