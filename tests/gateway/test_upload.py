"""POST /api/v1/search with a picture."""

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from imagesearch.embedder.v1 import embedder_pb2
from pictures.decode import read_picture
from pictures.reduce import reduced_picture
from tests.gateway.conftest import Gateway, Services, StartGateway
from tests.gateway.fake_services import MODEL
from tests.gateway.made_up_photos import SOURCE, draw, encoded

SEARCH = "/api/v1/search"
USEFUL_EDGE = 224


def _form(image: bytes, **fields: str) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("image", image, filename="photo.jpg", content_type="image/jpeg")
    for name, value in fields.items():
        form.add_field(name, value)
    return form


async def _refused(gateway: Gateway, form: aiohttp.FormData, status: int = 400) -> Any:
    answer = await gateway.post(SEARCH, data=form)
    assert answer.status == status, await answer.text()
    assert answer.content_type == "application/problem+json"
    return await answer.json()


async def test_a_picture_finds_photos_of_its_colour(gateway: Gateway) -> None:
    answer = await gateway.post(SEARCH, data=_form(encoded(draw("green", "square")), page_size="5"))

    found = await answer.json()
    assert answer.status == 200
    assert len(found["results"]) == 5
    assert all("green" in result["image"]["name"] for result in found["results"])


async def test_a_parameter_in_the_address_is_refused_instead_of_passed_over(gateway: Gateway) -> None:
    answer = await gateway.post(f"{SEARCH}?page_size=5", data=_form(encoded(draw("green", "square"))))

    assert answer.status == 400
    assert "page_size: it stands in the address" in (await answer.json())["detail"]


async def test_a_picture_reaches_the_embedder_as_the_indexer_would_send_it(
    gateway: Gateway, services: Services
) -> None:
    file = services.folder / services.photos[4].relative_path
    data = file.read_bytes()

    await gateway.post(SEARCH, data=_form(data))

    expected = reduced_picture(read_picture(data, useful_edge=USEFUL_EDGE).image, USEFUL_EDGE)
    assert services.embedder.pictures == [expected]


async def test_its_vector_asks_for_the_further_pages(gateway: Gateway, services: Services) -> None:
    first = await (await gateway.post(SEARCH, data=_form(encoded(draw("green", "ring")), page_size="5"))).json()
    embedding = first["query"]["embedding"]
    body = {"terms": [{"embedding": embedding}], "page_size": 5, "page_token": first["next_page_token"]}

    answer = await gateway.post(SEARCH, json=body)

    second = await answer.json()
    assert answer.status == 200, second
    assert embedding["model"] == MODEL
    sent = [list(search.terms[0].embedding.values) for search in services.search.searches]
    assert sent[0] == sent[1]
    ids = [[result["image"]["id"] for result in page["results"]] for page in (first, second)]
    assert not set(ids[0]) & set(ids[1])


async def test_fields_beside_the_picture_filter(gateway: Gateway, services: Services) -> None:
    form = _form(encoded(draw("red", "ring")), taken_from="2024", source=SOURCE, folder="2024/08")

    await gateway.post(SEARCH, data=form)

    sent = services.search.searches[-1].filter
    assert (sent.taken_from.year, sent.folders[0].path) == (2024, "2024/08")


@pytest.mark.parametrize("name", ["q", "like", "limit"])
async def test_other_fields_are_refused(gateway: Gateway, services: Services, name: str) -> None:
    problem = await _refused(gateway, _form(encoded(draw("red", "ring")), **{name: "a"}))

    assert (problem["reason"], problem["field"]) == ("INVALID_FIELD", name)
    assert not services.embedder.pictures


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture at all",
        b"%PDF-1.7 renamed to photo.jpg",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        encoded(draw("red", "ring"))[:2000],
        b"\xff\xd8\xff",
    ],
    ids=["empty", "text", "pdf", "svg", "truncated", "only a start"],
)
async def test_what_is_no_picture_is_refused(gateway: Gateway, services: Services, data: bytes) -> None:
    problem = await _refused(gateway, _form(data))

    assert problem["reason"] == "IMAGE_UNDECODABLE"
    assert not services.embedder.pictures


async def test_a_decompression_bomb_is_refused_before_it_is_decoded(gateway: Gateway, services: Services) -> None:
    problem = await _refused(gateway, _form(_png_that_claims(60_000, 60_000)), status=413)

    assert (problem["reason"], problem["unit"]) == ("IMAGE_TOO_LARGE", "pixels")
    assert problem["actual"] == "3600000000"
    assert not services.embedder.pictures


