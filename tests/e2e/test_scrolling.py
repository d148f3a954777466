"""The grid: more photos as one scrolls, none twice, nothing jumps."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.search_page import SearchPage
from tests.e2e.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECOND_PAGE = re.compile(r"/api/v1/search\?.*page_token=")


async def test_scrolling_brings_every_photo_once(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=green")
    for count in (60, 120, 150):
        await expect(view.cards).to_have_count(count)
        await view.scroll_to_end()

    await expect(view.grid_end).to_have_text("That is all: 150 photos.")
    ids = await view.ids()
    assert len(ids) == len(set(ids)) == 150
    await expect(view.announcement).to_have_text("150 photos so far, that is all")


async def test_a_photo_that_comes_twice_is_shown_once(page: Page, site: Site) -> None:
    view = SearchPage(page)

    async def first_page_again(route: Route) -> None:
        answer = await route.fetch(url=re.sub(r"&page_token=[^&]*", "", route.request.url))
        await route.fulfill(json={**await answer.json(), "next_page_token": ""})

    await page.route(SECOND_PAGE, first_page_again)
    await page.goto(f"{site.url}/?q=green")
    await expect(view.cards).to_have_count(60)
    await view.scroll_to_end()

    await expect(view.grid_end).to_have_text("That is all: 60 photos.")
    await expect(view.cards).to_have_count(60)


async def test_a_page_that_fails_can_be_tried_again(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.route(SECOND_PAGE, lambda route: route.abort())
    await page.goto(f"{site.url}/?q=green")
    await expect(view.cards).to_have_count(60)
    await view.scroll_to_end()
    await expect(view.grid_end).to_contain_text("More photos could not be loaded. The server can't be reached.")
    await expect(view.cards).to_have_count(60)

    await page.unroute(SECOND_PAGE)
    await view.grid_end.get_by_role("button", name="Try again").click()

    await expect(view.cards).to_have_count(120)


async def test_an_index_that_changed_offers_to_search_again(page: Page, site: Site) -> None:
    view = SearchPage(page)

    async def stale(route: Route) -> None:
        url = re.sub(r"page_token=[^&]*", "page_token=60.of-another-query", route.request.url)
        await route.continue_(url=url)

    await page.route(SECOND_PAGE, stale)
    await page.goto(f"{site.url}/?q=green")
    await expect(view.cards).to_have_count(60)
    await view.scroll_to_end()
    await expect(view.grid_end).to_contain_text("The index has changed since this search.")

    await page.unroute(SECOND_PAGE)
    await view.grid_end.get_by_role("button", name="Search again").click()
    await view.scroll_to_end()

    await expect(view.cards).to_have_count(120)


async def test_the_place_of_a_photo_is_kept_before_its_thumbnail_comes(page: Page, site: Site) -> None:
    view = SearchPage(page)
    come = asyncio.Event()

    async def hold(route: Route) -> None:
        await come.wait()
        await route.continue_()

    await page.route(re.compile("/thumbnail"), hold)
    await page.goto(site.url, wait_until="commit")
    await expect(view.cards).to_have_count(60)
    boxes = "cards => cards.map(card => JSON.stringify(card.getBoundingClientRect()))"
    before = await view.cards.evaluate_all(boxes)

    come.set()
    await expect(page.locator(".card-frame-loaded").nth(5)).to_be_visible()

    assert await view.cards.evaluate_all(boxes) == before
    await page.unroute_all(behavior="wait")


async def test_photos_far_below_are_not_loaded(page: Page, site: Site) -> None:
    view = SearchPage(page)
    thumbnails: list[str] = []
    page.on("request", lambda request: thumbnails.append(request.url) if "/thumbnail" in request.url else None)
    await page.set_viewport_size({"width": 390, "height": 500})

    await page.goto(site.url, wait_until="networkidle")

    await expect(view.cards).to_have_count(60)
    assert 0 < len(thumbnails) < 60
