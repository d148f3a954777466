"""What people wrote about a picture: title, caption, keywords and rating. XMP goes before IPTC, and that before EXIF.

So do the Metadata Working Group's guidelines (Guidelines for Handling Image Metadata 2.0, 2010) where blocks disagree.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pictures import exif, iptc, xmp
from pictures.exif import Exif
from pictures.iptc import Iptc
from pictures.texts import Texts
from pictures.wording import cleaned, decoded, decoded_comment
from pictures.xmp import Xmp

MAX_KEYWORDS: Final = 256

# What cameras write into every picture's description, in lower case.
_CAMERAS_WORDS = frozenset(
    {
        *("sony dsc", "kodak digital still camera", "samsung camera pictures"),
        *(
            "exif_jpeg_picture",
            "digital camera",
            "dcim",
            "dcf 1.0",
            "gcm_tag",
            "default",
            "untitled",
            "camera photo",
            "jpeg",
        ),
        # Huawei's phones name the mode here.
        *(
            "cof",
            "mde",
            "sdr",
            "rhdr",
            "dav",
            "edf",
            "fbt",
            "nor",
            "hdr",
            "ptr",
            "burst",
            "oznor",
            "oznorhdr",
            "binary comment",
        ),
    }
)
# Microsoft writes 1, 25, 50, 75 and 99 percent for one to five stars.
_LEAST_PERCENT_OF_STARS = (1, 13, 38, 63, 88)


@dataclass(frozen=True)
class Description:
    """Empty, or None, where the file does not tell it."""

    title: str = ""
    caption: str = ""
    keywords: tuple[str, ...] = ()
    """Each once, in the file's order, at most MAX_KEYWORDS."""
    rating: int | None = None
    """1 to 5 stars, 0 for none, -1 for rejected."""


def read_description(block: Exif, packet: Xmp, record: Iptc, texts: Texts) -> Description:
    """What the blocks say, the first that says something winning."""
    return Description(
        title=_first(cleaned(packet.first(xmp.TITLE)), *_iptc(record, iptc.TITLE), cleaned(texts.png.get("Title", ""))),
        caption=_first(
            cleaned(packet.first(xmp.DESCRIPTION)),
            *_iptc(record, iptc.CAPTION),
            _persons_words(decoded(block.main.get(exif.IMAGE_DESCRIPTION))),
            _persons_words(decoded_comment(block.exif.get(exif.USER_COMMENT))),
            cleaned(texts.png.get("Description", "")),
        ),
        keywords=_each_once(map(cleaned, packet.values.get(xmp.SUBJECT, ())))
        or _each_once(_iptc(record, iptc.KEYWORDS)),
        rating=_rating(block, packet),
    )


def _first(*texts: str) -> str:
    return next(filter(None, texts), "")


def _iptc(record: Iptc, name: tuple[int, int]) -> list[str]:
    return [decoded(value) for value in record.get(name, ())]


def _persons_words(text: str) -> str:
    """The text, or "" if a camera wrote it."""
    plain = text.casefold().strip("<> ")
    written_by_camera = plain.startswith(("digimax", "kenox", "dcim\\")) or plain.endswith(" digital camera")
    return "" if written_by_camera or plain in _CAMERAS_WORDS else text


def _each_once(keywords: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, keywords)))[:MAX_KEYWORDS]


def _rating(block: Exif, packet: Xmp) -> int | None:
    stars = _number(packet.first(xmp.RATING))
    if stars is None and (percent := _number(packet.first(xmp.RATING_PERCENT))) is not None and 0 <= percent <= 100:
        stars = float(sum(percent >= least for least in _LEAST_PERCENT_OF_STARS))
    if stars is None:
        value = block.main.get(exif.RATING)
        stars = float(value[0]) if isinstance(value, tuple) and value else None
    return round(stars) if stars is not None and -1 <= stars <= 5 else None


def _number(text: str) -> float | None:
    try:
        return float(text) if len(text) < 20 else None
    except ValueError:
        return None
