"""Names are text, whatever they hold; the page asks no one but its own server."""

import re

import pytest
from playwright.async_api import Page, expect

from gateway.app import WEB_FOLDER
from imagesearch.type.v1 import image_pb2
from tests.e2e.search_page import SearchPage
from tests.e2e.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE_NAMES = [
    "<img src=x onerror=\"document.title='taken'\">.jpg",
    "\"><script>document.title='taken'</script>.jpg",
    "' onmouseover='document.title=1' x='.jpg",
    "javascript:alert(1).jpg",
    "line\nbreak and\ttab.jpg",
    "\u202egpj.exe.jpg",
    "&lt;b&gt;&amp;.jpg",
    "á" * 200 + ".jpg",
]


def _rename(photos: dict[str, image_pb2.Image], names: list[str]) -> None:
    for photo, name in zip(photos.values(), names, strict=False):
        photo.name = name
        photo.camera.make = name
        photo.source = name


async def test_hostile_names_are_shown_as_text(page: Page, site: Site) -> None:
    _rename(site.search.photos, HOSTILE_NAMES)
    view = SearchPage(page)
    await page.goto(site.url)
    names = [await view.names.nth(i).text_content() for i in range(len(HOSTILE_NAMES))]
    assert names == HOSTILE_NAMES
    elements = "document.querySelectorAll('#grid script, #viewer script, [onerror], [onmouseover]').length"

    for i, name in enumerate(HOSTILE_NAMES):
        await view.cards.nth(i).click()
        assert await view.viewer_name.text_content() == name
        assert await view.fact("source").text_content() == name
        assert await page.evaluate(elements) == 0
        await page.keyboard.press("Escape")
        await expect(view.viewer).to_be_hidden()
    await view.filters.click()

    assert await page.title() == "Image search"
    assert await page.evaluate(elements) == 0


async def test_a_hostile_query_is_shown_as_text(page: Page, site: Site) -> None:
    view = SearchPage(page)

    await page.goto(f"{site.url}/?q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")

    await expect(view.title).to_have_text("Photos of “<img src=x onerror=alert(1)>”")
    await expect(page.locator("h1 img")).to_have_count(0)


async def test_the_policy_allows_nothing_but_the_pages_own_files(page: Page, site: Site) -> None:
    answer = await page.goto(site.url)

    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    html = await answer.text()
    assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", html) == []


async def test_every_module_is_fetched_ahead(page: Page, site: Site) -> None:
    await page.goto(site.url)
    ahead: list[str] = await page.locator("link[rel=modulepreload]").evaluate_all("all => all.map(one => one.href)")

    imported = {
        f"{site.url}/static/{name}"
        for module in WEB_FOLDER.glob("*.js")
        for name in re.findall(r'from "\./(\w+\.js)";', module.read_text(encoding="utf-8"))
    }
    assert set(ahead) == imported
