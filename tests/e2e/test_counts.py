"""Counts of what there is to choose: after the photos, for the filters in force, and never in the photos' way."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Request, Route, expect

from tests.e2e.search_page import SearchPage
from tests.e2e.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

COUNTS = re.compile("/api/v1/facets")


async def test_they_are_asked_for_after_the_photos_and_only_while_the_row_is_open(page: Page, site: Site) -> None:
    late = asyncio.Event()

    async def hold(route: Route) -> None:
        await late.wait()
        await route.continue_()

    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.summary).to_have_text("150 photos")
    assert site.search.facets == []
    await page.route(re.compile("q=red"), hold)
    await view.search("red")
    await view.filters.click()
    await expect(view.skeletons.first).to_be_visible()
    assert site.search.facets == []

    late.set()
    await expect(view.years.first).to_be_visible()
    await view.search("blue")
    await expect(view.names.first).to_contain_text("blue-")

    assert len(site.search.facets) == 1


async def test_those_of_filters_no_longer_in_force_are_given_up(page: Page, site: Site) -> None:
    late = asyncio.Event()

    async def hold(route: Route) -> None:
        await late.wait()
        await route.continue_()

    view = SearchPage(page)
    await page.goto(f"{site.url}/?type=image/png&make=Example&model=EX-0")
    await page.route(re.compile("facets.*media_type"), hold)
    async with page.expect_request(COUNTS):
        await view.filters.click()

    def is_outdated(request: Request) -> bool:
        return "/facets" in request.url and "media_type" in request.url

    async with page.expect_event("requestfailed", is_outdated):
        await view.remove_filter("PNG").click()
    late.set()
    await page.unroute_all(behavior="wait")

    await expect(view.years.first).to_be_visible()
    await expect(page.locator("#facets")).to_have_attribute("aria-busy", "false")


async def test_nothing_moves_when_they_come(page: Page, site: Site) -> None:
    late = asyncio.Event()

    async def hold(route: Route) -> None:
        await late.wait()
        await route.continue_()

    view = SearchPage(page)
    await page.route(COUNTS, hold)
    for width, height in ((1280, 800), (390, 844)):
        late.clear()
        await page.set_viewport_size({"width": width, "height": height})
        await page.goto(f"{site.url}/?from=2024-01-01&to=2024-12-31")
        await expect(view.cards.first).to_be_visible()
        await view.filters.click()
        before = await page.locator("#grid").bounding_box()

        late.set()
        await expect(view.places.first).to_be_visible()

        assert await page.locator("#grid").bounding_box() == before
        assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_without_them_photos_are_still_found(page: Page, site: Site) -> None:
    async def refuse(route: Route) -> None:
        await route.fulfill(status=503, body="no")

    view = SearchPage(page)
    await page.route(COUNTS, refuse)
    await page.goto(site.url)
    await view.filters.click()
    await expect(page.locator("#counts-failed")).to_be_visible()
    await page.get_by_label("Taken from").fill("2025-01-01")
    await page.get_by_label("Taken from").blur()
    await expect(view.in_force).to_have_text(["Since 1 Jan 2025"])
    await expect(view.names.first).to_have_text("red-circle-0000.jpg")

    await page.unroute(COUNTS)
    await page.get_by_role("button", name="Try again").click()

    await expect(view.years.first).to_be_visible()
    await expect(page.locator("#counts-failed")).to_be_hidden()
