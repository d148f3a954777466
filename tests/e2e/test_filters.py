"""Filters: chosen in their row, told while they are in force, each removed alone."""

import re
from collections.abc import Callable

import pytest
from playwright.async_api import FilePayload, Page, Route, expect

from imagesearch.search.v1 import search_pb2
from imagesearch.type.v1 import image_pb2
from tests.e2e.search_page import SearchPage
from tests.e2e.site import Site
from tests.gateway.made_up_photos import SOURCE, draw, encoded

pytestmark = pytest.mark.asyncio(loop_scope="session")

PICTURE: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": encoded(draw("blue", "ring"))}
ALL_IN_FORCE = (
    "q=red&from=2023-03-05&to=2025-06-10&source=made-up&folder=2024"
    "&make=Example&model=EX-0&type=image%2Fjpeg&bbox=11,48,12,50&near=49,11.5&radius=5000"
)


def _count(site: Site, keep: Callable[[image_pb2.Image], bool]) -> int:
    return sum(keep(photo) for photo in site.search.photos.values())


async def test_camera_and_kind_are_chosen_among_what_there_is(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(site.url)
    await view.filters.click()
    taken = _count(site, lambda photo: photo.camera.model == "EX-0")
    await page.get_by_label("Camera").select_option(label=f"Example EX-0 ({taken} photos)")
    await expect(page).to_have_url(f"{site.url}/?make=Example&model=EX-0")
    await expect(view.cards).to_have_count(taken)

    await page.get_by_label("Kind of file").select_option(label=f"JPEG ({taken} photos)")

    await expect(page).to_have_url(f"{site.url}/?make=Example&model=EX-0&type=image%2Fjpeg")
    await expect(view.in_force).to_have_text(["Example EX-0", "JPEG"])
    other = _count(site, lambda photo: photo.camera.model == "EX-2" and photo.media_type == "image/jpeg")
    await expect(page.get_by_label("Camera").locator("option")).to_contain_text(
        ["All", "EX-0", f"EX-2 ({other} photos)"]
    )


async def test_a_camera_is_told_by_its_name_letter_by_letter(page: Page, site: Site) -> None:
    photo = next(iter(site.search.photos.values()))
    photo.camera.make, photo.camera.model = "Odd, ", "50% & more"
    view = SearchPage(page)
    await page.goto(site.url)
    await view.filters.click()

    await page.get_by_label("Camera").select_option(label="Odd, 50% & more (1 photo)")
    await expect(view.cards).to_have_count(1)
    await page.reload()

    await expect(view.cards).to_have_count(1)
    await expect(view.in_force).to_have_text(["Odd, 50% & more"])


async def test_where_there_is_nothing_to_choose_no_field_is_shown(page: Page, site: Site) -> None:
    for photo in site.search.photos.values():
        photo.media_type = "image/jpeg"
        photo.ClearField("camera")
        photo.ClearField("location")
    view = SearchPage(page)
    await page.goto(site.url)

    await view.filters.click()
    await expect(view.years.first).to_be_visible()

    for name in ("Source", "Camera", "Kind of file", "Where"):
        await expect(page.locator("#filters").get_by_text(name, exact=True)).to_be_hidden()


async def test_each_filter_in_force_is_told_and_removed_alone(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(f"{site.url}/?{ALL_IN_FORCE}")
    await expect(page.locator("#filters")).to_be_hidden()
    names = await view.in_force.locator("button").evaluate_all("all => all.map((one) => one.ariaLabel)")
    assert [name.removeprefix("Remove the filter ") for name in names] == [
        "5 Mar 2023 – 10 Jun 2025",
        f"{SOURCE} / 2024",
        "Example EX-0",
        "JPEG",
        "48°–50° N, 11°–12° E",
        "within 5 km of 49.00° N, 11.50° E",
    ]

    await view.remove_filter("Example EX-0").focus()
    await page.keyboard.press("Enter")

    await expect(view.in_force).to_have_count(5)
    await expect(page).to_have_url(f"{site.url}/?{ALL_IN_FORCE.replace('&make=Example&model=EX-0', '')}")
    await expect(page.locator("#in-force :focus")).to_have_count(1)
    await page.get_by_role("button", name="Clear filters").click()
    await expect(page).to_have_url(f"{site.url}/?q=red")
    await expect(view.in_force).to_have_count(0)
    await expect(view.filters).to_be_focused()


async def test_what_an_address_says_without_sense_is_left_out_and_told(page: Page, site: Site) -> None:
    view = SearchPage(page)

    await page.goto(
        f"{site.url}/?q=red&bbox=1,2,3&near=91,0&from=2024-02-30&type=picture&radius=-5&make=Example&model=EX-0"
    )

    await expect(view.cards).to_have_count(_count(site, lambda photo: photo.camera.model == "EX-0"))
    for name in ("bbox", "near", "from", "type", "radius"):
        await expect(view.summary).to_contain_text(f"The address had a “{name}” that can't be understood")
    await expect(page).to_have_url(f"{site.url}/?q=red&make=Example&model=EX-0")


async def test_a_filter_that_the_server_refuses_can_be_removed(page: Page, site: Site) -> None:
    async def refuse(route: Route) -> None:
        problem = {"reason": "INVALID_FIELD", "detail": "media_type: there is no such format.", "status": 400}
        await route.fulfill(status=400, content_type="application/problem+json", json=problem)

    await page.route(re.compile(r"media_type="), refuse)
    view = SearchPage(page)
    await page.goto(f"{site.url}/?q=red&type=image/nothing")
    await expect(view.shown("not-understood")).to_contain_text("media_type: there is no such format.")

    await view.remove_filter("NOTHING").click()

    await expect(view.names.first).to_contain_text("red-")


async def test_an_uploaded_picture_is_searched_for_with_filters_and_order_on_all_pages(page: Page, site: Site) -> None:
    view = SearchPage(page)
    await page.goto(
        f"{site.url}/?type=image/jpeg&bbox=-180,-90,180,90&near=48,11&radius=20000000&make=Example&model=EX-0"
    )
    for photo in site.search.photos.values():
        photo.location.latitude, photo.location.longitude = 48.1, 11.5
        photo.camera.make, photo.camera.model = "Example", "EX-0"
    await view.picture_file.set_input_files([PICTURE])
    await expect(view.cards).to_have_count(60)
    await page.get_by_role("button", name="Newest first").click()
    await expect(page).to_have_url(re.compile("picture&order=newest&make=Example"))
    await expect(view.names.first).to_have_text("red-circle-0000.jpg")
    await view.scroll_to_end()
    await expect(view.cards).to_have_count(120)

    uploaded, *later = site.search.searches[-3:]

    assert [search.filter == uploaded.filter for search in later] == [True, True]
    assert [search.order for search in later] == [search_pb2.SEARCH_ORDER_NEWEST_FIRST] * 2
    kept = uploaded.filter
    assert (kept.cameras[0].make, kept.cameras[0].model) == ("Example", "EX-0")
    assert list(kept.media_types) == ["image/jpeg"]
    assert kept.nearby.radius_meters == 20_000_000
    assert (kept.bounding_box.west, kept.bounding_box.north) == (-180, 90)
