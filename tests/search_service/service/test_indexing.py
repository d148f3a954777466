import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from google.type import datetime_pb2
from grpc import StatusCode

from grpc_runtime.errors import read_status
from imagesearch.search.v1 import search_pb2
from imagesearch.type.v1 import image_pb2
from tests.search_service.photos import DIMENSIONS, MODEL, random_unit, unit
from tests.search_service.service.conftest import Client, embedding, item, refusal

Request = search_pb2.IndexImagesRequest


def changed(**fields: Any) -> Request:
    """An item whose image has these fields."""
    request = item("bad")
    for name, value in fields.items():
        setattr(request.image, name, value)
    return request


def placed(latitude: float, longitude: float) -> Request:
    request = item("bad")
    request.image.location.latitude = latitude
    request.image.location.longitude = longitude
    return request


def taken(**fields: int) -> Request:
    request = item("bad")
    request.image.taken_at.CopyFrom(datetime_pb2.DateTime(**fields))
    return request


def offset(seconds: int) -> Request:
    request = taken(year=2024, month=1, day=1)
    request.image.taken_at.utc_offset.seconds = seconds
    return request


def modified(seconds: int, nanos: int = 0) -> Request:
    request = item("bad")
    request.image.modified_at.seconds, request.image.modified_at.nanos = seconds, nanos
    return request


def keywords(words: list[str]) -> Request:
    request = item("bad")
    request.image.keywords.extend(words)
    return request


def lens(name: str) -> Request:
    request = item("bad")
    request.image.camera.lens = name
    return request


def zoned() -> Request:
    request = taken(year=2024, month=1, day=1)
    request.image.taken_at.time_zone.id = "Europe/Berlin"
    return request


def without_vector() -> Request:
    request = item("bad")
    request.ClearField("embedding")
    return request


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (changed(id=""), "image.id"),
        (changed(id="x" * 513), "image.id"),
        (changed(source=""), "image.source"),
        (changed(relative_path=""), "image.relative_path"),
        (changed(relative_path="x" * 20_000), "image.relative_path"),
        (changed(name=""), "image.name"),
        (changed(content_sha256="AB" * 32), "image.content_sha256"),
        (changed(content_sha256="ab"), "image.content_sha256"),
        (changed(size_bytes=-1), "image.size_bytes"),
        (changed(width=-1), "image.width"),
        (changed(extractor_version=-1), "image.extractor_version"),
        (changed(taken_at_source=99), "image.taken_at_source"),
        (placed(90.1, 0), "image.location.latitude"),
        (placed(0, float("nan")), "image.location.longitude"),
        (taken(month=1, day=1), "image.taken_at"),
        (taken(year=2023, month=2, day=29), "image.taken_at"),
        (taken(year=2024, month=1, day=1, hours=24), "image.taken_at"),
        (taken(year=2024, month=1, day=1, nanos=-1), "image.taken_at"),
        (taken(year=2024, month=1, day=1, nanos=10**9), "image.taken_at"),
        (offset(18 * 3600 + 1), "image.taken_at.utc_offset"),
        (offset(10**15), "image.taken_at.utc_offset"),
        (offset(-(2**63)), "image.taken_at.utc_offset"),
        (modified(2**63 - 1), "image.modified_at"),
        (modified(-(2**63)), "image.modified_at"),
        (modified(253_402_300_800), "image.modified_at"),
        (modified(0, -1), "image.modified_at"),
        (modified(0, 10**9), "image.modified_at"),
        (changed(title="é" * 2_049), "image.title"),
        (changed(caption="é" * 2_049), "image.caption"),
        (keywords(["a"] * 257), "image.keywords"),
        (keywords(["a", "é" * 2_049]), "image.keywords[1]"),
        (changed(rating=-2), "image.rating"),
        (changed(rating=6), "image.rating"),
        (changed(altitude_meters=float("nan")), "image.altitude_meters"),
        (changed(altitude_meters=float("-inf")), "image.altitude_meters"),
        (lens("é" * 2_049), "image.camera.lens"),
        (item("bad", model="m" * 513), "embedding.model"),
        (Request(image=item("bad").image, copy_from_image_id="x" * 513), "copy_from_image_id"),
        (zoned(), "image.taken_at.time_zone"),
        (without_vector(), "vector"),
    ],
)
async def test_a_bad_field_fails_its_item_alone(client: Client, bad: Request, field: str) -> None:
    answers = await client.index(item("a"), bad, item("b"))

    assert [answer.id for answer in answers] == ["a", bad.image.id, "b"]
    first, error, last = (read_status(answer.status) for answer in answers)
    assert (first.code, last.code) == (StatusCode.OK, StatusCode.OK)
    assert (error.code, error.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert error.metadata == {"field": field}
    assert (await client.stub.GetIndex(search_pb2.GetIndexRequest())).index.image_count == 2


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (lambda: item("bad", unit(1) * float("nan")), "INVALID_EMBEDDING"),
        (lambda: item("bad", unit(1)[:3]), "INVALID_EMBEDDING"),
        (lambda: item("bad", random_unit(1, 4_097)), "INVALID_EMBEDDING"),
        (lambda: item("bad", model="other@1"), "MODEL_MISMATCH"),
        (lambda: item("bad", rebuild_id="images-none-1"), "REBUILD_NOT_FOUND"),
        (lambda: Request(image=item("bad").image, copy_from_image_id="unknown"), "IMAGE_NOT_FOUND"),
    ],
)
async def test_a_bad_vector_fails_its_item_alone(client: Client, bad: Callable[[], Request], reason: str) -> None:
    answers = await client.index(item("a"), bad(), item("b"))

    assert [read_status(answer.status).reason for answer in answers] == ["", reason, ""]
    assert (await client.stub.GetIndex(search_pb2.GetIndexRequest())).index.image_count == 2


