"""GET /api/v1/images/{id}/original: a photo's file, and nothing but that."""

import os
from pathlib import Path

import pytest

from imagesearch.type.v1 import image_pb2
from tests.gateway.conftest import Gateway, Services, StartGateway
from tests.gateway.made_up_photos import SOURCE


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A source's folder with one file, in a folder with another that no one should get."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(bytes(range(256)) * 4)
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    return folder


@pytest.fixture
def photo(services: Services) -> image_pb2.Image:
    """What the index says of that file; a test may change it."""
    photo = image_pb2.Image(id="a", source="s", relative_path="a.jpg", name="a.jpg", media_type="image/jpeg")
    services.search.photos["a"] = photo
    return photo


@pytest.fixture
async def gateway(start_gateway: StartGateway, root: Path, photo: image_pb2.Image) -> Gateway:
    return await start_gateway(sources={"s": root})


ADDRESS = "/api/v1/images/a/original"
CONTENT = bytes(range(256)) * 4


async def test_the_file_is_sent_as_it_is(gateway: Gateway) -> None:
    answer = await gateway.get(ADDRESS)

    assert await answer.read() == CONTENT
    assert answer.content_type == "image/jpeg"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_head_tells_the_length_and_sends_nothing(gateway: Gateway) -> None:
    answer = await gateway.head(ADDRESS)

    assert (answer.status, answer.headers["Content-Length"], await answer.read()) == (200, "1024", b"")


@pytest.mark.parametrize(
    ("wanted", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=0-", 206, 0, 1024),
        ("bytes=1000-", 206, 1000, 1024),
        ("bytes=1000-9999", 206, 1000, 1024),
        ("bytes=-24", 206, 1000, 1024),
        ("bytes=-9999", 206, 0, 1024),
        ("bytes=0-1,5-6", 200, 0, 1024),
        ("bytes=-", 200, 0, 1024),
        ("lines=0-9", 200, 0, 1024),
        ("bytes=a-b", 200, 0, 1024),
    ],
)
async def test_a_part_of_the_file_can_be_asked_for(
    gateway: Gateway, wanted: str, status: int, start: int, end: int
) -> None:
    answer = await gateway.get(ADDRESS, headers={"Range": wanted})

    assert (answer.status, await answer.read()) == (status, CONTENT[start:end])
    if status == 206:
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/1024"


@pytest.mark.parametrize("wanted", ["bytes=1024-", "bytes=5000-6000", "bytes=-0", "bytes=9-3"])
async def test_a_part_beyond_the_end_is_refused(gateway: Gateway, wanted: str) -> None:
    answer = await gateway.get(ADDRESS, headers={"Range": wanted})

    assert (answer.status, answer.headers["Content-Range"], await answer.read()) == (416, "bytes */1024", b"")


async def test_an_unchanged_file_is_not_sent_again(gateway: Gateway) -> None:
    first = await gateway.get(ADDRESS)

    by_tag = await gateway.get(ADDRESS, headers={"If-None-Match": first.headers["ETag"]})
    by_time = await gateway.get(ADDRESS, headers={"If-Modified-Since": first.headers["Last-Modified"]})

    assert [(answer.status, await answer.read()) for answer in (by_tag, by_time)] == [(304, b"")] * 2


async def test_a_download_is_continued_only_in_the_same_file(gateway: Gateway, root: Path) -> None:
    first = await gateway.get(ADDRESS)
    headers = {"Range": "bytes=1000-", "If-Range": first.headers["ETag"]}
    same = await gateway.get(ADDRESS, headers=headers)
    rest = await same.read()
    (root / "a.jpg").write_bytes(b"x" * 1024)
    os.utime(root / "a.jpg", (1, 1))

    changed = await gateway.get(ADDRESS, headers=headers)

    assert (same.status, rest) == (206, CONTENT[1000:])
    assert (changed.status, await changed.read()) == (200, b"x" * 1024)


