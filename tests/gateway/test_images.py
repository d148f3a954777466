"""GET /api/v1/images and one photo's facts."""

from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.datetime_pb2 import DateTime
from yarl import URL

from imagesearch.search.v1 import search_pb2
from imagesearch.type.v1 import image_pb2
from tests.gateway.conftest import Gateway, Services
from tests.gateway.made_up_photos import SOURCE

IMAGES = "/api/v1/images"


async def _get(gateway: Gateway, path: str, **parameters: str | int) -> Any:
    answer = await gateway.get(path, params=parameters)
    assert answer.status == 200, await answer.text()
    return await answer.json()


@pytest.fixture
def unusual(services: Services) -> image_pb2.Image:
    """A photo of the index whose facts a test may change."""
    photo = image_pb2.Image(id="unusual", source=SOURCE, relative_path="a.jpg", name="a.jpg")
    services.search.photos[photo.id] = photo
    return photo


async def test_the_newest_photos_come_first(gateway: Gateway) -> None:
    page = await _get(gateway, IMAGES, page_size=40)

    times = [image["taken_at"][:19] for image in page["images"]]
    assert times == sorted(times, reverse=True)
    assert page["next_page_token"]


async def test_a_sample_is_mixed(gateway: Gateway, services: Services) -> None:
    await _get(gateway, IMAGES, order="sample")

    assert services.search.lists[-1].order == search_pb2.LIST_ORDER_SAMPLE


async def test_a_list_keeps_to_its_filter(gateway: Gateway) -> None:
    page = await _get(gateway, IMAGES, taken_from="2025-03", taken_before="2025-05", source=SOURCE)

    months = {image["taken_at"][:7] for image in page["images"]}
    assert months == {"2025-03", "2025-04"}


async def test_lists_have_pages(gateway: Gateway, services: Services) -> None:
    first = await _get(gateway, IMAGES, page_size=30)
    second = await _get(gateway, IMAGES, page_size=30, page_token=first["next_page_token"])

    ids = {image["id"] for page in (first, second) for image in page["images"]}
    assert len(ids) == len(services.photos)
    assert second["next_page_token"] == ""


@pytest.mark.parametrize("query", ["?order=best", "?q=red", "?page_size=x"])
async def test_a_list_refuses_what_it_does_not_know(gateway: Gateway, query: str) -> None:
    answer = await gateway.get(IMAGES + query)

    assert (answer.status, (await answer.json())["reason"]) == (400, "INVALID_FIELD")


async def test_a_photo_tells_its_facts(gateway: Gateway, services: Services) -> None:
    photo = image_pb2.Image.FromString(services.photos[0].SerializeToString())
    photo.title, photo.caption, photo.rating, photo.altitude_meters = "Evening", "Two boats in the harbour.", 0, -12.5
    photo.keywords.extend(["boats", "Kreta"])
    photo.camera.lens = "35mm F2"
    services.search.photos[photo.id] = photo

    facts = await _get(gateway, f"{IMAGES}/{photo.id}")

    address = f"{IMAGES}/{photo.id}"
    version = photo.content_sha256[:16]
    assert facts == {
        "id": photo.id,
        "source": SOURCE,
        "relative_path": "2025/06/red-circle-0000.jpg",
        "name": "red-circle-0000.jpg",
        "media_type": "image/jpeg",
        "size_bytes": photo.size_bytes,
        "modified_at": "2025-06-30T18:00:00Z",
        "taken_at": "2025-06-30T18:00:00+02:00",
        "taken_at_source": "exif",
        "location": {"latitude": 48.137, "longitude": 11.575},
        "altitude_meters": -12.5,
        "camera": {"make": "Example", "model": "EX-0", "lens": "35mm F2"},
        "title": "Evening",
        "caption": "Two boats in the harbour.",
        "keywords": ["boats", "Kreta"],
        "rating": 0,
        "width": 640,
        "height": 480,
        "indexed_at": "2025-07-01T00:00:00Z",
        "content_sha256": photo.content_sha256,
        "thumbnail_url": f"{address}/thumbnail?v={version}",
        "preview_url": f"{address}/preview?v={version}",
        "original_url": f"{address}/original",
    }


async def test_facts_that_a_file_does_not_tell_are_null(gateway: Gateway, unusual: image_pb2.Image) -> None:
    facts = await _get(gateway, f"{IMAGES}/{unusual.id}")

    times = ("modified_at", "taken_at", "taken_at_source", "indexed_at")
    unknown = (*times, "location", "altitude_meters", "camera", "title", "caption", "rating")
    assert [facts[name] for name in unknown] == [None] * len(unknown)
    assert facts["keywords"] == []


@pytest.mark.parametrize(
    ("taken", "shown"),
    [
        (DateTime(year=2024, month=7, day=1, hours=12, minutes=30), "2024-07-01T12:30:00"),
        (DateTime(year=1999), "1999-01-01T00:00:00"),
        (DateTime(year=2024, month=7, day=1, utc_offset=Duration(seconds=-12600)), "2024-07-01T00:00:00-03:30"),
        (DateTime(year=2024, month=7, day=1, utc_offset=Duration()), "2024-07-01T00:00:00+00:00"),
        (DateTime(month=7, day=1), None),
    ],
)
async def test_times_are_shown_as_the_camera_had_them(
    gateway: Gateway, unusual: image_pb2.Image, taken: DateTime, shown: str | None
) -> None:
    unusual.taken_at.CopyFrom(taken)

    assert (await _get(gateway, f"{IMAGES}/{unusual.id}"))["taken_at"] == shown


@pytest.mark.parametrize("time", [Timestamp(seconds=10**13), Timestamp(seconds=-(2**63)), Timestamp(nanos=-1)])
async def test_a_time_that_no_calendar_has_is_null(gateway: Gateway, unusual: image_pb2.Image, time: Timestamp) -> None:
    unusual.modified_at.CopyFrom(time)
    unusual.indexed_at.CopyFrom(time)

    facts = await _get(gateway, f"{IMAGES}/{unusual.id}")

    assert (facts["modified_at"], facts["indexed_at"]) == (None, None)


@pytest.mark.parametrize("picture", ["", "/thumbnail", "/preview", "/original"])
async def test_a_photo_that_is_not_indexed_is_not_found(gateway: Gateway, picture: str) -> None:
    answer = await gateway.get(f"{IMAGES}/none{picture}")

    problem = await answer.json()
    assert (answer.status, problem["reason"], problem["image_id"]) == (404, "IMAGE_NOT_FOUND", "none")


async def test_an_id_may_hold_any_character(gateway: Gateway, services: Services) -> None:
    odd = "a/b c?d%2F#é"
    services.search.photos[odd] = image_pb2.Image(id=odd, name="odd")
    listed = (await _get(gateway, IMAGES, page_size=500))["images"]
    address = next(image for image in listed if image["id"] == odd)["original_url"].removesuffix("/original")

    answer = await gateway.get(URL(address, encoded=True))

    assert (await answer.json())["name"] == "odd"


@pytest.mark.parametrize("photo_id", ["x" * 513, "x" * 7_000, "%C3%A4" * 257])
@pytest.mark.parametrize("picture", ["", "/thumbnail", "/preview", "/original"])
async def test_what_can_be_no_id_is_refused_without_asking(
    gateway: Gateway, services: Services, photo_id: str, picture: str
) -> None:
    answer = await gateway.get(URL(f"{IMAGES}/{photo_id}{picture}", encoded=True))

    problem = await answer.json()
    assert (answer.status, problem["reason"], problem["field"]) == (400, "INVALID_FIELD", "id")
    assert not services.search.calls.request_ids
