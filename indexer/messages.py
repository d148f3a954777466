"""What the indexer says and hears as protobuf messages: to and from its plain classes."""

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.datetime_pb2 import DateTime
from google.type.latlng_pb2 import LatLng

from imagesearch.embedder.v1 import embedder_pb2
from imagesearch.search.v1 import search_pb2
from imagesearch.type.v1 import embedding_pb2, image_pb2
from indexer.failure import Failure
from indexer.photo import Fingerprint, Photo, TakenAt, TakenAtSource
from indexer.ports import Embedding, Index, Model, ModelState, Rebuild, Write
from indexer.scope import Shard
from pictures.paths import decode_path, display_name, encode_path, image_id

# What a Timestamp can hold: the years 1 to 9999.
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799

# What the contract allows.
_REASON_BYTES, _MESSAGE_BYTES = 64, 4096

_MODEL_STATES = {
    embedder_pb2.MODEL_STATE_READY: ModelState.READY,
    embedder_pb2.MODEL_STATE_DEGRADED: ModelState.READY,
    embedder_pb2.MODEL_STATE_FAILED: ModelState.FAILED,
}
_TAKEN_AT_SOURCES = {
    TakenAtSource.EXIF: image_pb2.TAKEN_AT_SOURCE_EXIF,
    TakenAtSource.FILE: image_pb2.TAKEN_AT_SOURCE_FILE,
}


def to_model(message: embedder_pb2.Model) -> Model:
    """The embedder's model."""
    return Model(
        id=message.id,
        name=message.name,
        dimensions=message.dimensions,
        state=_MODEL_STATES.get(message.state, ModelState.LOADING),
        detail=message.state_detail,
        progress=message.progress,
        notice=message.notice,
        max_unanswered=message.limits.max_unanswered_images,
        useful_edge=message.limits.useful_image_edge,
        embeds_images=embedder_pb2.MODALITY_IMAGE in message.modalities,
    )


def to_index(message: search_pb2.Index) -> Index:
    """The index."""
    counts = {share.source: share.image_count for share in message.sources}
    return Index(message.model, counts, to_rebuild(message.rebuild) if message.HasField("rebuild") else None)


def to_rebuild(message: search_pb2.Rebuild) -> Rebuild:
    """The next index."""
    return Rebuild(message.id, message.model, message.image_count)


def to_fingerprint(message: search_pb2.Fingerprint) -> Fingerprint:
    """What the index holds of a file."""
    return Fingerprint(
        image_id=message.id,
        relative_path=message.relative_path,
        size=message.size_bytes,
        modified_ns=message.modified_at.seconds * 1_000_000_000 + message.modified_at.nanos,
        content_sha256=message.content_sha256,
        extractor_version=message.extractor_version,
    )


def to_failure(message: search_pb2.Failure) -> Failure:
    """A file that could not be indexed."""
    return Failure(
        relative_path=message.relative_path,
        reason=message.reason,
        message=message.message,
        size=message.size_bytes,
        modified_ns=message.modified_at.seconds * 1_000_000_000 + message.modified_at.nanos,
        extractor_version=message.extractor_version,
    )


def from_failure(source: str, failure: Failure) -> search_pb2.Failure:
    """A failure to record."""
    return search_pb2.Failure(
        id=failure_id(source, failure.relative_path),
        source=source,
        relative_path=failure.relative_path,
        size_bytes=failure.size,
        modified_at=_from_nanoseconds(failure.modified_ns),
        reason=_cut(failure.reason, _REASON_BYTES),
        message=_cut(failure.message, _MESSAGE_BYTES),
        extractor_version=failure.extractor_version,
    )


def failure_id(source: str, relative_path: str) -> str:
    """The id of a file's failure: the photo's."""
    return image_id(source, decode_path(relative_path))


def from_shard(shard: Shard | None) -> search_pb2.Shard | None:
    """A shard, if there is one."""
    return search_pb2.Shard(index=shard.index, count=shard.count) if shard else None


def _cut(text: str, size: int) -> str:
    return text.encode("utf-8", "replace")[:size].decode("utf-8", "ignore")


def to_embedding(message: embedding_pb2.Embedding) -> Embedding:
    """A vector."""
    return Embedding(message.model, tuple(message.values))


def from_write(write: Write) -> search_pb2.IndexImagesRequest:
    """A photo to write."""
    request = search_pb2.IndexImagesRequest(image=_from_photo(write.photo), rebuild_id=write.rebuild_id)
    if isinstance(write.vector, Embedding):
        request.embedding.CopyFrom(
            embedding_pb2.Embedding(model=write.vector.model, values=write.vector.values),
        )
    else:
        request.copy_from_image_id = write.vector
    return request


def _from_photo(photo: Photo) -> image_pb2.Image:
    image = image_pb2.Image(
        id=photo.image_id,
        source=photo.source,
        relative_path=encode_path(photo.path),
        name=display_name(photo.path),
        content_sha256=photo.content_sha256,
        size_bytes=photo.size,
        modified_at=_from_nanoseconds(photo.modified_ns),
        media_type=photo.media_type,
        width=photo.width,
        height=photo.height,
        extractor_version=photo.extractor_version,
        title=photo.description.title,
        caption=photo.description.caption,
        keywords=photo.description.keywords,
        rating=photo.description.rating,
        altitude_meters=photo.altitude_meters,
        perceptual_hash=photo.perceptual_hash,
    )
    if photo.taken_at is not None:
        image.taken_at.CopyFrom(_from_taken_at(photo.taken_at))
        image.taken_at_source = _TAKEN_AT_SOURCES[photo.taken_at.source]
    if photo.location is not None:
        image.location.CopyFrom(LatLng(latitude=photo.location.latitude, longitude=photo.location.longitude))
    if photo.camera_make or photo.camera_model or photo.lens:
        camera = image_pb2.Camera(make=photo.camera_make, model=photo.camera_model, lens=photo.lens)
        image.camera.CopyFrom(camera)
    return image


def _from_taken_at(taken_at: TakenAt) -> DateTime:
    civil = taken_at.civil
    message = DateTime(
        year=civil.year,
        month=civil.month,
        day=civil.day,
        hours=civil.hour,
        minutes=civil.minute,
        seconds=civil.second,
        nanos=civil.microsecond * 1000,
    )
    if taken_at.utc_offset is not None:
        message.utc_offset.CopyFrom(Duration(seconds=round(taken_at.utc_offset.total_seconds())))
    return message


def _from_nanoseconds(since_1970: int) -> Timestamp:
    seconds, nanos = divmod(since_1970, 1_000_000_000)
    return Timestamp(seconds=min(max(seconds, _FIRST_SECOND), _LAST_SECOND), nanos=nanos)
