"""The three kinds of search on real photos, through the page, with all services and the concept model."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.search_page import SearchPage
from tests.local_run_process import LocalRunProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")

PLENTY_OF_TIME_MS = 60_000


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("a cat", "chelsea.png"),
        ("eine Tasse Kaffee", "coffee.png"),
        ("una motocicleta", "motorcycle_left.png"),
        ("火箭", "rocket.jpg"),
    ],
)
async def test_words_in_several_languages_find_the_photo(
    page: Page, sample_run: LocalRunProcess, query: str, name: str
) -> None:
    view = SearchPage(page)
    await page.goto(sample_run.page)

    await view.search(query)

    await expect(view.scores.first).to_be_visible(timeout=PLENTY_OF_TIME_MS)
    assert name in [await card.inner_text() for card in (await view.names.all())[:3]]


async def test_an_uploaded_photo_finds_itself(page: Page, sample_run: LocalRunProcess) -> None:
    view = SearchPage(page)
    await page.goto(sample_run.page)

    await view.picture_file.set_input_files(Path(sample_run.home) / "samples" / "coffee.png")

    await expect(view.names.first).to_have_text("coffee.png", timeout=PLENTY_OF_TIME_MS)
    await expect(view.query_picture).to_be_visible()


async def test_find_similar_pairs_the_two_photos_of_one_motorcycle(page: Page, sample_run: LocalRunProcess) -> None:
    view = SearchPage(page)
    await page.goto(f"{sample_run.page}/?q=a motorcycle")
    card = page.locator("#grid li", has_text="motorcycle_left.png")

    await card.get_by_role("button", name="similar").click(timeout=PLENTY_OF_TIME_MS)

    await expect(view.names.first).to_have_text("motorcycle_right.png", timeout=PLENTY_OF_TIME_MS)
    assert "like=" in page.url


async def test_the_page_says_that_the_small_model_is_at_work(page: Page, sample_run: LocalRunProcess) -> None:
    await page.goto(sample_run.page)

    await expect(page.locator("#notices")).to_contain_text("EMBEDDER_MODEL=clip-vit-b-32", timeout=PLENTY_OF_TIME_MS)
