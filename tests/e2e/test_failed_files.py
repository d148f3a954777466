"""The files that could not be indexed: told quietly, listed with their reasons, gone when nothing failed."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.search_page import SearchPage
from tests.e2e.site import Site
from tests.gateway.fake_failures import make_failure
from tests.gateway.made_up_photos import SOURCE

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _fail(site: Site, count: int, source: str = SOURCE) -> None:
    site.search.failures += [
        make_failure(source, f"2024/05/IMG_{number:04}.jpg".encode(), number) for number in range(count)
    ]


async def test_they_are_a_quiet_line_on_the_start_page_and_none_elsewhere(page: Page, site: Site) -> None:
    _fail(site, 3)
    view = SearchPage(page)

    await page.goto(site.url)

    await expect(page.get_by_role("button", name="3 files could not be indexed")).to_be_visible()
    await expect(view.notices).to_have_count(0)
    await view.search("red")
    await expect(view.names.first).to_contain_text("red-")
    await expect(view.failed_files).to_have_count(0)


async def test_where_nothing_failed_nothing_is_said(page: Page, site: Site) -> None:
    view = SearchPage(page)

    await page.goto(site.url)

    await expect(view.summary).to_have_text("150 photos")
    await expect(view.failed_files).to_have_count(0)


async def test_each_is_listed_with_its_reason_and_the_way_out(page: Page, site: Site) -> None:
    _fail(site, 4)
    site.search.failures.append(make_failure(SOURCE, b"secret/", 2))
    site.search.failures[-1].reason = "FOLDER_UNREADABLE"
    view = SearchPage(page)
    await page.goto(site.url)
    await view.failed_files.focus()
    await page.keyboard.press("Enter")

    dialog = page.get_by_role("dialog", name="Files that could not be indexed")
    lines = dialog.get_by_role("listitem")
    await expect(lines).to_contain_text(
        [
            "IMG_0000.jpgmade-up / 2024/05It can't be read as a picture. The file is cut off after 812 bytes.1 July",
            "IMG_0001.jpgmade-up / 2024/05It is too large. The picture has 412 million pixels",
            "IMG_0002.jpgmade-up / 2024/05It can't be opened. Permission denied.",
            "IMG_0003.jpgmade-up / 2024/05It could not be indexed. A later version knows more reasons.",
            "secret/made-upThe folder can't be opened. Permission denied.",
        ]
    )
    await expect(dialog).to_contain_text("python -m indexer FOLDER --retry-failed")
    await expect(dialog.get_by_role("status")).to_have_text("That is all: 5 files.")
    await expect(dialog.get_by_label("Source")).to_be_hidden()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(view.failed_files).to_be_focused()
    await expect(page).to_have_url(f"{site.url}/")


async def test_its_address_can_be_shared_and_going_back_closes_it(page: Page, site: Site) -> None:
    _fail(site, 1)
    view = SearchPage(page)
    await page.goto(site.url)
    await view.failed_files.click()
    await expect(page).to_have_url(f"{site.url}/?failures")
    await page.go_back()
    await expect(view.failed_list).to_be_hidden()

    await page.goto(f"{site.url}/?failures")

    await expect(view.failed_list.get_by_role("listitem")).to_have_count(1)
    await page.get_by_role("button", name="Close").click()
    await expect(page).to_have_url(f"{site.url}/")
    await expect(view.failed_list).to_be_hidden()


async def test_long_lists_come_in_pages_and_by_source(page: Page, site: Site) -> None:
    _fail(site, 70)
    _fail(site, 2, "scans")
    view = SearchPage(page)
    await page.goto(f"{site.url}/?failures")
    lines = view.failed_list.get_by_role("listitem")
    await expect(lines).to_have_count(50)

    more = view.failed_list.get_by_role("button", name="Show more")
    await more.focus()
    await page.keyboard.press("Enter")

    await expect(lines).to_have_count(72)
    await expect(lines.nth(50)).to_be_focused()
    await expect(more).to_have_count(0)
    await view.failed_list.get_by_label("Source").select_option("scans (2 files)")
    await expect(lines).to_have_count(2)
    await expect(lines.first).to_contain_text("scans / 2024/05")
    async with page.expect_download() as downloading:
        await view.failed_list.get_by_role("link", name="Download the list").click()
    download = await downloading.value
    assert download.suggested_filename == "failures.jsonl"
    text = await asyncio.to_thread(Path(await download.path()).read_text, encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    assert [(row["source"], row["name"]) for row in rows] == [("scans", "IMG_0000.jpg"), ("scans", "IMG_0001.jpg")]


async def test_a_list_that_can_not_be_had_can_be_tried_again_and_may_be_empty(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.route(re.compile("/api/v1/failures"), lambda route: route.abort())
    await page.goto(f"{site.url}/?failures")
    await expect(view.failed_list.get_by_role("alert")).to_contain_text("The list can't be loaded.")

    await page.unroute(re.compile("/api/v1/failures"))
    await view.failed_list.get_by_role("button", name="Try again").click()

    await expect(view.failed_list.get_by_role("status")).to_have_text("Every file could be indexed.")


async def test_where_every_file_failed_the_empty_page_leads_to_them(page: Page, site: Site) -> None:
    site.search.photos.clear()
    _fail(site, 2)
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.shown("nothing-indexed")).to_be_visible()

    await view.state.get_by_role("button", name="2 files could not be indexed").click()

    await expect(view.failed_list.get_by_role("listitem")).to_have_count(2)


async def test_it_fits_a_small_phone(page: Page, site: Site) -> None:
    site.search.failures += [make_failure("scans", b"x" * 200 + b".jpg"), make_failure(SOURCE, b"y/" * 60 + b"a.jpg")]
    view = SearchPage(page)
    await page.set_viewport_size({"width": 360, "height": 640})

    await page.goto(f"{site.url}/?failures")

    await expect(view.failed_list.get_by_role("listitem")).to_have_count(2)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    for part in (page.locator(".failed-body"), view.failed_list.locator("code")):
        assert await part.evaluate("part => part.scrollWidth - part.clientWidth") == 0