async def test_a_compressed_file_beside_it_is_not_taken_for_it(gateway: Gateway, root: Path) -> None:
    (root / "a.jpg.gz").write_bytes(b"another file")

    answer = await gateway.get(ADDRESS, headers={"Accept-Encoding": "gzip"})

    assert await answer.read() == CONTENT


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("a.jpg", "inline; filename=\"a.jpg\"; filename*=UTF-8''a.jpg"),
        ("Grün 1.jpg", "inline; filename=\"Gr_n 1.jpg\"; filename*=UTF-8''Gr%C3%BCn%201.jpg"),
        ('a"b\\c;%.jpg', "inline; filename=\"a_b_c;_.jpg\"; filename*=UTF-8''a%22b%5Cc%3B%25.jpg"),
        (
            "a\r\nSet-Cookie: x.jpg",
            "inline; filename=\"a__Set-Cookie: x.jpg\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x.jpg",
        ),
    ],
)
async def test_the_file_keeps_its_name(gateway: Gateway, photo: image_pb2.Image, name: str, disposition: str) -> None:
    photo.name = name

    answer = await gateway.get(ADDRESS)

    assert answer.headers["Content-Disposition"] == disposition
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("media_type", "sent", "kind"),
    [
        ("image/heic", "image/heic", "attachment"),
        ("image/avif", "image/avif", "inline"),
        ("text/html", "application/octet-stream", "attachment"),
        ("image/svg+xml", "application/octet-stream", "attachment"),
        ("", "application/octet-stream", "attachment"),
    ],
)
async def test_only_pictures_are_shown_in_the_browser(
    gateway: Gateway, photo: image_pb2.Image, media_type: str, sent: str, kind: str
) -> None:
    photo.media_type = media_type

    answer = await gateway.get(ADDRESS)

    assert answer.content_type == sent
    assert answer.headers["Content-Disposition"].startswith(f"{kind};")


@pytest.mark.parametrize(
    "path",
    [
        "../secret.jpg",
        "folder/../../secret.jpg",
        "/etc/passwd",
        "",
        ".",
        "..",
        "a.jpg/../../secret.jpg",
        "%2e%2e/secret.jpg",
        "%00",
        "a.jpg%00",
        "%zz",
        "out.jpg",
        "out/secret.jpg",
        "folder",
        "pipe",
        "loop",
        "gone.jpg",
    ],
)
async def test_nothing_but_files_under_the_root_is_sent(
    gateway: Gateway, photo: image_pb2.Image, root: Path, path: str
) -> None:
    (root / "out.jpg").symlink_to(root.parent / "secret.jpg")
    (root / "out").symlink_to(root.parent)
    (root / "loop").symlink_to("loop")
    (root / "folder").mkdir()
    os.mkfifo(root / "pipe")
    photo.relative_path = path

    for picture in ("original", "thumbnail", "preview"):
        answer = await gateway.get(f"/api/v1/images/a/{picture}")
        assert (answer.status, (await answer.json())["reason"]) == (404, "ORIGINAL_MISSING")


async def test_a_link_that_stays_under_the_root_is_followed(
    gateway: Gateway, photo: image_pb2.Image, root: Path
) -> None:
    (root / "in.jpg").symlink_to("a.jpg")
    photo.relative_path = "in.jpg"

    assert await (await gateway.get(ADDRESS)).read() == CONTENT


async def test_names_that_are_not_utf8_are_found(gateway: Gateway, photo: image_pb2.Image, root: Path) -> None:
    (root / os.fsdecode(b"caf\xe9\n%.jpg")).write_bytes(b"found")
    photo.relative_path = "caf%E9%0A%25.jpg"

    assert await (await gateway.get(ADDRESS)).read() == b"found"


async def test_a_source_without_a_folder_is_told(gateway: Gateway, photo: image_pb2.Image) -> None:
    photo.source = SOURCE

    answer = await gateway.get(ADDRESS)

    problem = await answer.json()
    assert (answer.status, problem["reason"], problem["source"]) == (404, "SOURCE_UNKNOWN", SOURCE)
    assert "GATEWAY_SOURCES" in problem["detail"]
