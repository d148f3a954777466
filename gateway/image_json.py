"""Photos, failures and the index as the HTTP API shows them, from the messages of the search service."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.datetime_pb2 import DateTime

from imagesearch.search.v1 import search_pb2
from imagesearch.type.v1 import image_pb2
from pictures.paths import decode_path, display_name

Json = dict[str, Any]

_TAKEN_AT_SOURCES = {image_pb2.TAKEN_AT_SOURCE_EXIF: "exif", image_pb2.TAKEN_AT_SOURCE_FILE: "file"}
_INDEX_STATES = {
    search_pb2.INDEX_STATE_MISSING: "missing",
    search_pb2.INDEX_STATE_READY: "ready",
    search_pb2.INDEX_STATE_DEGRADED: "degraded",
}


def image_json(image: image_pb2.Image) -> Json:
    """A photo. The addresses of its pictures change with its content, so that they can be cached for good."""
    address = f"/api/v1/images/{quote(image.id, safe='')}"
    version = content_version(image.content_sha256)
    return {
        "id": image.id,
        "source": image.source,
        "relative_path": image.relative_path,
        "name": image.name,
        "media_type": image.media_type,
        "size_bytes": image.size_bytes,
        "modified_at": _instant(image.modified_at) if image.HasField("modified_at") else None,
        "taken_at": _civil_time(image.taken_at) if image.HasField("taken_at") else None,
        "taken_at_source": _TAKEN_AT_SOURCES.get(image.taken_at_source),
        "location": _location(image) if image.HasField("location") else None,
        "altitude_meters": image.altitude_meters if image.HasField("altitude_meters") else None,
        "camera": _camera(image) if image.HasField("camera") else None,
        "title": image.title or None,
        "caption": image.caption or None,
        "keywords": list(image.keywords),
        "rating": image.rating if image.HasField("rating") else None,
        "width": image.width,
        "height": image.height,
        "indexed_at": _instant(image.indexed_at) if image.HasField("indexed_at") else None,
        "content_sha256": image.content_sha256,
        "thumbnail_url": f"{address}/thumbnail?v={version}",
        "preview_url": f"{address}/preview?v={version}",
        "original_url": f"{address}/original",
    }


def index_json(index: search_pb2.Index) -> Json:
    """The index and its state."""
    rebuild = index.rebuild
    return {
        "model": index.model,
        "dimensions": index.dimensions,
        "image_count": index.image_count,
        "state": _INDEX_STATES.get(index.state, "unavailable"),
        "state_detail": index.state_detail,
        "failure_count": index.failure_count,
        "sources": [
            {"source": part.source, "image_count": part.image_count, "failure_count": part.failure_count}
            for part in index.sources
        ],
        "rebuild": {"id": rebuild.id, "model": rebuild.model, "image_count": rebuild.image_count}
        if index.HasField("rebuild")
        else None,
        "backend": index.backend,
    }


def failure_json(failure: search_pb2.Failure) -> Json:
    """A file or a folder that could not be indexed."""
    return {
        "source": failure.source,
        "relative_path": failure.relative_path,
        "name": _name(failure.relative_path),
        "size_bytes": failure.size_bytes,
        "modified_at": _instant(failure.modified_at) if failure.HasField("modified_at") else None,
        "reason": failure.reason,
        "message": failure.message,
        "failed_at": _instant(failure.failed_at) if failure.HasField("failed_at") else None,
    }


def content_version(content_sha256: str) -> str:
    """Stands for the content of a photo in the addresses of its pictures."""
    return content_sha256[:16]


def _name(relative_path: str) -> str:
    try:
        return display_name(decode_path(relative_path))
    except ValueError:  # not written by the indexer
        return relative_path


def _instant(timestamp: Timestamp) -> str | None:
    try:
        return timestamp.ToJsonString()
    except ValueError:  # beyond the years 1 to 9999
        return None


def _civil_time(value: DateTime) -> str | None:
    try:
        taken = datetime(
            value.year, value.month or 1, value.day or 1, value.hours, value.minutes, value.seconds, tzinfo=UTC
        )
    except ValueError:  # no year, say
        return None
    text = taken.replace(tzinfo=None).isoformat()
    if value.WhichOneof("time_offset") != "utc_offset":
        return text
    minutes = round(value.utc_offset.seconds / 60)
    return f"{text}{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _location(image: image_pb2.Image) -> Json:
    return {"latitude": image.location.latitude, "longitude": image.location.longitude}


def _camera(image: image_pb2.Image) -> Json:
    return {"make": image.camera.make, "model": image.camera.model, "lens": image.camera.lens}
