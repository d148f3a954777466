import numpy as np
import pytest

from search_service.images import Filter, Folder, Hit, HitPage, Images, SearchOrder, Vector, Window
from tests.search_service.contract.conftest import Reopen, Settle
from tests.search_service.photos import civil, photo, random_unit, unit, write

WINDOW = Window(1_000, 10_000)
EVERYTHING = Filter()
MANY = 400  # more than the vector index is made from, where the options ask for one


async def search(
    images: Images,
    vector: Vector,
    *,
    keep: Filter = EVERYTHING,
    without: list[str] | None = None,
    window: Window = WINDOW,
    offset: int = 0,
    limit: int = 50,
    order: SearchOrder = SearchOrder.SCORE,
) -> HitPage:
    return await images.search(
        vector,
        keep=keep,
        excluded_ids=without or [],
        window=window,
        offset=offset,
        limit=limit,
        order=order,
    )


def ids(hits: list[Hit]) -> list[str]:
    return [hit.image.id for hit in hits]


async def fill(images: Images, settle: Settle, count: int = MANY) -> np.ndarray:
    """Photos i0000, i0001, ... with random vectors, which are returned."""
    vectors = [random_unit(number) for number in range(count)]
    await images.write([write(f"i{number:04}", vector) for number, vector in enumerate(vectors)])
    await settle()
    return np.stack(vectors)


async def test_the_nearest_come_first_with_their_cosines(images: Images) -> None:
    await images.write([write("same", unit(1)), write("near", unit(3, 4)), write("opposite", unit(-1))])

    page = await search(images, unit(1))

    assert ids(page.hits) == ["same", "near", "opposite"]
    assert [hit.score for hit in page.hits] == pytest.approx([1, 0.6, -1], abs=1e-5)
    assert all(-1 <= hit.score <= 1 for hit in page.hits)
    assert not page.more


async def test_hits_carry_the_facts(images: Images) -> None:
    await images.write([write(photo("a", width=7, taken_at=civil("2020-01-01")))])

    (hit,) = (await search(images, unit(1))).hits

    assert (hit.image.width, hit.image.taken_at) == (7, civil("2020-01-01"))


async def test_equal_scores_are_ordered_by_id(images: Images) -> None:
    names = [f"n{number}" for number in (5, 3, 9, 1, 7)]
    for name in names:
        await images.write([write(name, unit(1, 1))])
    await images.write([write("best", unit(1)), write("worst", unit(-1))])

    assert ids((await search(images, unit(1))).hits) == ["best", *sorted(names), "worst"]


async def test_equal_scores_at_the_windows_edge_are_cut_by_id(images: Images) -> None:
    await images.write([write(f"n{number:03}", unit(1)) for number in reversed(range(200))])

    page = await search(images, unit(1), window=Window(10, 10_000))

    assert ids(page.hits) == [f"n{number:03}" for number in range(10)]


async def test_all_pages_together_are_the_window(images: Images, settle: Settle) -> None:
    vectors = await fill(images, settle)
    query = random_unit(9_999)
    window = Window(120, 10_000)
    seen: list[str] = []
    more, offset = True, 0
    while more:
        page = await search(images, query, window=window, offset=offset, limit=25)
        seen += ids(page.hits)
        more, offset = page.more, offset + 25

    best = np.argsort(-(vectors @ query), kind="stable")[:120]
    assert seen == [f"i{number:04}" for number in best]


async def test_pages_that_are_cut_among_equals_repeat_and_drop_none(images: Images, settle: Settle) -> None:
    names = [f"n{number:03}" for number in range(150)]
    await images.write([write(name, unit(1, 1)) for name in reversed(names)])
    await images.write([write("best", unit(1)), write("worst", unit(-1))])
    await settle()

    for window in (Window(60, 10_000), WINDOW):
        pages = [await search(images, unit(1), window=window, offset=offset, limit=20) for offset in range(0, 160, 20)]
        expected = ["best", *names, "worst"][: window.size]
        assert [name for page in pages for name in ids(page.hits)] == expected
        assert [page.more for page in pages] == [offset + 20 < len(expected) for offset in range(0, 160, 20)]


async def test_the_scores_of_many_are_the_cosines(images: Images, settle: Settle) -> None:
    vectors = await fill(images, settle)
    query = random_unit(9_999)

    page = await search(images, query, limit=MANY)

    assert len(page.hits) == MANY
    expected = [float(vectors[int(hit.image.id[1:])] @ query) for hit in page.hits]
    np.testing.assert_allclose([hit.score for hit in page.hits], expected, atol=1e-5)


async def test_a_page_beyond_the_window_is_empty(images: Images, settle: Settle) -> None:
    await fill(images, settle, 30)

    page = await search(images, unit(1), offset=30)

    assert (page.hits, page.more) == ([], False)


