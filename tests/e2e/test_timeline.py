"""The timeline: years, and the months of one of them."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.search_page import SearchPage
from tests.e2e.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_year_and_a_month_are_chosen_by_the_keyboard(page: Page, site: Site) -> None:
    times = [photo.taken_at for photo in site.search.photos.values()]
    in_2024 = sum(time.year == 2024 for time in times)
    in_march = sum((time.year, time.month) == (2024, 3) for time in times)
    view = SearchPage(page)
    await page.goto(site.url)
    await view.filters.click()
    await expect(view.years).to_have_text([re.compile(f"^{year}\\d+$") for year in (2025, 2024, 2023, 2022, 2021)])
    await expect(page.locator("#without-time")).to_have_text(f"no date: {sum(not time.year for time in times)}")
    year = page.get_by_role("button", name=f"2024, {in_2024} photos")
    await expect(view.months).to_have_count(0)

    await year.focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{site.url}/?from=2024-01-01&to=2024-12-31")
    await expect(view.summary).to_have_text(f"{in_2024} photos")
    await expect(year).to_have_attribute("aria-pressed", "true")
    await expect(year).to_be_focused()
    month = page.get_by_role("button", name=f"March 2024, {in_march} photos")
    await month.focus()
    await page.keyboard.press("Space")
    await expect(page).to_have_url(f"{site.url}/?from=2024-03-01&to=2024-03-31")
    await expect(view.cards).to_have_count(in_march)
    await expect(month).to_have_attribute("aria-pressed", "true")
    await expect(year).to_have_attribute("aria-pressed", "mixed")

    await month.press("Enter")
    await expect(page).to_have_url(f"{site.url}/?from=2024-01-01&to=2024-12-31")
    await year.press("Enter")

    await expect(page).to_have_url(f"{site.url}/")
    await expect(view.months).to_have_count(0)


async def test_other_days_of_a_year_show_its_months(page: Page, site: Site) -> None:
    view = SearchPage(page)

    await page.goto(f"{site.url}/?from=2024-03-05&to=2024-06-10")
    await view.filters.click()

    await expect(view.in_force).to_have_text(["5 Mar 2024 – 10 Jun 2024"])
    await expect(page.locator("#years [aria-pressed=mixed]")).to_contain_text("2024")
    await expect(view.months).to_have_count(12)
    await expect(page.locator("#months [aria-pressed=true]")).to_have_count(0)


async def test_the_chosen_year_is_in_sight_where_not_all_are(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.set_viewport_size({"width": 360, "height": 1000})

    await page.goto(f"{site.url}/?from=2021-01-01&to=2021-12-31")
    await view.filters.click()

    await expect(view.years).to_have_count(5)
    await expect(view.years.first).not_to_be_in_viewport(ratio=1)
    await expect(view.years.last).to_be_in_viewport(ratio=1)
