"""Photos whose originals, or thumbnails, lie in an object store."""

import hashlib
import os
import resource
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Pillow

from gateway.written_thumbnails import ThumbnailsUnavailable, WrittenThumbnails
from imagesearch.type.v1 import image_pb2
from pictures.derived import Size, derived_key
from pictures.thumbnail import thumbnail
from tests.answering_store import answering_store
from tests.gateway.conftest import Gateway, Services, StartGateway
from tests.gateway.made_up_photos import draw, encoded
from tests.object_store import Buckets, object_store

CONTENT = encoded(draw("red", "circle", (1200, 800)))
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ORIGINAL = "/api/v1/images/a/original"
THUMBNAIL = "/api/v1/images/a/thumbnail"


@pytest.fixture(scope="module")
def buckets() -> Iterator[Buckets]:
    with object_store() as server:
        server.make("originals", {"lib/a #1.jpg": CONTENT, "secret.jpg": b"secret"})
        yield server


@pytest.fixture
def photo(services: Services) -> image_pb2.Image:
    """What the index says of the photo in the bucket; a test may change it."""
    photo = image_pb2.Image(
        id="a", source="s", relative_path="a #1.jpg", name="a #1.jpg", media_type="image/jpeg", content_sha256=SHA256
    )
    services.search.photos["a"] = photo
    return photo


@pytest.fixture
async def gateway(start_gateway: StartGateway, buckets: Buckets, photo: image_pb2.Image) -> Gateway:
    return await start_gateway(sources={"s": "s3://originals/lib"})


async def test_the_original_comes_from_the_store_whole_in_parts_and_only_if_it_changed(gateway: Gateway) -> None:
    whole = await gateway.get(ORIGINAL)
    part = await gateway.get(ORIGINAL, headers={"Range": "bytes=10-19", "If-Range": whole.headers["ETag"]})
    same = await gateway.get(ORIGINAL, headers={"If-None-Match": whole.headers["ETag"]})

    assert (whole.status, await whole.read()) == (200, CONTENT)
    assert (part.status, await part.read()) == (206, CONTENT[10:20])
    assert (same.status, await same.read()) == (304, b"")


async def test_what_takes_no_content_is_answered_without_fetching_it(
    start_gateway: StartGateway, photo: image_pb2.Image
) -> None:
    asked: list[str] = []

    def answers(method: str, _: str) -> tuple[int, bytes]:
        asked.append(method)
        return 200, CONTENT

    with answering_store(answers):
        gateway = await start_gateway(sources={"s": "s3://originals"})
        head = await gateway.head(ORIGINAL)
        part = await gateway.head(ORIGINAL, headers={"Range": "bytes=10-19"})
        same = await gateway.get(ORIGINAL, headers={"If-None-Match": head.headers["ETag"]})
        since = await gateway.get(ORIGINAL, headers={"If-Modified-Since": head.headers["Last-Modified"]})
        without_content = list(asked)
        changed = await gateway.get(ORIGINAL, headers={"If-None-Match": '"another"'})

    assert (head.status, head.headers["Content-Length"]) == (200, str(len(CONTENT)))
    assert (part.status, part.headers["Content-Length"]) == (206, "10")
    assert (same.status, since.status) == (304, 304)
    assert without_content == ["HEAD"] * 4
    assert (changed.status, await changed.read()) == (200, CONTENT)
    assert changed.headers["ETag"] == head.headers["ETag"]


async def test_a_thumbnail_is_made_of_it(gateway: Gateway) -> None:
    answer = await gateway.get(THUMBNAIL)

    assert answer.status == 200, await answer.text()
    with Pillow.open(BytesIO(await answer.read())) as image:
        assert image.size == (400, 267)


@pytest.mark.parametrize("path", ["gone.jpg", "../secret.jpg", "%2E%2E/secret.jpg", "a//b.jpg", "%FF.jpg"])
async def test_what_is_not_below_the_address_is_missing(gateway: Gateway, photo: image_pb2.Image, path: str) -> None:
    photo.relative_path = path

    answer = await gateway.get(ORIGINAL)

    assert (answer.status, (await answer.json())["reason"]) == (404, "ORIGINAL_MISSING")


