"""One Chromium for all tests; for each test a fresh tab, and a fresh site where it asks for one."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from imagesearch.type.v1 import image_pb2
from tests.e2e.browsing import CHROMIUM_ARGUMENTS, PATIENCE_MS, Complaints, open_context, open_tab
from tests.e2e.site import Site, running_site
from tests.gateway.made_up_photos import make_photos

# More than two pages of the grid.
PHOTO_COUNT = 150

expect.set_options(timeout=PATIENCE_MS)


def _chromium_path() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path:
        return path
    problem = "No Chromium was found. Install one (Debian, Ubuntu: apt install chromium) or name it: CHROMIUM=/path."
    if os.environ.get("CI"):
        pytest.fail(problem)
    pytest.skip(problem)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_chromium_path(), args=CHROMIUM_ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A tab. The test fails if the page logs an error, is refused something or asks another host."""
    complaints = Complaints()
    context = await open_context(browser)
    yield await open_tab(context, complaints)
    await context.close()
    assert complaints.seen == []


@pytest.fixture(scope="session")
def e2e_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="session")
def photos(e2e_folder: Path) -> list[image_pb2.Image]:
    """Shared by all tests, none of which changes them."""
    return make_photos(e2e_folder / "photos", PHOTO_COUNT)


@pytest_asyncio.fixture(loop_scope="session")
async def site(photos: list[image_pb2.Image], e2e_folder: Path) -> AsyncIterator[Site]:
    own = [image_pb2.Image.FromString(photo.SerializeToString()) for photo in photos]
    async with running_site(own, e2e_folder / "photos", e2e_folder / "cache") as site:
        yield site
