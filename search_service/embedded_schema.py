"""The columns of a table, and photos as rows of it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from search_service.civil_time import from_micros, micros
from search_service.images import (
    Fingerprint,
    Image,
    Vector,
    sample_key,
)
from search_service.photo_facts import Camera, Location, TakenAtSource

# Times are integers: the engine's timestamps overflow in years that broken cameras write.
_FACTS: list[tuple[str, Any]] = [
    ("id", pa.string()),
    ("source", pa.string()),
    ("relative_path", pa.string()),
    ("name", pa.string()),
    ("content_sha256", pa.string()),
    ("size_bytes", pa.int64()),
    ("modified_seconds", pa.int64()),
    ("modified_nanos", pa.int32()),
    ("media_type", pa.string()),
    ("width", pa.int32()),
    ("height", pa.int32()),
    ("taken_at_us", pa.int64()),
    ("utc_offset_seconds", pa.int32()),
    ("taken_at_source", pa.int8()),
    ("latitude", pa.float64()),
    ("longitude", pa.float64()),
    ("camera_make", pa.string()),
    ("camera_model", pa.string()),
    ("camera_lens", pa.string()),
    ("title", pa.string()),
    ("caption", pa.string()),
    ("keywords", pa.list_(pa.string())),
    ("rating", pa.int8()),
    ("altitude_meters", pa.float64()),
    ("perceptual_hash", pa.uint64()),
    ("extractor_version", pa.int32()),
    ("indexed_at_us", pa.int64()),
    ("sample_key", pa.int64()),
]
FACT_COLUMNS = [name for name, _ in _FACTS]
FINGERPRINT_COLUMNS = [
    "id",
    "source",
    "relative_path",
    "size_bytes",
    "modified_seconds",
    "modified_nanos",
    "content_sha256",
    "extractor_version",
]
_BILLION = 1_000_000_000


def table_schema(dimensions: int) -> Any:
    """The schema of a table whose vectors have this many values."""
    return pa.schema([*_FACTS, ("vector", pa.list_(pa.float32(), dimensions))])


def to_table(rows: Iterable[tuple[Image, Vector]], dimensions: int, indexed_at: datetime) -> Any:
    """The photos and their vectors as an Arrow table."""
    images, vectors = zip(*rows, strict=True)
    facts = [_to_row(image, indexed_at) for image in images]
    columns = [pa.array([row[name] for row in facts], kind) for name, kind in _FACTS]
    values = pa.array(np.concatenate(vectors).astype(np.float32, copy=False))
    columns.append(pa.FixedSizeListArray.from_arrays(values, dimensions))
    return pa.table(columns, schema=table_schema(dimensions))


def to_image(row: dict[str, Any]) -> Image:
    """The photo of a row with FACT_COLUMNS. Rows that an earlier version wrote have no values in the later columns."""
    taken_at, offset, latitude = row["taken_at_us"], row["utc_offset_seconds"], row["latitude"]
    return Image(
        id=row["id"],
        source=row["source"],
        relative_path=row["relative_path"],
        name=row["name"],
        content_sha256=row["content_sha256"],
        size_bytes=row["size_bytes"],
        modified_at_ns=_modified_at_ns(row),
        media_type=row["media_type"],
        width=row["width"],
        height=row["height"],
        taken_at=None if taken_at is None else from_micros(taken_at),
        utc_offset=None if offset is None else timedelta(seconds=offset),
        taken_at_source=TakenAtSource(row["taken_at_source"]),
        location=None if latitude is None else Location(latitude, row["longitude"]),
        camera=_to_camera(row),
        title=row["title"] or "",
        caption=row["caption"] or "",
        keywords=tuple(row["keywords"] or ()),
        rating=row["rating"],
        altitude_meters=row["altitude_meters"],
        perceptual_hash=row["perceptual_hash"],
        extractor_version=row["extractor_version"],
        indexed_at=from_micros(row["indexed_at_us"]).replace(tzinfo=UTC),
    )


def to_fingerprint(row: dict[str, Any]) -> Fingerprint:
    """The fingerprint of a row with FINGERPRINT_COLUMNS."""
    return Fingerprint(
        id=row["id"],
        source=row["source"],
        relative_path=row["relative_path"],
        size_bytes=row["size_bytes"],
        modified_at_ns=_modified_at_ns(row),
        content_sha256=row["content_sha256"],
        extractor_version=row["extractor_version"],
    )


def _to_row(image: Image, indexed_at: datetime) -> dict[str, Any]:
    modified = (None, None) if image.modified_at_ns is None else divmod(image.modified_at_ns, _BILLION)
    return {
        "id": image.id,
        "source": image.source,
        "relative_path": image.relative_path,
        "name": image.name,
        "content_sha256": image.content_sha256,
        "size_bytes": image.size_bytes,
        "modified_seconds": modified[0],
        "modified_nanos": modified[1],
        "media_type": image.media_type,
        "width": image.width,
        "height": image.height,
        "taken_at_us": None if image.taken_at is None else micros(image.taken_at),
        "utc_offset_seconds": None if image.utc_offset is None else round(image.utc_offset.total_seconds()),
        "taken_at_source": image.taken_at_source.value,
        "latitude": image.location.latitude if image.location else None,
        "longitude": image.location.longitude if image.location else None,
        "camera_make": image.camera.make if image.camera else None,
        "camera_model": image.camera.model if image.camera else None,
        "camera_lens": image.camera.lens if image.camera else None,
        "title": image.title,
        "caption": image.caption,
        "keywords": image.keywords,
        "rating": image.rating,
        "altitude_meters": image.altitude_meters,
        "perceptual_hash": image.perceptual_hash,
        "extractor_version": image.extractor_version,
        "indexed_at_us": micros(indexed_at.astimezone(UTC).replace(tzinfo=None)),
        "sample_key": sample_key(image.id),
    }


def _to_camera(row: dict[str, Any]) -> Camera | None:
    if row["camera_make"] is None:
        return None
    return Camera(row["camera_make"], row["camera_model"], row["camera_lens"] or "")


def _modified_at_ns(row: dict[str, Any]) -> int | None:
    seconds = row["modified_seconds"]
    return None if seconds is None else int(seconds * _BILLION + row["modified_nanos"])