async def test_a_picture_of_one_pixel_is_searched_for(gateway: Gateway, services: Services) -> None:
    answer = await gateway.post(SEARCH, data=_form(encoded(draw("red", "ring", (1, 1)), "PNG")))

    assert answer.status == 200
    assert len(services.embedder.pictures) == 1


async def test_an_upload_that_says_it_is_too_large_is_refused(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(max_upload_bytes=200_000)

    problem = await _refused(gateway, _form(b"\xff\xd8\xff" + bytes(400_000)), status=413)

    assert (problem["reason"], problem["limit"], problem["unit"]) == ("IMAGE_TOO_LARGE", "200000", "bytes")
    assert int(problem["actual"]) >= 400_000


async def test_an_upload_that_tells_no_length_is_cut_off_at_the_limit(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(max_upload_bytes=200_000)
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n\xff\xd8\xff'
        while sent < 1_000_000_000:
            sent += 100_000
            yield bytes(100_000)

    async with asyncio.timeout(20):
        answer = await gateway.post(SEARCH, data=body(), headers={"Content-Type": "multipart/form-data; boundary=b"})
        problem = await answer.json()

    assert (answer.status, problem["reason"], problem["limit"]) == (413, "IMAGE_TOO_LARGE", "200000")
    assert sent < 100_000_000


async def test_a_picture_as_large_as_the_limit_is_accepted(start_gateway: StartGateway) -> None:
    data = encoded(draw("red", "ring"))
    gateway = await start_gateway(max_upload_bytes=len(data))

    assert (await gateway.post(SEARCH, data=_form(data))).status == 200
    assert (await gateway.post(SEARCH, data=_form(data + b"\0"))).status == 413


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--b\r\n"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"nothing of the kind"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=image\r\n\r\nabc"),
        ("multipart/form-data; boundary=b", b"--b\r\nBroken\r\n\r\nabc\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nabc\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b--\r\n"),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--\r\n",
        ),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data; name=page_size\r\n\r\n\xff\r\n--b--\r\n",
        ),
    ],
)
async def test_a_broken_form_is_refused(gateway: Gateway, content_type: str, body: bytes) -> None:
    answer = await gateway.post(SEARCH, data=body, headers={"Content-Type": content_type})

    assert (answer.status, (await answer.json())["reason"]) == (400, "INVALID_FIELD"), await answer.text()


async def test_two_pictures_at_once_are_refused(gateway: Gateway) -> None:
    form = _form(encoded(draw("red", "ring")))
    form.add_field("image", encoded(draw("blue", "ring")), filename="b.jpg")

    assert (await _refused(gateway, form))["field"] == "image"


async def test_a_huge_field_is_refused(gateway: Gateway) -> None:
    problem = await _refused(gateway, _form(encoded(draw("red", "ring")), folder="x" * 40_000))

    assert problem["field"] == "folder"


async def test_a_model_that_is_loading_tells_how_far_it_is(gateway: Gateway, services: Services) -> None:
    services.embedder.model.state = embedder_pb2.MODEL_STATE_LOADING
    services.embedder.model.state_detail = "The weights are being fetched"
    services.embedder.model.progress = 0.42

    answer = await gateway.post(SEARCH, data=_form(encoded(draw("red", "ring"))))

    problem = await answer.json()
    assert (answer.status, problem["reason"], problem["progress"]) == (503, "MODEL_LOADING", "0.420")
    assert problem["detail"] == "The weights are being fetched (42%)"
    assert int(answer.headers["Retry-After"]) >= 1


async def test_too_many_uploads_at_once_are_refused(gateway: Gateway) -> None:
    release = asyncio.Event()
    data = encoded(draw("red", "ring"))

    async def slow_body() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n' + data[:1000]
        await release.wait()
        yield data[1000:] + b"\r\n--b--\r\n"

    async def upload() -> int:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        return (await gateway.post(SEARCH, data=slow_body(), headers=headers)).status

    uploads = [asyncio.create_task(upload()) for _ in range(17)]
    done, waiting = await asyncio.wait(uploads, return_when=asyncio.FIRST_COMPLETED)
    release.set()

    assert [task.result() for task in done] == [503]
    assert await asyncio.gather(*waiting) == [200] * 16


def _png_that_claims(width: int, height: int) -> bytes:
    """A few bytes that would become gigabytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )
