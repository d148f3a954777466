"""Photos as Elasticsearch documents, and back."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson

from search_service.civil_time import from_micros, micros
from search_service.folders import enclosing_folders
from search_service.images import (
    Fingerprint,
    Folder,
    Image,
    Vector,
    WindowHits,
    sample_key,
)
from search_service.photo_facts import Camera, Location, TakenAtSource

VECTOR = "image_embedding"
# Elasticsearch since 9.2 leaves vectors out by itself, older ones do not. The other fields that nothing reads are not
# worth the time that leaving them out takes.
NOT_READ = [VECTOR]
FINGERPRINT_FIELDS = [
    "image_id",
    "source",
    "relative_path",
    "size_bytes",
    "modified_seconds",
    "modified_nanos",
    "content_sha256",
    "extractor_version",
]
WINDOW_FIELDS = ["content_sha256", "perceptual_hash", "taken_at_us"]

# A shard of `count` parts is found by the residues of the prime powers that count is made of.
PRIME_POWERS = (
    *(2, 4, 8, 16, 32, 64, 128, 256, 3, 9, 27, 81, 5, 25, 7, 49),
    *(11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61),
)

_BILLION = 1_000_000_000


def write_document(image: Image, vector: Vector, indexed_at: datetime) -> bytes:
    """The document, as JSON."""
    modified = (None, None) if image.modified_at_ns is None else divmod(image.modified_at_ns, _BILLION)
    key = sample_key(image.id)
    document = {
        "image_id": image.id,
        "image_name": image.name,
        "source": image.source,
        "relative_path": image.relative_path,
        "folder_keys": _folder_keys(image),
        "content_sha256": image.content_sha256,
        "size_bytes": image.size_bytes,
        "modified_seconds": modified[0],
        "modified_nanos": modified[1],
        "media_type": image.media_type,
        "width": image.width,
        "height": image.height,
        "exif": {
            "date": None if image.taken_at is None else image.taken_at.isoformat(),
            "location": {"lat": image.location.latitude, "lon": image.location.longitude} if image.location else None,
        },
        "taken_at_us": None if image.taken_at is None else micros(image.taken_at),
        "utc_offset_seconds": None if image.utc_offset is None else round(image.utc_offset.total_seconds()),
        "taken_at_source": image.taken_at_source.value,
        "camera": _camera_document(image.camera) if image.camera else None,
        "camera_key": camera_key(image.camera) if image.camera else None,
        "title": image.title,
        "caption": image.caption,
        "keywords": image.keywords,
        "rating": image.rating,
        "altitude_meters": image.altitude_meters,
        "perceptual_hash": None if image.perceptual_hash is None else _signed(image.perceptual_hash),
        "extractor_version": image.extractor_version,
        "indexed_at": indexed_at.isoformat(),
        "sample_key": key,
        "sample_key_residues": [residue(power, key) for power in PRIME_POWERS],
        VECTOR: vector,
    }
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def read_image(source: Mapping[str, Any]) -> Image:
    """The photo of a document's _source. One that an earlier version wrote lacks the later fields."""
    exif, camera, offset = source["exif"], source["camera"], source["utc_offset_seconds"]
    taken_at, location, look = source["taken_at_us"], exif["location"], source.get("perceptual_hash")
    return Image(
        id=source["image_id"],
        source=source["source"],
        relative_path=source["relative_path"],
        name=source["image_name"],
        content_sha256=source["content_sha256"],
        size_bytes=source["size_bytes"],
        modified_at_ns=_nanos(source["modified_seconds"], source["modified_nanos"]),
        media_type=source["media_type"],
        width=source["width"],
        height=source["height"],
        taken_at=None if taken_at is None else from_micros(taken_at),
        utc_offset=None if offset is None else timedelta(seconds=offset),
        taken_at_source=TakenAtSource(source["taken_at_source"]),
        location=None if location is None else Location(location["lat"], location["lon"]),
        camera=None if camera is None else Camera(camera["make"], camera["model"], camera.get("lens", "")),
        title=source.get("title", ""),
        caption=source.get("caption", ""),
        keywords=tuple(source.get("keywords", ())),
        rating=source.get("rating"),
        altitude_meters=source.get("altitude_meters"),
        perceptual_hash=None if look is None else unsigned(look),
        extractor_version=source["extractor_version"],
        indexed_at=datetime.fromisoformat(source["indexed_at"]).astimezone(UTC),
    )


def read_fingerprint(fields: Mapping[str, list[Any]]) -> Fingerprint:
    """The fingerprint of a hit's FINGERPRINT_FIELDS."""
    return Fingerprint(
        id=fields["image_id"][0],
        source=fields["source"][0],
        relative_path=fields["relative_path"][0],
        size_bytes=fields["size_bytes"][0],
        modified_at_ns=_nanos(fields.get("modified_seconds", [None])[0], fields.get("modified_nanos", [None])[0]),
        content_sha256=fields["content_sha256"][0],
        extractor_version=fields["extractor_version"][0],
    )


def read_window(hits: Sequence[tuple[str, float, Mapping[str, list[Any]]]]) -> WindowHits:
    """The window of hits with their ids, cosines and WINDOW_FIELDS."""
    looks = [fields.get("perceptual_hash", [None])[0] for _, _, fields in hits]
    return WindowHits(
        ids=[image_id for image_id, _, _ in hits],
        scores=[cosine for _, cosine, _ in hits],
        contents=[fields.get("content_sha256", [""])[0] for _, _, fields in hits],
        looks=np.array([look or 0 for look in looks], dtype=np.int64).view(np.uint64),
        has_look=np.array([look is not None for look in looks], dtype=np.bool_),
        taken_at_us=[fields.get("taken_at_us", [None])[0] for _, _, fields in hits],
    )


def unsigned(number: int) -> int:
    """The 64 bits of a number that Elasticsearch takes for a signed one."""
    return number % 2**64


def residue(power: int, key: int) -> str:
    """A term that the documents have whose sample key leaves the same."""
    return f"{power}:{key % power}"


def folder_key(folder: Folder) -> str:
    """A term that the documents of this folder have. It begins with the folder's depth; the source's is 0."""
    depth = folder.path.count("/") + 1 if folder.path else 0
    return f"{depth}/{len(folder.source)}:{folder.source}{folder.path}"


def read_folder_key(key: str) -> Folder:
    """The folder of folder_key."""
    return Folder(*_parted(key.partition("/")[2]))


def camera_key(camera: Camera) -> str:
    """A term that the documents of this camera have."""
    return f"{len(camera.make)}:{camera.make}{camera.model}"


def read_camera_key(key: str) -> Camera:
    """The camera of camera_key."""
    return Camera(*_parted(key))


def _parted(text: str) -> tuple[str, str]:
    """The two texts of which the first one's length stands at the head."""
    length, _, both = text.partition(":")
    return both[: int(length)], both[int(length) :]


def _camera_document(camera: Camera) -> dict[str, str]:
    return {"make": camera.make, "model": camera.model, "lens": camera.lens}


def _signed(bits: int) -> int:
    return bits - 2**64 if bits >= 2**63 else bits


def _folder_keys(image: Image) -> list[str]:
    """Those of the source and of the folders that the photo lies in, from the outermost on."""
    return [folder_key(Folder(image.source, path)) for path in ("", *enclosing_folders(image.relative_path))]


def _nanos(seconds: int | None, nanos: int | None) -> int | None:
    return None if seconds is None or nanos is None else seconds * _BILLION + nanos