async def test_a_photo_comes_back_as_it_was_sent(client: Client) -> None:
    request = item("a")
    image = request.image
    image.size_bytes, image.width, image.height, image.extractor_version = 2**33, 6000, 4000, 4
    image.media_type = "image/heic"
    image.modified_at.FromNanoseconds(1_700_000_000_123_456_789)
    image.taken_at.CopyFrom(datetime_pb2.DateTime(year=2024, month=2, day=29, hours=1, nanos=500_000_000))
    image.taken_at.utc_offset.FromSeconds(-(9 * 3600 + 1800))
    image.taken_at_source = image_pb2.TAKEN_AT_SOURCE_EXIF
    image.location.latitude, image.location.longitude = -33.5, 151.25
    image.camera.make, image.camera.model, image.camera.lens = "FUJIFILM", "X-T5", "XF23mmF2 R WR"
    image.title, image.caption = "Été", "Two lines\nof words"
    image.keywords.extend(["sea", "évening"])
    image.rating, image.altitude_meters, image.perceptual_hash = 0, -10.5, 2**64 - 1
    image.indexed_at.FromSeconds(1)
    await client.index(request)

    found = (await client.stub.GetImage(search_pb2.GetImageRequest(id="a"))).image

    assert found.indexed_at.seconds > 1_700_000_000
    found.ClearField("indexed_at")
    image.ClearField("indexed_at")
    assert found == image


async def test_a_copied_vector_is_found_at_the_new_place(client: Client) -> None:
    await client.index(item("old", unit(1, 2)))
    copied = item("new")
    copied.ClearField("embedding")
    copied.copy_from_image_id = "old"

    await client.index(copied)

    request = search_pb2.SearchImagesRequest(terms=[search_pb2.SearchTerm(image_id="old")])
    (hit,) = (await client.stub.SearchImages(request)).hits
    assert hit.image.id == "new"
    assert hit.score == pytest.approx(1, abs=1e-5)


async def test_a_stream_can_be_broken_off_and_sent_again(client: Client) -> None:
    waiting = asyncio.Event()

    async def requests() -> Any:
        for number in range(20):
            yield item(f"n{number}")
        await waiting.wait()

    call = client.stub.IndexImages(requests())
    first = await call.read()
    assert isinstance(first, search_pb2.IndexImagesResponse)
    call.cancel()

    answers = await client.index(*[item(f"n{number}") for number in range(20)])

    assert all(read_status(answer.status).code is StatusCode.OK for answer in answers)
    assert (await client.stub.GetIndex(search_pb2.GetIndexRequest())).index.image_count == 20


async def test_several_streams_write_at_once(client: Client) -> None:
    streams = [[item(f"s{stream}-{number}") for number in range(50)] for stream in range(4)]

    await asyncio.gather(*[client.index(*items) for items in streams])

    assert (await client.stub.GetIndex(search_pb2.GetIndexRequest())).index.image_count == 200


async def test_an_unknown_photo_is_not_found(client: Client) -> None:
    for _ in range(2):  # without an index, and with one
        error = await refusal(client.stub.GetImage(search_pb2.GetImageRequest(id="unknown")))
        assert (error.code, error.reason) == (StatusCode.NOT_FOUND, "IMAGE_NOT_FOUND")
        assert error.metadata == {"image_id": "unknown"}
        await client.index(item("a"))


