"""The large view of a photo."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.search_page import SearchPage
from tests.e2e.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_keyboard_opens_steps_through_and_closes_it(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red+circle")
    await view.cards.nth(1).focus()
    names = await view.names.all_inner_texts()

    await page.keyboard.press("Enter")
    await expect(view.viewer_name).to_have_text(names[1])
    await page.keyboard.press("ArrowRight")
    await expect(view.viewer_name).to_have_text(names[2])
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await expect(view.viewer_name).to_have_text(names[0])
    await page.keyboard.press("ArrowLeft")
    await expect(view.viewer_name).to_have_text(names[0])
    await expect(page.get_by_role("button", name="Previous photo")).to_be_hidden()
    await page.keyboard.press("Escape")

    await expect(view.viewer).to_be_hidden()
    await expect(view.cards.first).to_be_focused()
    await expect(page).to_have_url(f"{site.url}/?q=red+circle")


async def test_the_focus_stays_inside(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red+circle")
    await view.cards.first.click()
    await expect(view.viewer_name).to_be_focused()

    for _ in range(12):
        await page.keyboard.press("Tab")
        assert await page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )


async def test_the_facts_of_a_photo(page: Page, site: Site) -> None:
    view = SearchPage(page)
    photo = next(photo for photo in site.search.photos.values() if photo.name == "yellow-circle-0012.jpg")

    await page.goto(f"{site.url}/?photo={photo.id}")

    await expect(view.viewer_name).to_have_text("yellow-circle-0012.jpg")
    await expect(view.fact("taken")).to_have_text("14 March 2025, 10:36 (UTC+02:00)by the camera’s clock")
    await expect(view.fact("camera")).to_have_text("Example EX-0")
    await expect(view.fact("place")).to_contain_text("48.25700° N, 11.57500° E")
    await expect(view.fact("dimensions")).to_have_text("600 × 600 (0.4 megapixels)")
    await expect(view.fact("size")).to_contain_text("KiB, JPEG")
    await expect(view.fact("path")).to_have_text("2025/03/yellow-circle-0012.jpg")
    await expect(view.fact("source")).to_have_text("made-up")
    await expect(view.fact("id")).to_contain_text(photo.id)
    image = page.get_by_role("img", name="yellow-circle-0012.jpg")
    await expect(image).to_have_attribute("src", re.compile(f"/api/v1/images/{photo.id}/preview"))
    await expect(image).to_have_js_property("naturalWidth", 600)


async def test_what_people_wrote_into_a_photo_is_shown_and_its_keywords_search(page: Page, site: Site) -> None:
    photo, plain, *_ = site.search.photos.values()
    photo.title, photo.caption = "<b>Abend</b>", "Two boats.\nOne lighthouse."
    photo.rating, photo.altitude_meters = 4, -3.2
    photo.keywords.extend(["boats", "red circle"])
    photo.camera.lens = "XF23mmF2 R WR"
    view = SearchPage(page)

    await page.goto(f"{site.url}/?photo={photo.id}&type=image/jpeg")

    await expect(view.fact("title")).to_have_text("<b>Abend</b>")
    await expect(view.fact("caption")).to_have_text("Two boats. One lighthouse.")
    await expect(view.fact("rating").get_by_role("img", name="4 of 5 stars")).to_be_visible()
    await expect(view.fact("lens")).to_have_text("XF23mmF2 R WR")
    await expect(view.fact("altitude")).to_have_text("3 m below sea level")
    await view.fact("keywords").get_by_role("button", name="red circle").click()
    await expect(view.viewer).to_be_hidden()
    await expect(page).to_have_url(f"{site.url}/?q=red+circle&type=image%2Fjpeg")
    await expect(view.names.first).to_contain_text("red-circle")
    await page.goto(f"{site.url}/?photo={plain.id}")
    await expect(view.fact("id")).to_be_visible()
    for name in ("title", "caption", "rating", "keywords", "lens", "altitude"):
        await expect(view.fact(name)).to_have_count(0)


async def test_a_date_of_the_file_says_so(page: Page, site: Site) -> None:
    view = SearchPage(page)
    photo = next(photo for photo in site.search.photos.values() if photo.name.endswith("-0008.jpg"))

    await page.goto(f"{site.url}/?photo={photo.id}")

    await expect(view.fact("taken")).to_contain_text("the file’s date; the photo itself tells none")


async def test_the_id_is_copied(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(site.url)
    await view.cards.first.click()

    await page.get_by_role("button", name="Copy the id").click()

    await expect(view.fact("id")).to_contain_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == (await view.ids())[0]


async def test_the_original_can_be_opened_and_downloaded(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await view.cards.first.click()

    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Download").click()
    assert (await downloading.value).suggested_filename == "red-circle-0000.jpg"
    async with page.context.expect_page() as opening:
        await page.get_by_role("link", name="Original").click()
    original = await opening.value

    await expect(original.locator("img")).to_have_js_property("naturalWidth", 640)


async def test_find_similar_from_it_and_back_to_it(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=orange+square")
    await view.cards.first.click()
    name = await view.viewer_name.inner_text()

    await view.viewer.get_by_role("button", name="Find similar").click()
    await expect(view.viewer).to_be_hidden()
    await expect(page.locator(".query-about")).to_have_text(name)
    await expect(view.names.first).to_contain_text("orange-square")
    await page.go_back()

    await expect(view.viewer_name).to_have_text(name)
    await page.keyboard.press("Escape")
    await expect(view.title).to_have_text("Photos of “orange square”")


async def test_going_back_closes_it(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red")
    await view.cards.nth(3).click()
    await expect(view.viewer).to_be_visible()
    await page.keyboard.press("ArrowRight")

    await page.go_back()

    await expect(view.viewer).to_be_hidden()
    await expect(view.cards.nth(4)).to_be_focused()
    await expect(page).to_have_url(f"{site.url}/?q=red")


async def test_all_photos_are_counted_as_the_heading_does(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.summary).to_have_text("150 photos")

    await view.cards.nth(2).click()

    await expect(page.locator("#viewer-position")).to_have_text("3 of 150")


async def test_it_is_shared_with_its_search(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red")
    await view.cards.nth(2).click()
    await expect(page.locator("#viewer-position")).to_have_text("3 of 60+")

    await page.reload()
    await expect(page.locator("#viewer-position")).to_have_text("3 of 60+")
    await page.get_by_role("button", name="Close").click()

    await expect(view.title).to_have_text("Photos of “red”")
    await expect(view.viewer).to_be_hidden()


async def test_stepping_beyond_the_page_fetches_the_next_one(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red")
    await expect(view.cards).to_have_count(60)
    await view.cards.nth(59).evaluate("card => card.click()")
    await expect(page.locator("#viewer-position")).to_contain_text("60 of ")

    await page.keyboard.press("ArrowRight")

    await expect(page.locator("#viewer-position")).to_have_text("61 of 120+")


async def test_the_folder_of_a_photo_is_one_click_away(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await view.cards.first.click()

    await view.fact("path").get_by_role("button", name="2025/06").click()

    await expect(view.viewer).to_be_hidden()
    await expect(page.get_by_label("Folder")).to_have_value("2025/06")
    await expect(view.summary).to_have_text("4 photos")


async def test_a_file_that_is_gone_says_so(page: Page, site: Site) -> None:
    photo = next(iter(site.search.photos.values()))
    photo.relative_path = "no/such/file.jpg"
    photo.content_sha256 = "0" * 64
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(page.locator(".card").first).to_contain_text("No preview")

    await view.cards.first.click()

    await expect(page.get_by_role("alert")).to_contain_text("is not there: it was moved or removed")


async def test_an_unknown_photo_leaves_the_search(page: Page, site: Site) -> None:
    view = SearchPage(page)

    await page.goto(f"{site.url}/?q=red&photo=gone")

    await expect(page).to_have_url(f"{site.url}/?q=red")
    await expect(view.names.first).to_contain_text("red-")
    await expect(view.viewer).to_be_hidden()
