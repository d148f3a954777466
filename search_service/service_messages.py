"""The messages of the contract, from and to the domain. Part of service.py, the only other file that knows protobuf."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import datetime_pb2, latlng_pb2

from imagesearch.search.v1 import search_pb2
from imagesearch.type.v1 import embedding_pb2, image_pb2
from search_service.errors import InvalidEmbedding, InvalidField
from search_service.image_rules import check_id, check_image, check_model_name
from search_service.images import (
    MAX_DIMENSIONS,
    CopyOf,
    Embedding,
    Fingerprint,
    Hit,
    Image,
    Rebuild,
    Write,
)
from search_service.index_report import IndexReport
from search_service.photo_facts import Camera, Location, TakenAtSource
from search_service.query_vector import Term

_BILLION = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_OFFSET_SECONDS = 18 * 3600
# The years 1 to 9999, as the contract of Timestamp has it.
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799


def read_write(request: search_pb2.IndexImagesRequest) -> Write:
    """What to write. Raises InvalidField."""
    image = read_image(request.image)
    check_image(image)
    match request.WhichOneof("vector"):
        case "embedding":
            return Write(image, _read_embedding(request.embedding, "embedding"))
        case "copy_from_image_id":
            check_id("copy_from_image_id", request.copy_from_image_id)
            return Write(image, CopyOf(request.copy_from_image_id))
        case _:
            raise InvalidField("vector", "Either embedding or copy_from_image_id is required.")


def read_terms(request: search_pb2.SearchImagesRequest) -> list[Term]:
    """The terms of a search. Raises InvalidField."""
    return [_read_term(term, f"terms[{position}]") for position, term in enumerate(request.terms)]


def read_image(message: image_pb2.Image) -> Image:
    """A photo. Raises InvalidField for times that no calendar has."""
    has_time = message.HasField("taken_at")
    return Image(
        id=message.id,
        source=message.source,
        relative_path=message.relative_path,
        name=message.name,
        content_sha256=message.content_sha256,
        size_bytes=message.size_bytes,
        modified_at_ns=read_nanoseconds(message.modified_at, "image.modified_at")
        if message.HasField("modified_at")
        else None,
        media_type=message.media_type,
        width=message.width,
        height=message.height,
        taken_at=read_civil_time(message.taken_at, "image.taken_at") if has_time else None,
        utc_offset=_read_offset(message.taken_at, "image.taken_at") if has_time else None,
        taken_at_source=_read_taken_at_source(message.taken_at_source),
        location=Location(message.location.latitude, message.location.longitude)
        if message.HasField("location")
        else None,
        camera=Camera(message.camera.make, message.camera.model, message.camera.lens)
        if message.HasField("camera")
        else None,
        title=message.title,
        caption=message.caption,
        keywords=tuple(message.keywords),
        rating=message.rating if message.HasField("rating") else None,
        altitude_meters=message.altitude_meters if message.HasField("altitude_meters") else None,
        perceptual_hash=message.perceptual_hash if message.HasField("perceptual_hash") else None,
        extractor_version=message.extractor_version,
    )


def read_civil_time(message: Any, field: str, *, partial: bool = False) -> datetime:
    """The civil time, offsets left aside. With `partial` an absent month or day is 1."""
    month, day = (message.month or 1, message.day or 1) if partial else (message.month, message.day)
    try:
        return datetime(  # noqa: DTZ001 - civil times have no zone
            message.year, month, day, message.hours, message.minutes, message.seconds, message.nanos // 1000
        )
    except (ValueError, OverflowError) as error:
        raise InvalidField(field, f"It is no time of the calendar ({error}).") from error


def write_image(image: Image) -> image_pb2.Image:
    """A photo as a message."""
    message = image_pb2.Image(
        id=image.id,
        source=image.source,
        relative_path=image.relative_path,
        name=image.name,
        content_sha256=image.content_sha256,
        size_bytes=image.size_bytes,
        media_type=image.media_type,
        width=image.width,
        height=image.height,
        taken_at_source=_TAKEN_AT_SOURCES[image.taken_at_source],
        title=image.title,
        caption=image.caption,
        keywords=image.keywords,
        rating=image.rating,
        altitude_meters=image.altitude_meters,
        perceptual_hash=image.perceptual_hash,
        extractor_version=image.extractor_version,
    )
    if image.modified_at_ns is not None:
        message.modified_at.CopyFrom(write_nanoseconds(image.modified_at_ns))
    if image.taken_at:
        message.taken_at.CopyFrom(_write_civil_time(image.taken_at, image.utc_offset))
    if image.location:
        message.location.CopyFrom(latlng_pb2.LatLng(**_degrees(image.location)))
    if image.camera:
        message.camera.CopyFrom(_write_camera(image.camera))
    if image.indexed_at:
        message.indexed_at.FromDatetime(image.indexed_at)
    return message


def _write_camera(camera: Camera) -> image_pb2.Camera:
    return image_pb2.Camera(make=camera.make, model=camera.model, lens=camera.lens)


def write_hit(hit: Hit) -> search_pb2.SearchHit:
    """A photo that was found as a message."""
    return search_pb2.SearchHit(
        image=write_image(hit.image),
        score=hit.score,
        similar_count=hit.similar_count,
        similar_ids=hit.similar_ids,
    )


def write_fingerprint(fingerprint: Fingerprint) -> search_pb2.Fingerprint:
    """A fingerprint as a message."""
    message = search_pb2.Fingerprint(
        id=fingerprint.id,
        source=fingerprint.source,
        relative_path=fingerprint.relative_path,
        size_bytes=fingerprint.size_bytes,
        content_sha256=fingerprint.content_sha256,
        extractor_version=fingerprint.extractor_version,
    )
    if fingerprint.modified_at_ns is not None:
        message.modified_at.CopyFrom(write_nanoseconds(fingerprint.modified_at_ns))
    return message


def write_index(report: IndexReport) -> search_pb2.Index:
    """The index as a message."""
    info, failures = report.info, report.failures
    message = search_pb2.Index(
        state=search_pb2.IndexState.Value(f"INDEX_STATE_{info.state.name}"),
        state_detail=info.state_detail,
        model=info.model.name if info.model else "",
        dimensions=info.model.dimensions if info.model else 0,
        image_count=info.image_count,
        sources=[
            search_pb2.SourceCount(source=name, image_count=count, failure_count=failures.get(name, 0))
            for name, count in sorted(info.sources.items())
        ],
        failure_count=sum(failures.values()),
        backend=info.backend,
    )
    if info.rebuild:
        message.rebuild.CopyFrom(write_rebuild(info.rebuild))
    return message


def write_rebuild(rebuild: Rebuild) -> search_pb2.Rebuild:
    """A rebuild as a message."""
    return search_pb2.Rebuild(id=rebuild.id, model=rebuild.model.name, image_count=rebuild.image_count)


_TAKEN_AT_SOURCES = {
    TakenAtSource.NONE: image_pb2.TAKEN_AT_SOURCE_UNSPECIFIED,
    TakenAtSource.EXIF: image_pb2.TAKEN_AT_SOURCE_EXIF,
    TakenAtSource.FILE: image_pb2.TAKEN_AT_SOURCE_FILE,
}


def _read_taken_at_source(number: int) -> TakenAtSource:
    for source, known in _TAKEN_AT_SOURCES.items():
        if known == number:
            return source
    raise InvalidField("image.taken_at_source", f"{number} is not known.")


def _read_embedding(message: embedding_pb2.Embedding, field: str) -> Embedding:
    check_model_name(f"{field}.model", message.model)
    if len(message.values) > MAX_DIMENSIONS:  # said here already, as what waits to be written takes room
        raise InvalidEmbedding(f"The vector has {len(message.values)} values; 1 to {MAX_DIMENSIONS} are allowed.")
    return Embedding(message.model, np.array(message.values, dtype=np.float32))


def _read_term(message: search_pb2.SearchTerm, field: str) -> Term:
    weight = message.weight if message.HasField("weight") else 1.0
    match message.WhichOneof("target"):
        case "embedding":
            return Term(_read_embedding(message.embedding, f"{field}.embedding"), weight)
        case "image_id":
            check_id(f"{field}.image_id", message.image_id)
            return Term(CopyOf(message.image_id), weight)
        case _:
            raise InvalidField(field, "Either embedding or image_id is required.")


def _read_offset(message: Any, field: str) -> timedelta | None:
    match message.WhichOneof("time_offset"):
        case "utc_offset":
            if abs(message.utc_offset.seconds) > _MAX_OFFSET_SECONDS:
                raise InvalidField(f"{field}.utc_offset", "It is between -18 and 18 hours.")
            return timedelta(seconds=message.utc_offset.seconds)
        case "time_zone":
            raise InvalidField(f"{field}.time_zone", "Send utc_offset instead: zones change their rules.")
        case _:
            return None


def _write_civil_time(civil_time: datetime, offset: timedelta | None) -> Any:
    message = datetime_pb2.DateTime(
        year=civil_time.year,
        month=civil_time.month,
        day=civil_time.day,
        hours=civil_time.hour,
        minutes=civil_time.minute,
        seconds=civil_time.second,
        nanos=civil_time.microsecond * 1000,
    )
    if offset is not None:
        message.utc_offset.FromTimedelta(offset)
    return message


def read_nanoseconds(message: Timestamp, field: str) -> int:
    """Nanoseconds since 1970, UTC. Raises InvalidField."""
    if not (_FIRST_SECOND <= message.seconds <= _LAST_SECOND and 0 <= message.nanos < _BILLION):
        raise InvalidField(field, "It lies in the years 1 to 9999, with 0 to 999,999,999 nanoseconds.")
    return message.seconds * _BILLION + message.nanos


def write_nanoseconds(nanoseconds: int) -> Timestamp:
    """A point in time as a message."""
    seconds, nanos = divmod(nanoseconds, _BILLION)
    return Timestamp(seconds=seconds, nanos=nanos)


def _degrees(location: Location) -> dict[str, float]:
    return {"latitude": location.latitude, "longitude": location.longitude}