@pytest.mark.parametrize("length", [513, 20_000, 1_000_000])
async def test_an_id_that_no_photo_can_have_is_refused(client: Client, length: int) -> None:
    await client.index(item("a"))
    long = "x" * length
    term = search_pb2.SearchTerm(image_id=long)
    for call, field in (
        (client.stub.GetImage(search_pb2.GetImageRequest(id=long)), "id"),
        (client.stub.DeleteImages(search_pb2.DeleteImagesRequest(ids=["a", long])), "ids[1]"),
        (client.stub.SearchImages(search_pb2.SearchImagesRequest(terms=[term])), "terms[0].image_id"),
    ):
        error = await refusal(call)
        assert (error.code, error.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
        assert error.metadata == {"field": field}


async def test_a_long_id_that_a_photo_can_have_is_not_found(client: Client) -> None:
    long = "é" * 256

    error = await refusal(client.stub.GetImage(search_pb2.GetImageRequest(id=long)))

    assert (error.reason, error.metadata) == ("IMAGE_NOT_FOUND", {"image_id": long})


async def test_a_name_that_no_model_can_have_is_refused(client: Client) -> None:
    await client.index(item("a"))
    term = search_pb2.SearchTerm(embedding=embedding(unit(1), "m" * 513))

    for call, field in (
        (client.stub.SearchImages(search_pb2.SearchImagesRequest(terms=[term])), "terms[0].embedding.model"),
        (client.stub.BeginRebuild(search_pb2.BeginRebuildRequest(model="m" * 513, dimensions=4)), "model"),
    ):
        error = await refusal(call)
        assert (error.reason, error.metadata) == ("INVALID_FIELD", {"field": field})


async def test_deleting_passes_over_unknown_and_repeated_ids(client: Client) -> None:
    await client.index(item("a"), item("b"))

    answer = await client.stub.DeleteImages(search_pb2.DeleteImagesRequest(ids=["a", "a", "unknown"]))

    assert answer.deleted_count == 1
    error = await refusal(client.stub.DeleteImages(search_pb2.DeleteImagesRequest(ids=["x"] * 1_001)))
    assert (error.reason, error.metadata) == ("INVALID_FIELD", {"field": "ids"})


async def test_the_index_tells_what_it_is(client: Client) -> None:
    missing = (await client.stub.GetIndex(search_pb2.GetIndexRequest())).index
    assert missing.state == search_pb2.INDEX_STATE_MISSING
    assert (missing.model, missing.dimensions, missing.image_count) == ("", 0, 0)
    assert missing.state_detail
    await client.index(item("a"))

    index = (await client.stub.GetIndex(search_pb2.GetIndexRequest())).index

    assert index.state == search_pb2.INDEX_STATE_READY
    assert (index.model, index.dimensions, index.image_count) == (MODEL, DIMENSIONS, 1)
    assert list(index.sources) == [search_pb2.SourceCount(source="photos", image_count=1)]
    assert index.backend.startswith("lancedb ")
    assert not index.HasField("rebuild")


async def test_a_rebuild_changes_the_model(client: Client) -> None:
    await client.index(item("a"))
    begun = await client.stub.BeginRebuild(search_pb2.BeginRebuildRequest(model="next@1", dimensions=4))
    rebuild_id = begun.rebuild.id
    request = item("a", model="next@1", rebuild_id=rebuild_id)
    request.embedding.CopyFrom(embedding(unit(1)[:4], "next@1"))
    await client.index(request)

    committed = await client.stub.CommitRebuild(search_pb2.CommitRebuildRequest(rebuild_id=rebuild_id))

    assert (committed.index.model, committed.index.dimensions, committed.index.image_count) == ("next@1", 4, 1)
    error = await refusal(client.stub.CommitRebuild(search_pb2.CommitRebuildRequest(rebuild_id=rebuild_id)))
    assert (error.code, error.reason) == (StatusCode.FAILED_PRECONDITION, "REBUILD_NOT_FOUND")


@pytest.mark.parametrize(("model", "dimensions"), [("", 4), ("m", 0), ("m", -1), ("m", 5_000)])
async def test_a_rebuild_needs_a_model_and_dimensions(client: Client, model: str, dimensions: int) -> None:
    request = search_pb2.BeginRebuildRequest(model=model, dimensions=dimensions)

    assert (await refusal(client.stub.BeginRebuild(request))).reason == "INVALID_FIELD"


async def test_a_cancelled_rebuild_is_gone(client: Client) -> None:
    begun = await client.stub.BeginRebuild(search_pb2.BeginRebuildRequest(model="next@1", dimensions=4))

    await client.stub.CancelRebuild(search_pb2.CancelRebuildRequest(rebuild_id=begun.rebuild.id))

    assert not (await client.stub.GetIndex(search_pb2.GetIndexRequest())).index.HasField("rebuild")
