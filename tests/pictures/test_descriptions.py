"""Titles, captions, keywords, ratings, lenses and altitudes, from whatever block tells them."""

import struct
from datetime import datetime, timedelta

import pytest
from PIL.PngImagePlugin import PngInfo

from pictures.decode import read_picture
from pictures.descriptions import MAX_KEYWORDS, Description
from pictures.exif import read_exif
from pictures.metadata import Metadata, read_metadata
from pictures.texts import Texts
from pictures.wording import MAX_TEXT_BYTES
from tests.pictures.files import ExifValue, encoded, exif_block, four_colours

DESCRIPTION, RATING, USER_COMMENT, LENS_MODEL, LENS_MAKE, LENS_NUMBERS = 0x010E, 0x4746, 0x9286, 0xA434, 0xA433, 0xA432
PLACE: dict[int, ExifValue] = {1: b"N", 2: [(50, 1)], 3: b"E", 4: [(7, 1)]}


def facts(
    main: dict[int, ExifValue] | None = None,
    exif: dict[int, ExifValue] | None = None,
    gps: dict[int, ExifValue] | None = None,
    *,
    xmp: bytes = b"",
    iptc: bytes = b"",
) -> Metadata:
    return read_metadata(read_exif(exif_block(main, exif, gps)), Texts(xmp, iptc))


def packet(inside: str = "", attributes: str = "") -> bytes:
    spaces = {
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "dc": "http://purl.org/dc/elements/1.1/",
        "xmp": "http://ns.adobe.com/xap/1.0/",
        "exif": "http://ns.adobe.com/exif/1.0/",
        "aux": "http://ns.adobe.com/exif/1.0/aux/",
        "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    }
    named = " ".join(f'xmlns:{name}="{space}"' for name, space in spaces.items())
    text = f"<rdf:RDF {named}><rdf:Description {attributes}>{inside}</rdf:Description></rdf:RDF>"
    return f"<?xpacket begin=''?><x:xmpmeta xmlns:x='adobe:ns:meta/'>{text}</x:xmpmeta><?xpacket end='w'?>".encode()


def alternatives(name: str, **texts: str) -> str:
    items = "".join(
        f'<rdf:li xml:lang="{language.replace("_", "-")}">{text}</rdf:li>' for language, text in texts.items()
    )
    return f"<dc:{name}><rdf:Alt>{items}</rdf:Alt></dc:{name}>"


def record(*values: tuple[int, bytes]) -> bytes:
    return b"".join(b"\x1c\x02" + struct.pack(">BH", number, len(value)) + value for number, value in values)


def test_xmp_goes_before_iptc_and_that_before_exif() -> None:
    main: dict[int, ExifValue] = {DESCRIPTION: b"of EXIF\x00", RATING: 2}
    iptc = record((5, b"title of IPTC"), (120, b"of IPTC"), (25, b"one"), (25, b"two"), (25, b"one"))
    words = "<dc:subject><rdf:Bag><rdf:li>x</rdf:li><rdf:li> y </rdf:li></rdf:Bag></dc:subject>"
    xmp = packet(alternatives("title", x_default="title of XMP") + alternatives("description", de="of XMP") + words)
    assert facts(main).description == Description(caption="of EXIF", rating=2)
    assert facts(main, iptc=iptc).description == Description("title of IPTC", "of IPTC", ("one", "two"), 2)
    assert facts(main, iptc=iptc, xmp=xmp).description == Description("title of XMP", "of XMP", ("x", "y"), 2)
    assert facts(main, iptc=iptc, xmp=packet(attributes='xmp:Rating="5"')).description == Description(
        "title of IPTC", "of IPTC", ("one", "two"), 5
    )


def test_of_several_languages_the_default_one_is_taken() -> None:
    xmp = packet(alternatives("title", de="Katze", x_default="cat", fr="chat"))
    assert facts(xmp=xmp).description.title == "cat"


@pytest.mark.parametrize(
    ("attributes", "rating"),
    [
        ('xmp:Rating="0"', 0),
        ('xmp:Rating="-1"', -1),
        ('xmp:Rating="3.0"', 3),
        ('xmp:Rating="6"', None),
        ('xmp:Rating="nan"', None),
        ('xmp:Rating="many"', None),
        ('MicrosoftPhoto:Rating="99"', 5),
        ('MicrosoftPhoto:Rating="50"', 3),
        ('MicrosoftPhoto:Rating="1"', 1),
        ('MicrosoftPhoto:Rating="0"', 0),
        ('MicrosoftPhoto:Rating="101"', None),
        ('xmp:Rating="2" MicrosoftPhoto:Rating="99"', 2),
    ],
)
def test_ratings(attributes: str, rating: int | None) -> None:
    assert facts(xmp=packet(attributes=attributes)).description.rating == rating


@pytest.mark.parametrize(
    "words",
    [b"OLYMPUS DIGITAL CAMERA         ", b"SONY DSC", b"<Digimax S500>", b"DCIM\\100MEDIA\\DJI_0001.JPG", b"hdr"],
)
def test_what_cameras_write_is_no_caption(words: bytes) -> None:
    assert facts({DESCRIPTION: words + b"\x00"}, {USER_COMMENT: b"ASCII\x00\x00\x00Anna"}).description.caption == "Anna"


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        (b"ASCII\x00\x00\x00A boat\x00\x00", "A boat"),
        (b"UNICODE\x00" + "Ein Boot".encode("utf-16-le"), "Ein Boot"),
        (b"UNICODE\x00" + "Ein Boot".encode("utf-16-be"), "Ein Boot"),
        (bytes(8) + "Böot".encode(), "Böot"),
        (b"JIS\x00\x00\x00\x00\x00abc", ""),
        (b"ASCII\x00\x00\x00     ", ""),
        (b"ASC", ""),
    ],
)
def test_comments_of_users(comment: bytes, text: str) -> None:
    assert facts(exif={USER_COMMENT: comment}).description.caption == text


