"""The page fits its window, in the dark as well, and its parts have names."""

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.e2e.browsing import Complaints, open_context, open_tab
from tests.e2e.search_page import SearchPage
from tests.e2e.site import Site
from tests.gateway.made_up_photos import draw, encoded

pytestmark = pytest.mark.asyncio(loop_scope="session")

WIDTH = "document.documentElement.scrollWidth"


async def test_nothing_is_wider_than_a_small_phone(page: Page, site: Site) -> None:
    site.embedder.model.notice = (
        "This model knows the main thing in a picture. Its command: `make run MODEL=" + "x" * 60 + "`"
    )
    view = SearchPage(page)
    await page.set_viewport_size({"width": 360, "height": 640})
    for path in (
        "/",
        "/?q=red",
        "/?q=" + "x" * 300,
        "/?from=1999-01-01&to=1999-12-31&q=red",
        "/?like=gone",
        "/?q=red&order=newest&similar=shown",
        "/?picture",
        "/?near=-48.13,-111.57&radius=100000&source=made-up&folder=" + "x" * 80 + "&type=image/png",
    ):
        await page.goto(site.url + path)
        await expect(view.cards.or_(view.state.locator("h2")).first).to_be_visible()
        await expect(view.notices).to_have_count(1)
        assert await page.evaluate(WIDTH) <= 360, path

    await page.goto(f"{site.url}/?q=red&from=2024-01-01&to=2024-12-31")
    await view.filters.click()
    await expect(view.places.first).to_be_visible()
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


async def test_extreme_photos_are_drawn_hardly_larger_than_they_are(page: Page, site: Site) -> None:
    band, dot = sorted(site.search.photos.values(), key=lambda photo: photo.name)[:2]
    band.width, band.height, dot.width, dot.height = 4000, 100, 1, 1
    sizes = {f"/{band.id}/preview": (2048, 51), f"/{dot.id}/thumbnail": (1, 1)}

    async def answer(route: Route) -> None:
        size = next(size for path, size in sizes.items() if path in route.request.url)
        await route.fulfill(content_type="image/png", body=encoded(draw("red", "ring", size), "PNG"))

    await page.route(lambda url: any(path in url for path in sizes), answer)
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.cards).to_have_count(60)
    for _ in range(2):
        await view.scroll_to_end()
        await page.wait_for_load_state("networkidle")
    box = "image => [image.clientWidth, image.clientHeight]"
    for photo, most in ((band, (900, 102)), (dot, (2, 2))):
        card = page.locator(f"#grid a[data-id='{photo.id}']")
        await card.scroll_into_view_if_needed()
        await expect(card.locator(".card-frame-loaded")).to_be_visible()

        width, height = await card.locator("img").evaluate(box)

        assert (width <= most[0], height <= most[1]) == (True, True)
        assert width > 0


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
    await page.goto(f"{site.url}/?q=red&near=48,11&radius=1000000")
    await view.filters.click()
    await expect(view.years.first).to_be_visible()
    await view.cards.first.click()
    await expect(view.viewer).to_be_visible()

    nameless: list[str] = await page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, select")]
            .filter((one) => !one.ariaLabel && !one.textContent.trim() && !one.labels?.length && !one.title)
            .map((one) => one.outerHTML)"""
    )

    assert nameless == []
