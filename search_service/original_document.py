"""Photos from the original tool's documents.

Only columns (doc values) are read: they hold what Elasticsearch understood. The document itself holds what was sent,
which one odd photo can make unreadable for a whole page.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pictures.paths import encode_path
from search_service.civil_time import from_micros
from search_service.images import Fingerprint, Image
from search_service.original_index import OriginalIndex
from search_service.photo_facts import Location, TakenAtSource

Hit = Mapping[str, Any]


def read_fields(index: OriginalIndex) -> list[Any]:
    """What read_image needs of a hit, as `docvalue_fields`."""
    fields: list[Any] = list(dict.fromkeys(index.fields[name] for name in ("image_id", "image_name", "relative_path")))
    return [*fields, date_field(index), index.fields["exif.location"]]


def date_field(index: OriginalIndex) -> dict[str, str]:
    """What read_time needs of a hit, as one of `docvalue_fields`."""
    return {"field": index.fields["exif.date"], "format": "epoch_millis"}


def read_image(hit: Hit, index: OriginalIndex) -> Image:
    """The photo of a hit with read_fields. What can't be understood is left out."""
    path, taken_at = _path(hit, index), read_time(hit, index)
    return Image(
        id=hit["_id"],
        source=index.source,
        relative_path=encode_path(path.encode()),
        name=_text(hit, index, "image_name") or path.rpartition("/")[2] or hit["_id"],
        taken_at=taken_at,
        taken_at_source=TakenAtSource.EXIF if taken_at else TakenAtSource.NONE,
        location=_location(hit, index),
    )


def read_time(hit: Hit, index: OriginalIndex) -> datetime | None:
    """When the photo of a hit with date_field was taken; None also beyond the years 1 to 9999."""
    text = _text(hit, index, "exif.date")
    try:
        return from_micros(int(text) * 1000) if text else None
    except OverflowError:
        return None


def read_fingerprint(hit: Hit, index: OriginalIndex) -> Fingerprint:
    """What is known of the file of a hit with read_fields: where it is, and nothing by which it could be compared."""
    return Fingerprint(
        id=hit["_id"],
        source=index.source,
        relative_path=encode_path(_path(hit, index).encode()),
        size_bytes=0,
        modified_at_ns=None,
        content_sha256="",
        extractor_version=0,
    )


def _path(hit: Hit, index: OriginalIndex) -> str:
    return next(filter(None, (_text(hit, index, name) for name in ("relative_path", "image_name", "image_id"))), "")


def _text(hit: Hit, index: OriginalIndex, name: str) -> str:
    """The first value of a field; "" where there is none."""
    values = hit.get("fields", {}).get(index.fields[name])
    return str(values[0]) if values else ""


def _location(hit: Hit, index: OriginalIndex) -> Location | None:
    text = _text(hit, index, "exif.location")
    if not text:
        return None
    # Elasticsearch keeps places in steps of less than a ten-millionth of a degree.
    latitude, longitude = (round(float(part), 7) for part in text.split(","))
    return Location(latitude, longitude)
