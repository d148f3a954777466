"""Searching by words, and by a photo that was found."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.search_page import SearchPage
from tests.e2e.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_words_find_photos_with_name_date_and_score(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)

    await view.search("red circle")

    await expect(view.title).to_have_text("Photos of “red circle”")
    await expect(view.names.first).to_contain_text("red-circle")
    await expect(view.scores.first).to_have_text(re.compile(r"^similarity (1\.00|0\.9\d)$"))
    await expect(page.locator(".card").filter(has_text="red-circle-0000").locator(".card-date")).to_have_text(
        "30 Jun 2025"
    )
    await expect(page).to_have_url(f"{site.url}/?q=red+circle")
    await expect(page).to_have_title("red circle – Image search")
    await expect(view.announcement).to_have_text("60 photos, more as you scroll")


async def test_the_start_shows_the_newest_photos_or_a_mix(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.names.first).to_have_text("red-circle-0000.jpg")
    newest = await view.ids()

    await page.get_by_role("button", name="Mixed").click()

    await expect(view.title).to_have_text("A mix of your photos")
    await expect(view.names.first).not_to_have_text("red-circle-0000.jpg")
    assert await view.ids() != newest
    await expect(page).to_have_url(f"{site.url}/?order=sample")


async def test_examples_are_in_the_models_languages_and_search(page: Page, site: Site) -> None:
    site.embedder.model.languages[:] = ["de", "zh"]
    view = SearchPage(page)
    await page.goto(site.url)
    examples = page.get_by_role("list", name="Examples").get_by_role("button")
    await expect(examples.first).to_have_attribute("lang", "de")
    assert set(await examples.evaluate_all("all => all.map(one => one.lang)")) == {"de", "zh"}

    await examples.last.click()

    await expect(view.query).to_have_value("一座寺庙")
    await expect(view.title).to_have_text("Photos of “一座寺庙”")


async def test_faint_matches_are_called_so_and_fill_no_bar(page: Page, site: Site) -> None:
    async def make_faint(route: Route) -> None:
        response = await route.fetch()
        answer = await response.json()
        for place, result in enumerate(answer["results"]):
            result["score"] = 0.08 - 0.002 * place
        await route.fulfill(response=response, json=answer)

    await page.route(re.compile(r"/api/v1/search"), make_faint)
    view = SearchPage(page)

    await page.goto(f"{site.url}/?q=qqqq+zzxxy")

    await expect(view.summary).to_have_text("Nothing fits well; these come nearest")
    shares = await page.locator("#grid .score-meter").evaluate_all(
        "meters => meters.map(meter => Number(meter.style.getPropertyValue('--share')))"
    )
    assert 0 < shares[0] < 0.5
    assert shares[50] == 0


async def test_find_similar_starts_from_any_photo(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=blue+ring")
    card = page.locator(".card").first
    name, photo_id = await view.names.first.inner_text(), (await view.ids())[0]

    await card.hover()
    await card.get_by_role("button", name=f"Find photos similar to {name}").click()

    await expect(view.title).to_have_text("Similar photos")
    await expect(page.locator(".query-about")).to_have_text(name)
    await expect(page).to_have_url(f"{site.url}/?like={photo_id}")
    await expect(view.names.first).to_contain_text("blue-ring")
    assert photo_id not in await view.ids()
    await expect(page.locator("main")).to_be_focused()
    await page.get_by_role("button", name="Clear", exact=True).click()
    await expect(view.title).to_have_text("Newest photos")


async def test_a_late_answer_never_replaces_a_newer_one(page: Page, site: Site) -> None:
    view = SearchPage(page)
    late = asyncio.Event()

    async def hold(route: Route) -> None:
        await late.wait()
        await route.continue_()

    await page.route(re.compile(r"/api/v1/search\?q=red"), hold)
    await page.goto(site.url)
    await view.search("red circle")
    await expect(view.skeletons.first).to_be_visible()
    await expect(view.summary).to_be_empty()

    async with page.expect_event("requestfailed", lambda request: "q=red" in request.url):
        await view.search("blue ring")
    await expect(view.names.first).to_contain_text("blue-ring")
    late.set()
    await page.unroute_all(behavior="wait")

    await expect(view.title).to_have_text("Photos of “blue ring”")
    await expect(view.names.first).to_contain_text("blue-ring")


async def test_a_text_that_was_cut_says_so(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)

    await view.search("red circle " * 40)

    await expect(view.summary).to_contain_text("The text was longer than the model reads")


async def test_a_slash_goes_to_the_search_box_and_the_cross_clears_it(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red")
    await expect(view.cards.first).to_be_visible()

    await page.keyboard.press("/")
    await page.keyboard.type("blue/ring")
    await expect(view.query).to_be_focused()
    await expect(view.query).to_have_value("blue/ring")
    await page.get_by_role("button", name="Clear the search").click()

    await expect(view.query).to_have_value("")
    await expect(view.query).to_be_focused()
    await expect(page).to_have_url(f"{site.url}/")


async def test_the_arrows_go_from_photo_to_photo(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await view.cards.first.focus()

    await page.keyboard.press("ArrowRight")
    await expect(view.cards.nth(1)).to_be_focused()
    await page.keyboard.press("ArrowDown")
    place = "[...document.querySelectorAll('#grid a')].indexOf(document.activeElement)"
    below = await page.evaluate(place)
    assert below > 2
    await page.keyboard.press("ArrowUp")

    assert 0 <= await page.evaluate(place) < below


async def test_a_search_can_be_ordered_by_date(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=blue+ring")
    await expect(view.names.first).to_contain_text("blue-ring")

    await page.get_by_role("button", name="Newest first").click()

    await expect(page).to_have_url(f"{site.url}/?q=blue+ring&order=newest")
    await expect(view.names.first).to_have_text("red-circle-0000.jpg")
    await expect(view.summary).to_have_text("The best matches, newest first")
    await expect(page.get_by_role("button", name="Newest first")).to_have_attribute("aria-pressed", "true")
    await view.search("red circle")
    await expect(page).to_have_url(f"{site.url}/?q=red+circle")
    await expect(page.get_by_role("button", name="Best first")).to_have_attribute("aria-pressed", "true")
