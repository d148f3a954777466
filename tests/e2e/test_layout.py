"""The page fits its window, in the dark as well, and its parts have names."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.browsing import Complaints, open_context, open_tab
from tests.e2e.search_page import SearchPage
from tests.e2e.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

WIDTH = "document.documentElement.scrollWidth"


async def test_nothing_is_wider_than_a_small_phone(page: Page, site: Site) -> None:
    site.embedder.model.notice = "This model knows the main thing in a picture. Its command: make run MODEL=" + "x" * 60
    view = SearchPage(page)
    await page.set_viewport_size({"width": 360, "height": 640})
    for path in (
        "/",
        "/?q=red",
        "/?q=" + "x" * 300,
        "/?from=1999-01-01&to=1999-12-31&q=red",
        "/?like=gone",
        "/?picture",
    ):
        await page.goto(site.url + path)
        await expect(view.cards.or_(view.state.locator("h2")).first).to_be_visible()
        await expect(view.notices).to_have_count(1)
        assert await page.evaluate(WIDTH) <= 360, path

    await page.goto(f"{site.url}/?q=red")
    await view.filters.click()
    await view.cards.first.click()
    await expect(view.fact("id")).to_be_visible()

    assert await page.evaluate(WIDTH) <= 360
    assert await view.viewer.evaluate("dialog => dialog.querySelector('.viewer-layout').scrollWidth") <= 360


async def test_a_long_notice_is_cut_on_a_phone_until_one_asks(page: Page, site: Site) -> None:
    site.embedder.model.notice = "This model knows the main thing in a picture, not colours and counts. " * 4
    view = SearchPage(page)
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(site.url)
    await expect(view.notices).to_have_count(1)
    height = "notice => notice.clientHeight"
    cut: int = await view.notices.evaluate(height)

    await page.get_by_role("button", name="More").click()

    assert await view.notices.evaluate(height) > cut + 50
    await expect(page.get_by_role("button", name="Less")).to_be_visible()


async def test_a_row_of_photos_fills_the_window(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.cards).to_have_count(60)

    rows: list[list[float]] = await page.evaluate(
        """() => {
            const rows = new Map();
            for (const frame of document.querySelectorAll(".card-frame")) {
                const box = frame.getBoundingClientRect();
                const row = rows.get(Math.round(box.top)) ?? [];
                rows.set(Math.round(box.top), [...row, Math.round(box.height)]);
            }
            return [...rows.values()];
        }"""
    )

    assert len(rows) > 5
    assert all(max(heights) - min(heights) <= 1 for heights in rows)


async def test_the_dark_scheme_is_dark(browser: Browser, site: Site) -> None:
    complaints = Complaints()
    context = await open_context(browser)
    page = await open_tab(context, complaints)
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    await page.goto(site.url)

    background = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    assert background == "rgb(19, 20, 23)"
    await context.close()
    assert complaints.seen == []


async def test_every_control_has_a_name(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red")
    await view.filters.click()
    await view.cards.first.click()
    await expect(view.viewer).to_be_visible()

    nameless: list[str] = await page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, select")]
            .filter((one) => !one.ariaLabel && !one.textContent.trim() && !one.labels?.length && !one.title)
            .map((one) => one.outerHTML)"""
    )

    assert nameless == []
