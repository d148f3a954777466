"""Searching by a picture: chosen, dropped, pasted."""

import base64

import pytest
from playwright.async_api import FilePayload, JSHandle, Page, expect

from tests.e2e.search_page import SearchPage
from tests.e2e.site import UPLOAD_LIMIT, Site
from tests.gateway.made_up_photos import draw, encoded

pytestmark = pytest.mark.asyncio(loop_scope="session")

BLUE_RING = encoded(draw("blue", "ring"))
PICTURE: FilePayload = {"name": "holiday.jpg", "mimeType": "image/jpeg", "buffer": BLUE_RING}
TOO_LARGE: FilePayload = {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": BLUE_RING + bytes(UPLOAD_LIMIT)}
NO_PICTURE: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}


async def _file_transfer(page: Page, picture: bytes) -> JSHandle:
    """What a drop or a paste of a file carries."""
    return await page.evaluate_handle(
        """async (data) => {
            const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "dropped.jpg", { type: "image/jpeg" }));
            return transfer;
        }""",
        base64.b64encode(picture).decode(),
    )


async def test_a_chosen_picture_is_shown_beside_its_results(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)

    async with page.expect_file_chooser() as choosing:
        await page.get_by_role("button", name="Search by a picture").click()
    await (await choosing.value).set_files([PICTURE])

    await expect(view.title).to_have_text("Photos like your picture")
    await expect(page.locator(".query-about")).to_contain_text("holiday.jpg")
    await expect(view.names.first).to_contain_text("blue-")
    await expect(view.query_picture).to_have_js_property("naturalWidth", 240)
    await page.get_by_role("button", name="Clear", exact=True).click()
    await expect(view.title).to_have_text("Newest photos")
    await expect(view.query_picture).to_have_count(0)


async def test_a_picture_is_found_by_dropping_it_anywhere(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red")
    transfer = await _file_transfer(page, BLUE_RING)
    grid = page.locator("#grid")

    await grid.dispatch_event("dragenter", {"dataTransfer": transfer})
    await expect(page.get_by_text("Drop the picture to find photos like it")).to_be_visible()
    await grid.dispatch_event("drop", {"dataTransfer": transfer})

    await expect(page.locator(".query-about")).to_contain_text("dropped.jpg")
    await expect(view.names.first).to_contain_text("blue-")
    await expect(page.locator("#drop-target")).to_be_hidden()


async def test_a_picture_is_found_by_pasting_it(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.cards.first).to_be_visible()
    transfer = await _file_transfer(page, BLUE_RING)

    await page.evaluate(
        "transfer => document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true }))",
        transfer,
    )

    await expect(view.title).to_have_text("Photos like your picture")
    await expect(view.names.first).to_contain_text("blue-")


async def test_a_pictures_search_outlives_scrolling_filters_and_a_reload_with_one_upload(
    page: Page, site: Site
) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await view.picture_file.set_input_files([PICTURE])
    await expect(view.query_picture).to_have_js_property("naturalWidth", 240)
    await expect(view.cards).to_have_count(60)
    first = await view.ids()

    await view.scroll_to_end()
    await expect(view.cards).to_have_count(120)
    await page.reload()
    await expect(view.query_picture).to_have_js_property("naturalWidth", 240)
    await expect(view.cards).to_have_count(60)
    assert await view.ids() == first
    await view.filters.click()
    await page.get_by_label("Taken from").fill("2025-01-01")
    await page.get_by_label("Taken from").blur()
    await expect(page).to_have_url(f"{site.url}/?picture&from=2025-01-01")
    in_2025 = sum(photo.taken_at.year == 2025 for photo in site.search.photos.values())
    await expect(view.summary).to_have_text(f"{in_2025} photos, best matches first")

    assert len(site.embedder.pictures) == 1


async def test_a_picture_above_the_limit_is_not_even_sent(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.summary).to_contain_text("150 photos")

    await view.picture_file.set_input_files([TOO_LARGE])

    await expect(view.shown("picture-too-large")).to_contain_text("A picture may have 195 KiB at most.")
    await expect(view.state.get_by_role("button", name="Choose a picture")).to_be_visible()
    assert site.embedder.pictures == []


async def test_a_file_that_is_no_picture_says_so_and_another_can_follow(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)

    await view.picture_file.set_input_files([NO_PICTURE])
    await expect(view.shown("picture-unreadable")).to_contain_text("can't be read as a picture")
    async with page.expect_file_chooser() as choosing:
        await view.state.get_by_role("button", name="Choose a picture").click()
    await (await choosing.value).set_files([PICTURE])

    await expect(view.names.first).to_contain_text("blue-")
    await expect(view.state).to_be_hidden()


async def test_an_address_of_a_picture_search_asks_for_the_picture_elsewhere(page: Page, site: Site) -> None:
    view = SearchPage(page)

    await page.goto(f"{site.url}/?picture")

    await expect(view.shown("picture-gone")).to_contain_text("Choose it again")