def test_the_texts_of_a_png() -> None:
    texts = PngInfo()
    texts.add_text("Title", "Tor")
    texts.add_itxt("Description", "Köln 夏")
    texts.add_text("Creation Time", "Mon, 01 Jul 2024 12:30:45 +0200")
    metadata = read_picture(encoded(four_colours(), "PNG", pnginfo=texts)).metadata
    assert metadata.description == Description("Tor", "Köln 夏")
    assert metadata.taken_at == datetime.fromisoformat("2024-07-01T12:30:45")
    assert metadata.utc_offset == timedelta(hours=2)


def test_a_time_that_only_xmp_tells() -> None:
    metadata = facts(xmp=packet(attributes='exif:DateTimeOriginal="2024-07-01T12:30:45.5+05:45"'))
    assert metadata.taken_at == datetime.fromisoformat("2024-07-01T12:30:45.500")
    assert metadata.utc_offset == timedelta(hours=5, minutes=45)


def test_fractions_of_a_second() -> None:
    for digits, microseconds in ((b"5\x00", 500_000), (b"007", 7_000), (b"1234567", 123_456), (b"  ", 0), (b"x", 0)):
        taken_at = facts(exif={0x9003: b"2024:07:01 12:30:45\x00", 0x9291: digits}).taken_at
        assert taken_at is not None
        assert taken_at.microsecond == microseconds


def test_long_texts_and_many_keywords_are_cut() -> None:
    iptc = record(*((25, str(number).encode()) for number in range(1000)), (120, b"\xc3\xa4" * 5000))
    description = facts(iptc=iptc).description
    assert len(description.keywords) == MAX_KEYWORDS
    assert len(description.caption.encode()) == MAX_TEXT_BYTES


@pytest.mark.parametrize(
    ("fields", "lens"),
    [
        ({LENS_MODEL: b"XF23mmF2 R WR\x00"}, "XF23mmF2 R WR"),
        ({LENS_MODEL: b"----\x00", LENS_NUMBERS: [(24, 1), (70, 1), (28, 10), (4, 1)]}, "24-70mm f/2.8-4"),
        ({LENS_MAKE: b"Leica\x00", LENS_NUMBERS: [(35, 1), (35, 1), (2, 1), (2, 1)]}, "Leica 35mm f/2"),
        ({LENS_NUMBERS: [(35, 1), (35, 1), (0, 0), (0, 0)]}, "35mm"),
        ({LENS_MAKE: b"Leica\x00", LENS_NUMBERS: [(0, 0)] * 4}, ""),
        ({}, ""),
    ],
)
def test_lenses(fields: dict[int, ExifValue], lens: str) -> None:
    assert facts(exif=fields).lens == lens


def test_a_lens_that_only_xmp_names() -> None:
    assert facts(xmp=packet(attributes='aux:Lens="50mm Planar"')).lens == "50mm Planar"


@pytest.mark.parametrize(
    ("gps", "meters"),
    [
        ({6: [(1125, 10)]}, 112.5),
        ({5: b"\x00", 6: [(3, 1)]}, 3),
        ({5: b"\x01", 6: [(400, 1)]}, -400),
        ({6: [(1, 0)]}, None),
        ({6: [(4_000_000_000, 1)]}, None),
        ({5: b"\x01"}, None),
    ],
)
def test_altitudes(gps: dict[int, ExifValue], meters: float | None) -> None:
    assert facts(gps={**PLACE, **gps}).altitude_meters == meters
    assert facts(gps=gps).altitude_meters is None  # without a place it says little
