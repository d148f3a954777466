"""The addresses of the tool that was here before."""

from io import BytesIO
from pathlib import Path

import pytest

from imagesearch.type.v1 import image_pb2
from tests.gateway.conftest import Gateway, Services, StartGateway
from tests.gateway.made_up_photos import draw, encoded


def lying_at(services: Services, path: str, *, source: str = "s", image_id: str = "") -> image_pb2.Image:
    """Adds a photo to the index."""
    photo = image_pb2.Image(id=image_id or f"{source}-{path}", source=source, relative_path=path, name=path)
    services.search.photos[photo.id] = photo
    return photo


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/index", "/"),
        ("/image_search", "/"),
        ("/image_search?searchbox=", "/"),
        ("/image_search?searchbox=a+dog+%26+caf%C3%A9", "/?q=a+dog+%26+caf%C3%A9"),
        ("/similar_image", "/"),
    ],
)
async def test_the_old_pages_lead_to_the_new_one(gateway: Gateway, address: str, expected: str) -> None:
    answer = await gateway.get(address, allow_redirects=False)

    assert (answer.status, answer.headers["Location"]) == (302, expected)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"searchbox": "a dog", "submit": "Search"}, "/?q=a+dog"),
        ({"searchbox": "  "}, "/"),
        ({"searchbox": "a dog", "find_similar_image": "IMG_1"}, "/"),
        ({}, "/"),
    ],
)
async def test_the_old_search_form_leads_to_the_search(gateway: Gateway, form: dict[str, str], expected: str) -> None:
    answer = await gateway.post("/image_search", data=form, allow_redirects=False)

    assert (answer.status, answer.headers["Location"]) == (303, expected)


async def test_the_old_upload_says_where_it_went(gateway: Gateway) -> None:
    answer = await gateway.post("/similar_image", data={"file": BytesIO(encoded(draw("red", "ring")))})

    problem = await answer.json()
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert "POST /api/v1/search" in problem["detail"]


@pytest.mark.parametrize("root", ["/image", "/static/images"])
@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("a.jpg", "a.jpg"),
        ("2020/winter/a b.jpg", "2020/winter/a b.jpg"),
        ("2020%2Fa.jpg", "2020/a.jpg"),
        ("caf%C3%A9/a%3Fb.jpg", "café/a?b.jpg"),
        ("100%25.jpg", "100%25.jpg"),
        ("%FF.jpg", "%FF.jpg"),
        ("image/a.jpg", "image/a.jpg"),
    ],
)
async def test_a_photos_old_address_leads_to_its_original(
    gateway: Gateway, services: Services, root: str, address: str, path: str
) -> None:
    lying_at(services, path, image_id="the-photo")

    answer = await gateway.get(f"{root}/{address}", allow_redirects=False)

    assert (answer.status, answer.headers["Location"]) == (302, "/api/v1/images/the-photo/original")


async def test_an_unusual_id_stays_whole(gateway: Gateway, services: Services) -> None:
    lying_at(services, "a.jpg", image_id="a/b?c%d")

    answer = await gateway.get("/image/a.jpg", allow_redirects=False)

    assert answer.headers["Location"] == "/api/v1/images/a%2Fb%3Fc%25d/original"


async def test_only_the_whole_path_will_do(gateway: Gateway, services: Services) -> None:
    lying_at(services, "in/a.jpg.jpg", source="a")
    lying_at(services, "in/a.jpg", source="b", image_id="right")

    found = await gateway.get("/image/in/a.jpg", allow_redirects=False)
    missing = await gateway.get("/image/in/a")

    assert found.headers["Location"] == "/api/v1/images/right/original"
    assert (missing.status, missing.content_type) == (404, "application/problem+json")
    assert "in/a" in (await missing.json())["detail"]


async def test_without_a_path_there_is_nothing(gateway: Gateway) -> None:
    assert (await gateway.get("/image/")).status == 404
    assert (await gateway.get("/static/images/")).status in {403, 404}


async def test_a_missing_index_is_told(gateway: Gateway, services: Services) -> None:
    services.search.photos.clear()

    assert (await gateway.get("/image/a.jpg")).status == 404


async def test_a_photo_of_unknown_format_is_shown_by_its_content(
    start_gateway: StartGateway, services: Services, tmp_path: Path
) -> None:
    """The tool's index tells no formats."""
    (tmp_path / "a.jpg").write_bytes(encoded(draw("red", "ring"), "PNG"))
    (tmp_path / "page.jpg").write_bytes(b"<html><script>alert(1)</script>")
    for name in ("a.jpg", "page.jpg"):
        lying_at(services, name)
    gateway = await start_gateway(sources={"s": tmp_path})

    picture = await gateway.get("/image/a.jpg")
    page = await gateway.get("/image/page.jpg")

    assert (picture.status, picture.content_type) == (200, "image/png")
    assert picture.headers["Content-Disposition"].startswith("inline")
    assert (page.content_type, page.headers["Content-Disposition"][:10]) == ("application/octet-stream", "attachment")
