"""GET /api/v1/images/{id}/thumbnail and /preview."""

import asyncio
import hashlib
import threading
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Pillow

from gateway.errors import Overloaded
from gateway.original_files import OriginalFiles
from gateway.originals import Originals
from gateway.picture_cache import PictureCache
from gateway.picture_workers import PictureWorkers
from gateway.search_client import ImageFile
from gateway.sources import Sources
from gateway.thumbnails import Thumbnails
from gateway.written_thumbnails import WrittenThumbnails
from imagesearch.type.v1 import image_pb2
from pictures.derived import Size
from tests.gateway.conftest import Gateway, Services, StartGateway
from tests.gateway.made_up_photos import draw, encoded

IMMUTABLE = "private, max-age=31536000, immutable"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def photo(services: Services, root: Path) -> image_pb2.Image:
    """A large photo of its own for a test that changes it."""
    data = encoded(draw("red", "circle", (2400, 1600)))
    (root / "a.jpg").write_bytes(data)
    photo = image_pb2.Image(
        id="a",
        source="s",
        relative_path="a.jpg",
        name="a.jpg",
        media_type="image/jpeg",
        content_sha256=hashlib.sha256(data).hexdigest(),
    )
    services.search.photos["a"] = photo
    return photo


@pytest.fixture
async def gateway(start_gateway: StartGateway, root: Path, photo: image_pb2.Image) -> Gateway:
    return await start_gateway(sources={"s": root})


async def _size(gateway: Gateway, address: str) -> tuple[int, int]:
    answer = await gateway.get(address)
    assert answer.status == 200, await answer.text()
    assert answer.content_type == "image/webp"
    return Pillow.open(BytesIO(await answer.read())).size


async def test_thumbnail_and_preview_keep_the_shape(gateway: Gateway) -> None:
    assert await _size(gateway, "/api/v1/images/a/thumbnail") == (400, 267)
    assert await _size(gateway, "/api/v1/images/a/preview") == (1600, 1067)


async def test_a_small_photo_is_not_enlarged(gateway: Gateway, photo: image_pb2.Image, root: Path) -> None:
    (root / "a.jpg").write_bytes(encoded(draw("red", "ring", (120, 90))))

    assert await _size(gateway, "/api/v1/images/a/preview") == (120, 90)


async def test_the_address_that_names_the_content_is_kept_for_good(gateway: Gateway) -> None:
    facts = await (await gateway.get("/api/v1/images/a")).json()

    named = await gateway.get(facts["thumbnail_url"])
    unnamed = await gateway.get("/api/v1/images/a/thumbnail")
    other = await gateway.get("/api/v1/images/a/thumbnail?v=0123456789abcdef")

    caching = [answer.headers["Cache-Control"] for answer in (named, unnamed, other)]
    assert caching == [IMMUTABLE, "private, no-cache", "private, no-cache"]


async def test_an_unchanged_thumbnail_is_not_sent_again(gateway: Gateway) -> None:
    tag = (await gateway.get("/api/v1/images/a/thumbnail")).headers["ETag"]

    same = await gateway.get("/api/v1/images/a/thumbnail", headers={"If-None-Match": tag})
    other_size = await gateway.get("/api/v1/images/a/preview", headers={"If-None-Match": tag})

    assert (same.status, await same.read()) == (304, b"")
    assert other_size.status == 200


async def test_it_is_kept_when_the_original_goes_and_the_gateway_restarts(
    gateway: Gateway, start_gateway: StartGateway, root: Path
) -> None:
    first = await (await gateway.get("/api/v1/images/a/thumbnail")).read()
    (root / "a.jpg").unlink()
    await gateway.close()

    second = await start_gateway(sources={"s": root})

    assert await (await second.get("/api/v1/images/a/thumbnail")).read() == first
    assert (await second.get("/api/v1/images/a/preview")).status == 404


