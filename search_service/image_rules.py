"""What the fields of a photo may hold."""

import math
import re

from search_service.errors import InvalidField
from search_service.images import Image
from search_service.photo_facts import Location

MAX_ID_BYTES = 512
_MOST_LISTED = 1_000  # in one request
MAX_SOURCE_BYTES = 512
_MAX_MODEL_BYTES = 512
MAX_PATH_BYTES = 16_384  # 4,096 bytes, each percent-encoded, and some
MAX_TEXT_BYTES = 4_096
_MAX_KEYWORDS = 256
_RATINGS = range(-1, 6)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def check_image(image: Image) -> None:
    """Raises InvalidField, naming the field, unless the photo can be stored."""
    check_text("image.id", image.id, MAX_ID_BYTES, required=True)
    check_text("image.source", image.source, MAX_SOURCE_BYTES, required=True)
    check_text("image.relative_path", image.relative_path, MAX_PATH_BYTES, required=True)
    check_text("image.name", image.name, MAX_TEXT_BYTES, required=True)
    check_text("image.media_type", image.media_type, MAX_TEXT_BYTES)
    if image.content_sha256:
        check_sha256("image.content_sha256", image.content_sha256)
    for field in ("size_bytes", "width", "height", "extractor_version"):
        if getattr(image, field) < 0:
            raise InvalidField(f"image.{field}", "It can't be negative.")
    if image.location:
        check_location("image.location", image.location)
    if image.camera:
        check_text("image.camera.make", image.camera.make, MAX_TEXT_BYTES)
        check_text("image.camera.model", image.camera.model, MAX_TEXT_BYTES)
        check_text("image.camera.lens", image.camera.lens, MAX_TEXT_BYTES)
    _check_description(image)
    if image.altitude_meters is not None and not math.isfinite(image.altitude_meters):
        raise InvalidField("image.altitude_meters", "It is a number of metres.")


def _check_description(image: Image) -> None:
    check_text("image.title", image.title, MAX_TEXT_BYTES)
    check_text("image.caption", image.caption, MAX_TEXT_BYTES)
    if len(image.keywords) > _MAX_KEYWORDS:
        raise InvalidField("image.keywords", f"At most {_MAX_KEYWORDS} are allowed, {len(image.keywords)} were sent.")
    for position, keyword in enumerate(image.keywords):
        check_text(f"image.keywords[{position}]", keyword, MAX_TEXT_BYTES)
    if image.rating is not None and image.rating not in _RATINGS:
        raise InvalidField("image.rating", f"It is between {_RATINGS.start} and {_RATINGS.stop - 1}.")


def check_location(field: str, location: Location) -> None:
    """Raises InvalidField unless it lies on the Earth."""
    check_degrees(f"{field}.latitude", location.latitude, 90)
    check_degrees(f"{field}.longitude", location.longitude, 180)


def check_degrees(field: str, value: float, limit: int) -> None:
    """Raises InvalidField unless it is from -limit to limit."""
    if not math.isfinite(value) or abs(value) > limit:
        raise InvalidField(field, f"It is between -{limit} and {limit}.")


def check_sha256(field: str, text: str) -> None:
    """Raises InvalidField unless it is a SHA-256 in lower-case hexadecimal digits."""
    if not _SHA256.fullmatch(text):
        raise InvalidField(field, "A SHA-256 has 64 lower-case hexadecimal digits.")


def check_id(field: str, image_id: str) -> None:
    """Raises InvalidField if no photo can have this id."""
    check_text(field, image_id, MAX_ID_BYTES)


def check_count(field: str, count: int) -> None:
    """Raises InvalidField if a request lists too many."""
    if count > _MOST_LISTED:
        raise InvalidField(field, f"At most {_MOST_LISTED} are allowed, {count} were sent.")


def check_model_name(field: str, name: str) -> None:
    """Raises InvalidField if no model can have this name."""
    check_text(field, name, _MAX_MODEL_BYTES)


def check_text(field: str, text: str, max_bytes: int, *, required: bool = False) -> None:
    """Raises InvalidField if the text is too long, or missing where it is required."""
    if required and not text:
        raise InvalidField(field, "It is required.")
    if len(text.encode()) > max_bytes:
        raise InvalidField(field, f"It has more than {max_bytes} bytes.")
