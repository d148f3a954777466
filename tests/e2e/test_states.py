"""What the page says when something is missing, under way or amiss, and how it goes on."""

import re

import pytest
from playwright.async_api import Page, Route, expect

from imagesearch.embedder.v1 import embedder_pb2
from tests.e2e.search_page import SearchPage
from tests.e2e.site import Site
from tests.gateway.fake_services import refusal

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_nothing_indexed_yet_turns_into_photos_by_itself(page: Page, site: Site) -> None:
    photos = dict(site.search.photos)
    site.search.photos.clear()
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.shown("nothing-indexed")).to_contain_text("Nothing has been indexed so far")
    await expect(view.state).to_contain_text("python -m indexer FOLDER")

    site.search.photos.update(list(photos.items())[:30])

    await expect(view.cards).to_have_count(30)
    await expect(view.state).to_be_hidden()


async def test_few_photos_are_said_quietly_and_new_ones_offered(page: Page, site: Site) -> None:
    photos = dict(site.search.photos)
    site.search.photos.clear()
    site.search.photos.update(list(photos.items())[:30])
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.summary).to_contain_text("Few photos are indexed (30). Searches work best with hundreds.")

    site.search.photos.update(photos)
    await page.get_by_role("button", name="Show 120 new photos").click()

    await expect(view.cards).to_have_count(60)
    await expect(view.summary).to_have_text("150 photos")


async def test_no_match_offers_to_clear_the_filters(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red&from=1999-01-01&to=1999-12-31")
    await expect(view.shown("no-match")).to_contain_text("No photo meets all of the filters")

    await view.state.get_by_role("button", name="Clear the filters").click()

    await expect(view.names.first).to_contain_text("red-")
    await expect(page).to_have_url(f"{site.url}/?q=red")


async def test_a_loading_model_shows_how_far_and_the_search_goes_on(page: Page, site: Site) -> None:
    model = site.embedder.model
    model.state, model.progress = embedder_pb2.MODEL_STATE_LOADING, 0.25
    model.state_detail = "Fetching the weights."
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.notice("model-loading")).to_contain_text("The model is loading (25 %)")
    await expect(view.cards).to_have_count(60)
    await view.search("blue ring")
    await expect(view.shown("model-loading")).to_contain_text("Fetching the weights.")
    await expect(view.notices).to_have_count(0)

    model.progress = 0.75
    await expect(view.state.get_by_role("progressbar")).to_have_js_property("value", 0.75)
    await expect(view.state).to_contain_text("75 %")
    model.state = embedder_pb2.MODEL_STATE_READY

    await expect(view.names.first).to_contain_text("blue-ring")
    await expect(view.state).to_be_hidden()


async def test_a_loading_embedder_may_miss_a_question_or_two(page: Page, site: Site) -> None:
    site.embedder.model.state = embedder_pb2.MODEL_STATE_LOADING
    misses = [False, True, True, False, True, False]
    asked = 0

    async def answer(route: Route) -> None:
        nonlocal asked
        response = await route.fetch()
        status = await response.json()
        if asked < len(misses) and misses[asked]:
            status["embedder"].update(state="unreachable", model="", detail="")
        asked += 1
        if asked == len(misses):
            site.embedder.model.state = embedder_pb2.MODEL_STATE_READY
        await route.fulfill(response=response, json=status)

    await page.route("**/api/v1/status", answer)
    await page.add_init_script(
        """window.states = new Set();
        document.addEventListener("DOMContentLoaded", () => new MutationObserver((changes) => {
            for (const { target } of changes) if (target.dataset.state) window.states.add(target.dataset.state);
        }).observe(document.getElementById("state"), { attributeFilter: ["data-state"] }));"""
    )
    view = SearchPage(page)

    await page.goto(f"{site.url}/?q=blue+ring")
    await expect(view.names.first).to_contain_text("blue-ring")

    assert asked >= len(misses)
    assert await page.evaluate("[...window.states]") == ["model-loading"]


async def test_a_model_that_failed_says_why(page: Page, site: Site) -> None:
    site.embedder.model.state = embedder_pb2.MODEL_STATE_FAILED
    site.embedder.model.state_detail = "The weights are broken."
    view = SearchPage(page)

    await page.goto(f"{site.url}/?q=red")

    await expect(view.shown("model-failed")).to_contain_text("The weights are broken.")


async def test_an_embedder_that_is_away_is_named_and_waited_for(page: Page, site: Site) -> None:
    await site.embedder_service.stop()
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=blue+ring")
    await expect(view.shown("embedder-unreachable")).to_contain_text("The embedder can't be reached")
    await page.get_by_role("link", name="Image search: start page").click()
    await expect(view.cards).to_have_count(60)
    await expect(view.notice("embedder-unreachable")).to_be_visible()
    await page.go_back()
    await expect(view.shown("embedder-unreachable")).to_be_visible()

    await site.embedder_service.start()

    await expect(view.names.first).to_contain_text("blue-ring")
    await expect(view.notices).to_have_count(0)


