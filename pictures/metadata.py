"""What a picture's file tells of itself: when, where and with what it was taken."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pictures import exif, xmp
from pictures.descriptions import Description, read_description
from pictures.exif import Exif
from pictures.iptc import read_iptc
from pictures.place import read_altitude, read_position
from pictures.taken_at import read_taken_at
from pictures.texts import Texts
from pictures.tiff import Value
from pictures.wording import cleaned, decoded
from pictures.xmp import Xmp, read_xmp


@dataclass(frozen=True)
class Metadata:
    """The facts of a photo; None or "" where the file does not tell them or tells nonsense."""

    taken_at: datetime | None = None
    """Civil time as the camera's clock showed it, without a time zone."""
    utc_offset: timedelta | None = None
    """That of `taken_at`, where the file tells it. Time zones are never guessed."""
    latitude: float | None = None
    """Degrees (WGS 84), north positive, -90 to 90. Present if and only if the longitude is."""
    longitude: float | None = None
    """Degrees (WGS 84), east positive, -180 to 180."""
    camera_make: str = ""
    camera_model: str = ""
    lens: str = ""
    altitude_meters: float | None = None
    """Above sea level; negative below. Only beside a position."""
    description: Description = field(default_factory=Description)


def read_metadata(block: Exif, texts: Texts | None = None) -> Metadata:
    """The facts that a file's blocks tell."""
    texts = texts or Texts()
    packet = read_xmp(texts.xmp)
    taken_at, utc_offset = read_taken_at(block, packet, texts.png.get("Creation Time", ""))
    latitude, longitude = read_position(block.gps)
    return Metadata(
        taken_at,
        utc_offset,
        latitude,
        longitude,
        decoded(block.main.get(exif.MAKE)),
        decoded(block.main.get(exif.MODEL)),
        _lens(block, packet),
        read_altitude(block.gps) if latitude is not None else None,
        read_description(block, packet, read_iptc(texts.iptc), texts),
    )


def _lens(block: Exif, packet: Xmp) -> str:
    """Its name; where the file lacks that, its maker with focal lengths and apertures."""
    name = decoded(block.exif.get(exif.LENS_MODEL))
    if any(character.isalnum() for character in name):
        return name
    if named_elsewhere := cleaned(packet.first(xmp.LENS)):
        return named_elsewhere
    numbers = _lens_numbers(block.exif.get(exif.LENS_SPECIFICATION) or block.main.get(exif.LENS_INFO))
    return f"{decoded(block.exif.get(exif.LENS_MAKE))} {numbers}".strip() if numbers else ""


def _lens_numbers(value: Value | None) -> str:
    """Such as "24-70mm f/2.8-4"; unknown numbers are 0/0."""
    if not isinstance(value, tuple) or len(value) != 8:
        return ""
    numbers = [
        top / bottom if bottom > 0 and top > 0 else 0.0 for top, bottom in zip(value[::2], value[1::2], strict=True)
    ]
    shortest, longest, widest, widest_at_longest = numbers
    if not shortest:
        return ""
    text = f"{shortest:g}-{longest:g}mm" if longest > shortest else f"{shortest:g}mm"
    if not widest:
        return text
    return f"{text} f/{widest:g}-{widest_at_longest:g}" if widest_at_longest > widest else f"{text} f/{widest:g}"
