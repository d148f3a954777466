"""Places: regions that narrow as one chooses, and photos near one."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.search_page import SearchPage
from tests.e2e.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _counts(view: SearchPage) -> list[int]:
    texts = await view.places.locator(".choice-count").all_inner_texts()
    return [int(text) for text in texts]


async def test_regions_narrow_as_one_chooses(page: Page, site: Site) -> None:
    placed = sum(photo.HasField("location") for photo in site.search.photos.values())
    view = SearchPage(page)
    await page.goto(site.url)
    await view.filters.click()
    await expect(view.places).to_have_count(2)
    whole = await _counts(view)
    assert sum(whole) == placed
    await expect(page.locator("#without-place")).to_have_text(f"no place: {150 - placed}")
    first = page.get_by_role("button", name=re.compile(r"^45°–49° N, 11°–17° E, \d+ photos"))

    await first.focus()
    await page.keyboard.press("Enter")
    await expect(view.in_force).to_have_text(["45°–49° N, 11°–17° E"])
    await expect(page.locator("#facets")).to_have_attribute("aria-busy", "false")
    await expect(view.places.nth(2)).to_be_visible()
    await expect(first).to_be_focused()
    await expect(first).to_have_attribute("aria-pressed", "true")
    chosen, *finer = await _counts(view)
    assert chosen == sum(finer)
    await expect(view.cards).to_have_count(chosen)
    await view.places.nth(1).click()
    await expect(view.cards).to_have_count(finer[0])
    await page.reload()
    await view.filters.click()
    await expect(view.places.first).to_have_attribute("aria-pressed", "true")
    await view.places.first.click()

    await expect(page).to_have_url(f"{site.url}/")
    await expect(view.places).to_have_count(2)


async def test_photos_near_one_are_a_click_away_and_the_distance_can_be_changed(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await view.cards.first.click()
    await expect(view.fact("place")).to_contain_text("48.13700° N, 11.57500° E")

    await page.get_by_role("button", name="Photos near here").click()
    await expect(view.viewer).to_be_hidden()
    await expect(page).to_have_url(f"{site.url}/?near=48.137,11.575&radius=1000")
    await expect(view.cards).to_have_count(1)
    await page.get_by_label("Distance").focus()
    await page.get_by_label("Distance").select_option("10 km")
    await expect(page).to_have_url(f"{site.url}/?near=48.137,11.575&radius=10000")
    await expect(view.cards).to_have_count(3)
    await expect(page.get_by_label("Distance")).to_be_focused()
    await view.remove_filter("within 10 km of 48.14° N, 11.57° E").click()

    await expect(page).to_have_url(f"{site.url}/")
    await expect(view.cards).to_have_count(60)


async def test_a_photo_without_a_place_offers_none_near(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)

    await view.cards.nth(1).click()
    await expect(view.fact("id")).to_be_visible()

    await expect(page.get_by_role("button", name="Photos near here")).to_have_count(0)


async def test_a_shared_region_may_cross_the_180th_meridian(page: Page, site: Site) -> None:
    site.search.photos[next(iter(site.search.photos))].location.longitude = 179.5
    view = SearchPage(page)

    await page.goto(f"{site.url}/?bbox=170,-10,-170,60.5")
    await view.filters.click()

    await expect(view.cards).to_have_count(1)
    await expect(view.in_force).to_have_text(["10° S – 61° N, 170° E – 170° W"])
    await expect(view.places).to_have_count(1)
    await expect(view.places.first).to_contain_text("1")
