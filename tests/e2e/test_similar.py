"""Photos that look alike: a search shows the best one, and the others behind it when one asks."""

import re

import pytest
from playwright.async_api import FilePayload, Page, expect

from imagesearch.type.v1 import image_pb2
from tests.e2e.search_page import SearchPage
from tests.e2e.site import Site
from tests.gateway.made_up_photos import draw, encoded

pytestmark = pytest.mark.asyncio(loop_scope="session")

PICTURE: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": encoded(draw("red", "ring"))}


def _make_alike(site: Site, start: str, most: int) -> list[image_pb2.Image]:
    """The first photos whose names start so, as one burst; none that it leaves out is found anywhere near."""
    alike = [photo for photo in site.search.photos.values() if photo.name.startswith(start)]
    for photo in alike[most:]:
        del site.search.photos[photo.id]
    for photo in alike[:most]:
        photo.perceptual_hash = 2**40 - 1
    return alike[:most]


async def test_one_of_a_burst_stands_for_all_and_shows_them_on_demand(page: Page, site: Site) -> None:
    burst = _make_alike(site, "red-circle", 4)
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red+circle")
    stack = page.get_by_role("button", name="3 similar photos")
    await expect(stack).to_have_attribute("aria-expanded", "false")
    await expect(view.names.nth(1)).not_to_contain_text("red-circle")
    folded = await view.ids()
    assert len({photo.id for photo in burst} & set(folded)) == 1

    await stack.focus()
    await page.keyboard.press("Enter")

    await expect(stack).to_have_attribute("aria-expanded", "true")
    await expect(stack).to_be_focused()
    await expect(view.announcement).to_have_text("3 similar photos shown")
    shown = await view.ids()
    assert set(shown[:4]) == {photo.id for photo in burst}
    assert [shown[0], *shown[4:]] == folded
    await page.keyboard.press("Enter")
    await expect(stack).to_have_attribute("aria-expanded", "false")
    assert await view.ids() == folded


async def test_the_large_view_steps_through_a_burst_that_is_shown_and_back_finds_it_so(page: Page, site: Site) -> None:
    _make_alike(site, "red-circle", 3)
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red+circle")
    await page.get_by_role("button", name="2 similar photos").click()
    await expect(view.behind).to_have_count(2)
    names = await view.names.all_inner_texts()

    await view.cards.first.click()
    for name in names[1:4]:
        await page.keyboard.press("ArrowRight")
        await expect(view.viewer_name).to_have_text(name)
    await page.keyboard.press("Escape")
    await view.search("blue")
    await expect(view.names.first).to_contain_text("blue-")
    await page.go_back()

    await expect(view.names.first).to_have_text(names[0])
    await expect(page.get_by_role("button", name="2 similar photos")).to_have_attribute("aria-expanded", "true")
    await expect(view.behind).to_have_count(2)


async def test_the_switch_shows_all_and_is_kept_by_address_and_next_search(page: Page, site: Site) -> None:
    _make_alike(site, "red-circle", 3)
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red+circle&type=image/jpeg")
    switch = page.get_by_role("switch", name="Stack similar photos")
    await expect(view.stacks).to_have_count(1)
    await expect(switch).to_be_checked()

    await switch.press("Space")

    await expect(page).to_have_url(f"{site.url}/?q=red+circle&type=image%2Fjpeg&similar=shown")
    await expect(view.stacks).to_have_count(0)
    await expect(view.names.nth(2)).to_contain_text("red-circle")
    await expect(switch).not_to_be_checked()
    await expect(switch).to_be_focused()
    await view.search("red circle jpeg")
    await expect(page).to_have_url(re.compile("similar=shown$"))
    await expect(view.names.nth(2)).to_contain_text("red-circle")
    await page.go_back()
    await page.go_back()
    await expect(switch).to_be_checked()
    await expect(view.stacks).to_have_count(1)
    await page.get_by_role("link", name="Image search: start page").click()
    await expect(switch).to_be_hidden()


async def test_the_heading_tells_how_many_are_not_shown(page: Page, site: Site) -> None:
    _make_alike(site, "red-circle", 3)
    photos = site.search.photos
    for photo_id in [photo.id for photo in photos.values() if not photo.name.startswith("red-")]:
        del photos[photo_id]
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red+circle")
    await expect(view.summary).to_contain_text(f"{len(photos) - 2} photos, 2 more that look alike, best matches first")

    await page.get_by_role("button", name="2 similar photos").click()

    await expect(view.summary).to_contain_text(f"{len(photos)} photos, best matches first")


async def test_a_photo_that_is_gone_meanwhile_is_left_out(page: Page, site: Site) -> None:
    burst = _make_alike(site, "red-circle", 4)
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red+circle")
    stack = page.get_by_role("button", name="3 similar photos")
    await expect(stack).to_be_visible()
    first = (await view.ids())[0]
    del site.search.photos[next(photo.id for photo in burst if photo.id != first)]

    await stack.click()

    await expect(view.behind).to_have_count(2)
    site.search.photos.clear()
    await stack.click()
    await expect(view.behind).to_have_count(0)
    await stack.click()
    await expect(view.announcement).to_have_text("The similar photos can't be loaded.")


async def test_an_uploaded_picture_and_find_similar_stack_as_well(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await view.picture_file.set_input_files([PICTURE])
    await expect(view.title).to_have_text("Photos like your picture")
    await expect(view.cards).to_have_count(60)
    await page.get_by_role("button", name="Newest first").click()
    await expect(view.names.first).to_have_text("red-circle-0000.jpg")
    await page.goto(f"{site.url}/?like={next(iter(site.search.photos))}")
    await expect(view.title).to_have_text("Similar photos")
    await expect(view.cards).to_have_count(60)

    assert [search.hide_similar for search in site.search.searches] == [True, True, True]