async def test_an_index_that_is_away_is_named_and_waited_for(page: Page, site: Site) -> None:
    await site.search_service.stop()
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.shown("search-unreachable")).to_contain_text("The index can't be reached")

    await site.search_service.start()

    await expect(view.cards).to_have_count(60)


async def test_a_gateway_that_is_away_is_waited_for(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.cards).to_have_count(60)
    await site.stop_gateway()
    await view.search("red circle")
    await expect(view.shown("gateway-unreachable")).to_contain_text("The server can't be reached")

    await site.start_gateway()

    await expect(view.names.first).to_contain_text("red-circle")
    await expect(view.notices).to_have_count(0)


async def test_an_index_of_another_model_asks_for_a_rebuild(page: Page, site: Site) -> None:
    site.search.model = "another@ba9876543210"
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.notice("model-mismatch")).to_contain_text("another@ba9876543210")

    await view.search("red")

    await expect(view.shown("model-mismatch")).to_contain_text("The index needs a rebuild")
    await expect(view.state).to_contain_text("python -m indexer FOLDER --rebuild")


async def test_the_models_notice_can_be_dismissed_for_good(page: Page, site: Site) -> None:
    site.embedder.model.notice = "This model knows the main thing in a picture."
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.notices).to_have_text("This model knows the main thing in a picture.")

    await page.get_by_role("button", name="Dismiss this notice").click()
    await expect(view.notices).to_have_count(0)
    async with page.expect_response("**/api/v1/status"):
        await page.reload()
    await expect(view.cards).to_have_count(60)

    await expect(view.notices).to_have_count(0)


async def test_a_model_that_stands_in_is_one_notice_with_more_behind_it(page: Page, site: Site) -> None:
    model = site.embedder.model
    model.state, model.state_detail = embedder_pb2.MODEL_STATE_DEGRADED, "A small model stands in."
    model.notice = "It knows the main thing. For more: `make run EMBEDDER_MODEL=clip-vit-b-32 REBUILD=1`"
    view = SearchPage(page)
    await page.goto(site.url)
    await expect(view.notices).to_have_count(1)
    await expect(view.notices).to_contain_text("A small model stands in.")
    command = view.notices.locator("code")
    await expect(command).to_be_hidden()

    await page.get_by_role("button", name="More").click()
    await expect(command).to_have_text("make run EMBEDDER_MODEL=clip-vit-b-32 REBUILD=1")
    await expect(page.get_by_role("button", name="Copy the command")).to_be_visible()
    assert await command.evaluate("code => code.getClientRects().length") == 1
    await page.get_by_role("button", name="Dismiss this notice").click()
    await expect(view.notices).to_have_count(0)

    model.state_detail = "Another model stands in."
    await page.reload()

    await expect(view.notices).to_contain_text("Another model stands in.")


async def test_a_busy_service_is_tried_again(page: Page, site: Site) -> None:
    site.embedder.calls.refuse_with = refusal("OVERLOADED", "Too many requests wait already.", retry_after=1)
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red+circle")
    await expect(view.shown("overloaded")).to_contain_text("busy for a moment")

    site.embedder.calls.refuse_with = None

    await expect(view.names.first).to_contain_text("red-circle")


async def test_a_text_that_is_too_long_says_so(page: Page, site: Site) -> None:
    async def refuse(route: Route) -> None:
        problem = {"reason": "TEXT_TOO_LONG", "detail": "The text has more than 8192 bytes.", "status": 400}
        await route.fulfill(status=400, content_type="application/problem+json", json=problem)

    await page.route(re.compile(r"/api/v1/search"), refuse)
    view = SearchPage(page)

    await page.goto(f"{site.url}/?q=red")

    await expect(view.shown("text-too-long")).to_contain_text("The text has more than 8192 bytes.")


async def test_a_long_text_is_refused_by_its_length_alone(page: Page, site: Site) -> None:
    view = SearchPage(page)

    await page.goto(f"{site.url}/?q={'猫' * 3_000}")
    await expect(view.shown("text-too-long")).to_contain_text("more than 8192 bytes")

    await view.search("猫" * 10_000)
    await expect(view.shown("text-too-long")).to_contain_text("too long to be sent")


async def test_a_photo_that_is_gone_leads_back(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?like=gone")
    await expect(view.shown("photo-gone")).to_contain_text("This photo is not in the index")

    await view.state.get_by_role("button", name="Back to all photos").click()

    await expect(view.cards).to_have_count(60)


async def test_a_fault_names_the_request(page: Page, site: Site) -> None:
    site.search.calls.refuse_with = refusal("INTERNAL", "A fault of the service itself.")
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red")
    await expect(view.shown("failed")).to_contain_text(re.compile("Request [0-9a-f]+"))

    site.search.calls.refuse_with = None
    await view.state.get_by_role("button", name="Try now").click()

    await expect(view.names.first).to_contain_text("red-")


async def test_a_page_of_an_error_that_is_no_problem_is_understood(page: Page, site: Site) -> None:
    await page.route(
        re.compile(r"/api/v1/search"), lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>")
    )
    view = SearchPage(page)

    await page.goto(f"{site.url}/?q=red")

    await expect(view.shown("failed")).to_contain_text("The server answered 502.")
