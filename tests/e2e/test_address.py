"""The address tells what is shown: shared, reloaded, gone back to."""

import pytest
from playwright.async_api import Page, expect

from tests.e2e.search_page import SearchPage
from tests.e2e.site import Site
from tests.gateway.made_up_photos import SOURCE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_back_and_forward_go_through_the_searches(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    for text in ("red circle", "blue ring"):
        await view.search(text)
        await expect(view.names.first).to_contain_text(text.replace(" ", "-"))

    await page.go_back()
    await expect(view.query).to_have_value("red circle")
    await expect(view.names.first).to_contain_text("red-circle")
    await page.go_back()
    await expect(view.title).to_have_text("Newest photos")
    await expect(view.names.first).to_have_text("red-circle-0000.jpg")
    await page.go_forward()
    await page.go_forward()

    await expect(view.query).to_have_value("blue ring")
    await expect(view.names.first).to_contain_text("blue-ring")


async def test_going_back_returns_to_the_same_place_without_asking_again(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red")
    await expect(view.cards).to_have_count(60)
    await view.scroll_to_end()
    await expect(view.cards).to_have_count(120)
    await view.cards.nth(80).scroll_into_view_if_needed()
    scrolled = await page.evaluate("scrollY")
    searches = len(site.search.searches)
    await view.search("blue")
    await expect(view.names.first).to_contain_text("blue-")
    assert await page.evaluate("scrollY") == 0

    await page.go_back()

    await expect(view.cards.nth(80)).to_be_in_viewport()
    assert await page.evaluate("scrollY") == scrolled
    assert len(site.search.searches) == searches + 1


async def test_a_search_survives_a_reload(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await view.search("green triangle & more?")
    await expect(view.names.first).to_contain_text("green-triangle")

    await page.reload()

    await expect(view.query).to_have_value("green triangle & more?")
    await expect(view.names.first).to_contain_text("green-triangle")


async def test_the_same_search_again_makes_no_new_step_back(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await view.search("red")
    await expect(view.names.first).to_contain_text("red-")
    await view.search("red")
    await expect(view.names.first).to_contain_text("red-")

    await page.go_back()

    await expect(view.title).to_have_text("Newest photos")


async def test_a_shared_address_shows_similar_photos(page: Page, site: Site) -> None:
    view = SearchPage(page)
    photo = next(photo for photo in site.search.photos.values() if photo.name.startswith("purple-ring"))

    await page.goto(f"{site.url}/?like={photo.id}")

    await expect(page.locator(".query-about")).to_have_text(photo.name)
    await expect(view.names.first).to_contain_text("purple-ring")
    await expect(page).to_have_title(f"Similar to {photo.name} – Image search")


async def test_filters_stand_in_the_address_and_are_kept_by_the_next_search(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red")
    await expect(view.cards.first).to_be_visible()
    await view.filters.click()
    await page.get_by_label("Taken from").fill("2024-01-01")
    await page.get_by_label("Taken from").blur()
    await page.get_by_label("Taken until").fill("2024-12-31")
    await page.get_by_label("Taken until").blur()
    await expect(page).to_have_url(f"{site.url}/?q=red&from=2024-01-01&to=2024-12-31")
    in_2024 = sum(photo.taken_at.year == 2024 for photo in site.search.photos.values())
    await expect(view.summary).to_have_text(f"{in_2024} photos, best matches first")

    await view.search("blue")
    await expect(page).to_have_url(f"{site.url}/?q=blue&from=2024-01-01&to=2024-12-31")
    await expect(view.cards).to_have_count(in_2024)
    await view.remove_filter("2024").click()

    await expect(page).to_have_url(f"{site.url}/?q=blue")
    await expect(view.cards).to_have_count(60)


async def test_a_folder_can_be_written_and_is_suggested(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await view.filters.click()
    suggested = page.locator("#folders option")
    in_2025 = sum(photo.relative_path.startswith("2025/") for photo in site.search.photos.values())
    await expect(suggested.and_(page.locator("[value='2025']"))).to_have_attribute("label", f"2025 ({in_2025} photos)")

    await page.get_by_label("Folder").fill("/2025/06/")
    await page.get_by_label("Folder").press("Enter")

    await expect(page).to_have_url(f"{site.url}/?source={SOURCE}&folder=2025%2F06")
    in_folder = sum(photo.relative_path.startswith("2025/06/") for photo in site.search.photos.values())
    await expect(view.cards).to_have_count(in_folder)
    await expect(view.in_force).to_have_text([f"{SOURCE} / 2025/06"])