@pytest.mark.parametrize("url", ["s3://key:hidden@originals/lib", "ftp://originals"])
async def test_an_address_that_can_not_be_used_is_told(
    start_gateway: StartGateway, photo: image_pb2.Image, url: str
) -> None:
    gateway = await start_gateway(sources={"s": url})

    answer = await gateway.get(ORIGINAL)

    assert (answer.status, (await answer.json())["reason"]) == (404, "SOURCE_UNKNOWN")
    assert "hidden" not in await answer.text()


async def test_a_store_that_does_not_answer_is_told_as_away(
    start_gateway: StartGateway, photo: image_pb2.Image
) -> None:
    with object_store() as server:
        url = server.make("away", {"a #1.jpg": CONTENT})
        gateway = await start_gateway(sources={"s": url})
        assert (await gateway.get(ORIGINAL)).status == 200
        server.stop()

        answer = await gateway.get(ORIGINAL)

    assert (answer.status, (await answer.json())["reason"]) == (503, "STORAGE_UNAVAILABLE")
    assert (await gateway.get("/livez")).status == 200


async def test_a_missing_folder_for_temporary_files_is_the_gateway_s_own_trouble(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", os.fspath(tmp_path / "gone"))

    answer = await gateway.get(ORIGINAL)

    assert (answer.status, (await answer.json())["reason"]) == (500, "INTERNAL")
    assert f"{tmp_path / 'gone'}: No such file" in (await answer.json())["detail"]


async def test_a_full_folder_for_temporary_files_is_too(gateway: Gateway) -> None:
    _, most = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))
    try:
        answer = await gateway.get(ORIGINAL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert (answer.status, (await answer.json())["reason"]) == (500, "INTERNAL")
    assert f"{tempfile.gettempdir()}: File too large" in (await answer.json())["detail"]


@pytest.mark.parametrize("where", ["folder", "bucket"])
async def test_a_thumbnail_that_an_indexer_wrote_needs_no_original(
    start_gateway: StartGateway, photo: image_pb2.Image, buckets: Buckets, tmp_path: Path, where: str
) -> None:
    written = thumbnail(draw("blue", "circle", (300, 300)), Size.THUMBNAIL.value)
    key = derived_key(SHA256, Size.THUMBNAIL)
    assert key is not None
    if where == "bucket":
        location = buckets.make("written", {key: written})
    else:
        (tmp_path / "written" / key).parent.mkdir(parents=True)
        (tmp_path / "written" / key).write_bytes(written)
        location = os.fspath(tmp_path / "written")
    gateway = await start_gateway(sources={}, thumbnails=location)

    answer = await gateway.get(THUMBNAIL)
    preview = await gateway.get("/api/v1/images/a/preview")

    assert (answer.status, await answer.read()) == (200, written)
    assert preview.status == 404


async def test_a_missing_folder_holds_no_thumbnails_and_is_not_made(
    start_gateway: StartGateway, photo: image_pb2.Image, tmp_path: Path
) -> None:
    folder = tmp_path / "not mounted" / "written"
    gateway = await start_gateway(sources={"s": "s3://originals/lib"}, thumbnails=os.fspath(folder))

    before = await gateway.get(THUMBNAIL)
    made = folder.parent.exists()
    photo.content_sha256 = "0" * 64
    key = derived_key(photo.content_sha256, Size.THUMBNAIL)
    assert key is not None
    (folder / key).parent.mkdir(parents=True)
    (folder / key).write_bytes(b"written later")
    later = await gateway.get(THUMBNAIL)

    assert (before.status, made) == (200, False)
    assert await later.read() == b"written later"


def test_a_folder_that_can_not_even_be_looked_at_holds_no_thumbnails(tmp_path: Path) -> None:
    thumbnails = WrittenThumbnails(os.fspath(tmp_path / ("long" * 100)))

    assert thumbnails.read("a") is None


def test_a_home_that_nobody_has_is_no_folder_of_thumbnails() -> None:
    with pytest.raises(ThumbnailsUnavailable, match="GATEWAY_THUMBNAILS"):
        WrittenThumbnails("~nobody-of-this-name/thumbnails")


def test_a_file_is_no_folder_of_thumbnails(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ThumbnailsUnavailable, match="GATEWAY_THUMBNAILS"):
        WrittenThumbnails(os.fspath(tmp_path / "file"))
