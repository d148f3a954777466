"""Searches that show one of the photos that look alike."""

from search_service.images import Filter, HitPage, Image, Images, SearchOrder, Window
from search_service.similar import search_hiding_similar
from tests.search_service.photos import civil, photo, unit, write

WINDOW = Window(1_000, 10_000)
LOOK = 2**64 - 2**32  # a number that is negative where numbers have a sign


async def search(
    images: Images,
    *,
    offset: int = 0,
    limit: int = 50,
    window: Window = WINDOW,
    without: list[str] | None = None,
    order: SearchOrder = SearchOrder.SCORE,
) -> HitPage:
    return await search_hiding_similar(
        images,
        unit(1),
        keep=Filter(),
        excluded_ids=without or [],
        window=window,
        offset=offset,
        limit=limit,
        order=order,
    )


async def fill(images: Images, *photos: Image) -> None:
    """The photos, each less like the search than the one before."""
    await images.write([write(image, unit(10, number)) for number, image in enumerate(photos)])


def shown(page: HitPage) -> dict[str, tuple[str, ...]]:
    return {hit.image.id: hit.similar_ids for hit in page.hits}


async def test_the_window_tells_what_photos_look_like(images: Images) -> None:
    seen = photo("a", perceptual_hash=LOOK, taken_at=civil("1969-01-01T00:00:00.000001"))
    await fill(images, seen, photo("b", content_sha256=""), photo("c", perceptual_hash=0), photo("gone"))

    found = await images.window(unit(1), keep=Filter(), excluded_ids=["gone"], window=WINDOW)

    assert found.ids == ["a", "b", "c"]
    assert found.contents == [seen.content_sha256, "", photo("c").content_sha256]
    assert found.looks.tolist() == [LOOK, 0, 0]
    assert found.has_look.tolist() == [True, False, True]
    assert [time is None for time in found.taken_at_us] == [False, True, True]
    page = await images.search(unit(1), keep=Filter(), excluded_ids=["gone"], window=WINDOW, offset=0, limit=9)
    assert found.scores == [hit.score for hit in page.hits]


async def test_a_window_without_photos_is_empty(images: Images) -> None:
    await fill(images, photo("a"))

    assert (await search(images, without=["a"])) == HitPage([], more=False)


async def test_of_photos_that_look_alike_the_best_shows(images: Images) -> None:
    await fill(
        images,
        photo("other", perceptual_hash=0),
        photo("best", perceptual_hash=LOOK),
        photo("near", perceptual_hash=LOOK ^ 0b111111),
        photo("far", perceptual_hash=LOOK ^ 0b1111111),
        photo("copy", content_sha256=photo("best").content_sha256),
        photo("plain"),
    )

    page = await search(images)

    assert shown(page) == {"other": (), "best": ("near", "copy"), "far": (), "plain": ()}
    assert [hit.similar_count for hit in page.hits] == [0, 2, 0, 0]
    assert not page.more


async def test_pages_are_cut_from_those_that_show(images: Images) -> None:
    await fill(images, *[photo(f"n{number:02}", perceptual_hash=2 ** (10 * (number // 4))) for number in range(24)])
    # The six looks differ by two bits from each other: all are like the first one.
    assert len((await search(images)).hits) == 1
    await fill(images, *[photo(f"n{number:02}", perceptual_hash=0xFF << (8 * (number // 4))) for number in range(24)])

    pages = [await search(images, offset=offset, limit=4) for offset in (0, 4, 8)]

    assert [[hit.image.id for hit in page.hits] for page in pages] == [["n00", "n04", "n08", "n12"], ["n16", "n20"], []]
    assert [page.more for page in pages] == [True, False, False]
    assert {hit.similar_count for page in pages for hit in page.hits} == {3}


async def test_only_the_window_counts(images: Images) -> None:
    await fill(images, *[photo(f"n{number}", perceptual_hash=LOOK) for number in range(5)])

    (hit,) = (await search(images, window=Window(3, 10_000))).hits

    assert (hit.image.id, hit.similar_count, hit.similar_ids) == ("n0", 2, ("n1", "n2"))


async def test_newest_first_orders_those_that_show(images: Images) -> None:
    await fill(
        images,
        photo("old", perceptual_hash=LOOK, taken_at=civil("2001-01-01")),
        photo("new", perceptual_hash=0, taken_at=civil("2020-01-01")),
        photo("newest but hidden", perceptual_hash=LOOK, taken_at=civil("2021-01-01")),
        photo("undated"),
        photo("as new", taken_at=civil("2020-01-01")),
    )

    page = await search(images, order=SearchOrder.NEWEST_FIRST)

    assert [hit.image.id for hit in page.hits] == ["as new", "new", "old", "undated"]
    assert shown(page)["old"] == ("newest but hidden",)


async def test_a_hundred_ids_are_told_and_all_counted(images: Images) -> None:
    await fill(images, *[photo(f"n{number:03}", perceptual_hash=LOOK) for number in range(150)])

    (hit,) = (await search(images)).hits

    assert hit.similar_count == 149
    assert hit.similar_ids == tuple(f"n{number:03}" for number in range(1, 101))