async def test_a_file_that_changed_is_shown_but_not_kept_as_what_was_indexed(gateway: Gateway, root: Path) -> None:
    indexed = (root / "a.jpg").read_bytes()
    (root / "a.jpg").write_bytes(encoded(draw("blue", "square", (800, 800))))
    changed = await gateway.get("/api/v1/images/a/thumbnail")
    (root / "a.jpg").write_bytes(indexed)

    assert Pillow.open(BytesIO(await changed.read())).size == (400, 400)
    assert changed.headers["Cache-Control"] == "no-store"
    assert "ETag" not in changed.headers
    assert await _size(gateway, "/api/v1/images/a/thumbnail") == (400, 267)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0 broken"])
async def test_a_file_that_is_no_picture_any_more_is_told(gateway: Gateway, root: Path, content: bytes) -> None:
    (root / "a.jpg").write_bytes(content)

    answer = await gateway.get("/api/v1/images/a/thumbnail")

    assert (answer.status, (await answer.json())["reason"]) == (404, "ORIGINAL_MISSING")


@pytest.mark.parametrize("content_hash", ["", "../../../escape", "A" * 64, "0" * 63, "/etc/passwd"])
async def test_a_hash_that_is_none_never_becomes_a_path(
    gateway: Gateway, photo: image_pb2.Image, tmp_path: Path, content_hash: str
) -> None:
    photo.content_sha256 = content_hash
    before = _everything(tmp_path)

    assert await _size(gateway, "/api/v1/images/a/thumbnail") == (400, 267)
    assert _everything(tmp_path) == before


async def test_many_who_ask_at_once_share_the_work(gateway: Gateway, root: Path) -> None:
    async def ask() -> bytes:
        return await (await gateway.get("/api/v1/images/a/preview")).read()

    metrics = "gateway_derived_pictures_total"
    before = await _counted(gateway, f'{metrics}{{origin="original",size="preview"}}')
    pictures = await asyncio.gather(*(ask() for _ in range(8)))
    after = await _counted(gateway, f'{metrics}{{origin="original",size="preview"}}')

    assert len(set(pictures)) == 1
    assert after - before == 1


def _everything(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


async def _counted(gateway: Gateway, name: str) -> float:
    for line in (await (await gateway.get("/metrics")).text()).splitlines():
        if line.startswith(name):
            return float(line.rpartition(" ")[2])
    return 0.0


async def test_one_who_leaves_takes_nothing_from_those_who_come(photo: image_pb2.Image, root: Path) -> None:
    workers = PictureWorkers(threads=1, waiting=10)
    cache = PictureCache(root.parent / "cache", 0)
    originals = OriginalFiles(Originals(Sources({"s": str(root)}, None)))
    thumbnails = Thumbnails(originals, cache, workers, WrittenThumbnails(""))
    image = ImageFile("s", "a.jpg", "a.jpg", "image/jpeg", content_sha256="")
    release = threading.Event()
    busy = asyncio.create_task(workers.run(release.wait))
    leaving = asyncio.create_task(thumbnails.get(image, Size.THUMBNAIL))
    await asyncio.sleep(0)  # both are in the queue now
    leaving.cancel()
    staying = asyncio.create_task(thumbnails.get(image, Size.THUMBNAIL))
    await asyncio.gather(leaving, return_exceptions=True)
    release.set()

    assert (await staying).data
    assert leaving.cancelled()
    await busy
    workers.close()


async def test_too_much_waiting_work_is_refused() -> None:
    workers = PictureWorkers(threads=1, waiting=2)
    started, release = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work() -> None:
        loop.call_soon_threadsafe(started.set)
        release.wait()

    running = [asyncio.create_task(workers.run(work)) for _ in range(2)]
    await started.wait()
    with pytest.raises(Overloaded):
        await workers.run(work)
    running[1].cancel()
    await asyncio.gather(running[1], return_exceptions=True)
    waits_again = asyncio.create_task(workers.run(lambda: "done"))
    release.set()

    assert await waits_again == "done"
    await running[0]
    workers.close()