async def test_the_window_is_ordered_newest_first_over_all_its_pages(images: Images) -> None:
    times = ["2024-01-01", "1969-12-31T23:59:59.999999", None, "2024-01-01T00:00:00.000001", "0001-01-01", "2024-01-01"]
    photos = [photo(f"p{n}", taken_at=civil(time) if time else None) for n, time in enumerate(times)]
    near_ones = [write(image, unit(10, number)) for number, image in enumerate(photos)]
    await images.write([*near_ones, write(photo("far", taken_at=civil("2025-01-01")), unit(-1))])
    window = Window(len(times), 10_000)

    whole = await search(images, unit(1), window=window, order=SearchOrder.NEWEST_FIRST)
    parts = [
        await search(images, unit(1), window=window, offset=offset, limit=2, order=SearchOrder.NEWEST_FIRST)
        for offset in (0, 2, 4, 6)
    ]

    assert ids(whole.hits) == ["p3", "p0", "p5", "p1", "p4", "p2"]
    assert [hit for part in parts for hit in part.hits] == whole.hits
    assert [part.more for part in parts] == [True, True, False, False]
    scores = {hit.image.id: hit.score for hit in whole.hits}
    assert scores["p0"] == pytest.approx(1, abs=1e-5)
    assert sorted(scores, key=lambda name: -scores[name]) == [f"p{n}" for n in range(len(times))]


async def test_equal_scores_at_the_windows_edge_are_cut_by_id_in_either_order(images: Images, settle: Settle) -> None:
    names = [f"n{number:03}" for number in range(60)]
    await images.write([write(photo(name, taken_at=civil("2020-01-01")), unit(1, 1)) for name in reversed(names)])
    await settle()

    for order in SearchOrder:
        page = await search(images, unit(1), window=Window(20, 10_000), order=order)
        assert ids(page.hits) == names[:20]


async def test_excluded_photos_are_no_hits_and_take_no_place(images: Images) -> None:
    await images.write([write("it's", unit(1)), write("b", unit(2, 1)), write("c", unit(1, 2))])

    page = await search(images, unit(1), without=["it's", "unknown"], window=Window(2, 10_000))

    assert ids(page.hits) == ["b", "c"]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2024-07-01", None, {"first", "second"}),
        ("2024-07-01T00:00:00.000001", None, {"second"}),
        (None, "2024-07-01", {"before"}),
        ("2024-07-01", "2024-07-01T23:59:59", {"first"}),
        ("2025-01-01", None, set()),
    ],
)
async def test_times_keep_from_and_before(
    images: Images, start: str | None, end: str | None, expected: set[str]
) -> None:
    await images.write(
        [
            write(photo("before", taken_at=civil("2024-06-30T23:59:59.999999"))),
            write(photo("first", taken_at=civil("2024-07-01"))),
            write(photo("second", taken_at=civil("2024-07-01T23:59:59"))),
            write(photo("without")),
        ]
    )
    keep = Filter(taken_from=civil(start) if start else None, taken_before=civil(end) if end else None)

    assert set(ids((await search(images, unit(1), keep=keep)).hits)) == expected


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        (Folder("photos"), {"top", "in", "deep", "percent", "underscore", "quote", "beside", "slash0"}),
        (Folder("photos", "a"), {"in", "deep"}),
        (Folder("photos", "a/b"), {"deep"}),
        (Folder("photos", "a%"), {"percent"}),
        (Folder("photos", "a_"), {"underscore"}),
        (Folder("photos", "it's \\ \n %"), {"quote"}),
        (Folder("photos", "A"), set()),
        (Folder("other", "a"), {"other"}),
        (Folder("' OR true OR source = '"), set()),
    ],
)
async def test_a_folder_keeps_what_lies_in_it_at_any_depth(images: Images, folder: Folder, expected: set[str]) -> None:
    paths = {
        "top": "x.jpg",
        "in": "a/x.jpg",
        "deep": "a/b/c/x.jpg",
        "beside": "ab/x.jpg",
        "slash0": "a0",
        "percent": "a%/x.jpg",
        "underscore": "a_/x.jpg",
        "quote": "it's \\ \n %/x.jpg",
    }
    await images.write([write(photo(name, relative_path=path)) for name, path in paths.items()])
    await images.write([write(photo("other", source="other", relative_path="a/x.jpg"))])

    assert set(ids((await search(images, unit(1), keep=Filter(folders=(folder,)))).hits)) == expected


async def test_several_folders_and_a_time_are_combined(images: Images) -> None:
    day = civil("2020-05-05")
    await images.write(
        [
            write(photo("a", relative_path="a/x", taken_at=day)),
            write(photo("b", relative_path="b/x", taken_at=day)),
            write(photo("c", relative_path="c/x", taken_at=day)),
            write(photo("undated", relative_path="a/y")),
        ]
    )
    keep = Filter(taken_from=day, folders=(Folder("photos", "a"), Folder("photos", "b")))

    assert set(ids((await search(images, unit(1), keep=keep)).hits)) == {"a", "b"}


async def test_a_narrow_filter_finds_all_it_keeps_among_many(images: Images, settle: Settle) -> None:
    await fill(images, settle)
    rare = [f"rare{number}" for number in range(7)]
    await images.write(
        [write(photo(name, relative_path=f"rare/{name}"), random_unit(5_000 + n)) for n, name in enumerate(rare)]
    )
    await settle()

    page = await search(images, random_unit(1), keep=Filter(folders=(Folder("photos", "rare"),)))

    assert set(ids(page.hits)) == set(rare)


async def test_photos_written_replaced_and_deleted_later_are_seen_at_once(
    images: Images, settle: Settle, reopen: Reopen
) -> None:
    vectors = await fill(images, settle)
    images = await reopen()
    await images.write([write("new", vectors[3]), write("i0005", -vectors[3])])
    await images.delete(["i0003"])

    page = await search(images, vectors[3], limit=MANY + 5)

    found = ids(page.hits)
    assert (found[0], found[-1]) == ("new", "i0005")
    assert "i0003" not in found
    assert len(found) == len(set(found)) == MANY
