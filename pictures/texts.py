"""Where files keep what people wrote about a picture, besides EXIF: XMP, IPTC, and the text chunks of PNG."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pictures.iptc import MAX_IPTC_BYTES, find_in_photoshop
from pictures.tiff import read_directory, read_header
from pictures.xmp import MAX_XMP_BYTES

_PNG_NAMES = ("Title", "Description", "Creation Time")
_MAX_PNG_TEXT = 65536
_TIFF_XMP, _TIFF_IPTC, _TIFF_PHOTOSHOP = 700, 33723, 34377


@dataclass(frozen=True)
class Texts:
    """The encoded blocks; empty where the file has none."""

    xmp: bytes = b""
    iptc: bytes = b""
    png: Mapping[str, str] = field(default_factory=dict)

    def filled_from(self, other: "Texts") -> "Texts":
        """The same with the blocks that it lacks taken from `other`."""
        return Texts(self.xmp or other.xmp, self.iptc or other.iptc, self.png or other.png)


def embedded_texts(info: Mapping[Any, Any]) -> Texts:
    """The blocks that Pillow or pi-heif found in a file."""
    xmp = info.get("xmp")
    xmp = xmp.encode("utf-8", "replace") if isinstance(xmp, str) else xmp
    photoshop = info.get("photoshop")
    iptc = photoshop.get(0x0404) if isinstance(photoshop, dict) else _from_profile(info.get("Raw profile type iptc"))
    return Texts(
        xmp if isinstance(xmp, bytes) else b"",
        iptc if isinstance(iptc, bytes) else b"",
        {name: str(info[name])[:_MAX_PNG_TEXT] for name in _PNG_NAMES if isinstance(info.get(name), str)},
    )


def tiff_texts(data: bytes) -> Texts:
    """The blocks of a TIFF, or a raw file that is built like one."""
    header = read_header(data)
    if header is None:
        return Texts()
    tags = frozenset({_TIFF_XMP, _TIFF_IPTC, _TIFF_PHOTOSHOP})
    found = read_directory(data, header, header.first, tags, max_value_bytes=max(MAX_XMP_BYTES, MAX_IPTC_BYTES)).fields
    xmp, iptc, photoshop = (found.get(tag) for tag in (_TIFF_XMP, _TIFF_IPTC, _TIFF_PHOTOSHOP))
    if isinstance(iptc, tuple):  # many programs say that the record's bytes are numbers of four
        iptc = b"".join(
            (number & 0xFFFFFFFF).to_bytes(4, "little" if header.order == "<" else "big") for number in iptc
        )
    if not iptc and isinstance(photoshop, bytes):
        iptc = find_in_photoshop(photoshop)
    return Texts(xmp if isinstance(xmp, bytes) else b"", iptc if isinstance(iptc, bytes) else b"")


def _from_profile(profile: object) -> bytes:
    """The IPTC record of a PNG, as ImageMagick and exiftool write it: a name, a length, and hexadecimal digits."""
    if not isinstance(profile, str) or len(profile) > 2 * MAX_IPTC_BYTES:
        return b""
    try:
        content = bytes.fromhex("".join(profile.strip().split("\n")[2:]))
    except ValueError:
        return b""
    return find_in_photoshop(content) if content.startswith(b"8BIM") else content
