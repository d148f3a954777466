"""Damaged and odd files by the hundred, made from good ones, always the same, each with what must become of it."""

import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from pictures.limits import Limits
from tests.pictures.files import encoded, exif_block, four_colours
from tests.pictures.good_files import EXIF, IPTC, XMP, good_files, with_metadata
from tests.pictures.raw_files import tiff_file

# Room for all the good ones, and little enough for damaged sizes to cost no time.
LIMITS = Limits(max_bytes=3_000_000, max_pixels=500_000, max_frames=50)
_FLIPS = 8


class Fate(Enum):
    """What must become of a file."""

    SHOWN = auto()  # as the good one is, to the pixel
    REFUSED = auto()
    SHOWN_OR_REFUSED = auto()  # no reader can know which bytes were meant; the picture keeps its size
    ANY_PICTURE_OR_REFUSED = auto()  # its size may be what was damaged


@dataclass(frozen=True)
class BadFile:
    """`good` names the file that it was made of, "" if none; `reason` is what a refusal must say, as a pattern."""

    name: str
    data: bytes
    fate: Fate
    good: str = ""
    reason: str = ""


def bad_files() -> list[BadFile]:
    """All of them."""
    damaged = [file for name, data in good_files().items() for file in _damaged(name, data)]
    return [*damaged, *_bad_metadata(), *_huge(), *_no_pictures()]


def _damaged(good: str, data: bytes) -> Iterator[BadFile]:
    chance = random.Random(good)

    def file(name: str, damaged: bytes, fate: Fate, reason: str = "") -> BadFile:
        return BadFile(f"{good}: {name}", damaged, fate, good, reason)

    # What is cut off may be pixels that nobody reads: of a sensor, or of a further picture.
    cut = Fate.SHOWN_OR_REFUSED if good.endswith(("raw", "several", "animated", "HEIC")) else Fate.REFUSED
    for percent in (1, 10, 50, 75, 90):
        yield file(f"cut off at {percent} %", data[: len(data) * percent // 100], cut)
    for percent in (10, 50):
        zeroed = data[: len(data) * percent // 100].ljust(len(data), b"\x00")
        yield file(f"zeros from {percent} %", zeroed, Fate.ANY_PICTURE_OR_REFUSED)
    yield file("beginning of zeros", bytes(16) + data[16:], Fate.REFUSED, "no picture that can be read")
    yield file("something before it", b"\x00\x01\x02\x03" + data, Fate.REFUSED, "no picture that can be read")
    other = b"GIF89a" if good.startswith("PNG") else b"\x89PNG\r\n\x1a\n"
    yield file("another format's beginning", other + data[len(other) :], Fate.REFUSED, "^The (GIF|PNG) picture")
    yield file("zeros behind it", data + bytes(3000), Fate.SHOWN)
    # OpenJPEG reads on behind the picture.
    yield file("itself behind it", data + data, Fate.SHOWN_OR_REFUSED if good == "JPEG2000" else Fate.SHOWN)
    yield file("line ends changed", data.replace(b"\n", b"\r\n"), Fate.ANY_PICTURE_OR_REFUSED)
    yield file("seven bits of eight", bytes(byte & 0x7F for byte in data), Fate.ANY_PICTURE_OR_REFUSED)
    middle = len(data) // 2
    hole = data[:middle] + bytes(200) + data[middle + 200 :]
    yield file("a hole", hole[: len(data)], Fate.SHOWN_OR_REFUSED)
    yield file("a missing part", data[:middle] + data[middle + 100 :], Fate.ANY_PICTURE_OR_REFUSED)
    for number in range(_FLIPS):
        yield file(f"flips in the header {number}", _flipped(data, chance, 0, 90), Fate.ANY_PICTURE_OR_REFUSED)
        yield file(f"flips anywhere {number}", _flipped(data, chance, 0, len(data)), Fate.ANY_PICTURE_OR_REFUSED)


def _flipped(data: bytes, chance: random.Random, start: int, end: int) -> bytes:
    flipped = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        flipped[chance.randrange(start, end)] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def _bad_metadata() -> Iterator[BadFile]:
    """Whole pictures around which nothing makes sense."""
    loop = b"\x69\x87\x04\x00\x01\x00\x00\x00\x08\x00\x00\x00"  # a directory that names itself
    exif = {
        "noise": random.Random(1).randbytes(500),
        "cut off": EXIF[: len(EXIF) // 2],
        "a loop": b"Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\x0f" + loop * 4095,
        "huge values": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x0f\x00\x02\xff\xff\xff\xff\x00\x00\x00\x08",
        "nonsense": exif_block({0x0112: 99, 0x0110: b"\xff" * 90}, {0x9003: b"99:99"}, {2: [(1, 0)], 6: [(1, 0)]}),
    }
    laughs = b'<!DOCTYPE a [<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 50) for n in range(9)
    )
    xmp = {
        "noise": random.Random(2).randbytes(500),
        "cut off": XMP[:-40],
        "a billion laughs": laughs + b"]><x>&j;</x>",
        "deep": b"<a>" * 10_000,
        "large": XMP + b" " * 59_000 + b"<",
    }
    iptc = {
        "noise": b"\x1c" + random.Random(3).randbytes(300),
        "cut off": IPTC[:-2],
        "huge values": b"\x1c\x02\x05\xff\xff" + bytes(40),
        "many": b"\x1c\x02\x19\x00\x00" * 5000,
        "none": b"",
    }
    for format_ in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF"):
        for kind, block in exif.items() if format_ != "AVIF" else ():  # Pillow writes no broken EXIF into it
            yield BadFile(f"{format_} EXIF: {kind}", with_metadata(format_, block, XMP, IPTC), Fate.SHOWN, format_)
        for kind, block in xmp.items():
            yield BadFile(f"{format_} XMP: {kind}", with_metadata(format_, EXIF, block, IPTC), Fate.SHOWN, format_)
    for format_ in ("JPEG", "PNG", "TIFF"):
        for kind, block in iptc.items():
            yield BadFile(f"{format_} IPTC: {kind}", with_metadata(format_, EXIF, XMP, block), Fate.SHOWN, format_)


def _huge() -> Iterator[BadFile]:
    """Few bytes that claim or hold a lot."""
    good = good_files()
    for name, marker, at, edges in (
        ("JPEG", b"\xff\xc0", 5, ">HH"),
        ("JPEG progressive", b"\xff\xc2", 5, ">HH"),
        ("GIF", b"GIF8", 6, "<HH"),
        ("BMP", b"BM", 18, "<ll"),
        ("JPEG2000", b"ihdr", 4, ">LL"),
        ("JPEG2000 codestream", b"\xff\x51", 6, ">LL"),
        ("HEIC", b"ispe", 8, ">LL"),
        ("AVIF", b"ispe", 8, ">LL"),
    ):
        claiming = bytearray(good[name])
        struct.pack_into(edges, claiming, claiming.index(marker) + at, 60_000, 60_000)
        yield BadFile(f"{name}: 60,000 pixels wide and high", bytes(claiming), Fate.REFUSED, name, "pixels|broken")
    tiff = {0x100: 60_000, 0x101: 60_000, 0x102: 8, 0x103: 1, 0x106: 1, 0x111: 8, 0x115: 1, 0x116: 60_000, 0x117: 9}
    yield BadFile("TIFF: 60,000 pixels wide and high", tiff_file([tiff]), Fate.REFUSED, "TIFF", "3,600,000,000 pixels")
    yield BadFile(
        "TIFF: tiles of 60,000 pixels", tiff_file([{**tiff, 0x142: 60_000, 0x143: 60_000}]), Fate.REFUSED, "", "pixels"
    )
    small = encoded(four_colours(), "PNG")
    flood = zlib.compress(bytes(100_000_000), 9)
    for name, kind, head in (
        ("text", b"zTXt", b"a\x00\x00"),
        ("profile", b"iCCP", b"a\x00\x00"),
        ("pixels", b"IDAT", b""),
    ):
        chunk = kind + head + flood
        data = (
            small[:33] + struct.pack(">L", len(chunk) - 4) + chunk + struct.pack(">L", zlib.crc32(chunk)) + small[33:]
        )
        yield BadFile(f"PNG: a flood of {name}", data, Fate.ANY_PICTURE_OR_REFUSED)
    yield BadFile("more bytes than allowed", good["JPEG"] + bytes(3_000_000), Fate.REFUSED, "", "bytes, more than")


def _no_pictures() -> Iterator[BadFile]:
    for name, data, reason in (
        ("empty", b"", "is empty"),
        ("one byte", b"\xff", "no picture"),
        ("zeros", bytes(4096), "no picture"),
        ("a text", b"Dear diary, today it rained.\n" * 9, "a text file"),
        ("a text that begins like a bitmap", b"BMW is a maker of cars.\n" * 9, "a text file"),
        ("an error page", b"<!DOCTYPE html><title>404 Not Found</title>", "an HTML page"),
        ("a drawing", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        ("a video", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(900), "a video"),
        ("a pointer to a file elsewhere", b"version https://git-lfs.github.com/spec/v1\n", "a text file"),
        ("AppleDouble", b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X" + bytes(3000), "no picture"),
        ("the beginning of a JPEG", b"\xff\xd8\xff\xe0", "JPEG picture is broken"),
        ("a JPEG without pixels", b"\xff\xd8\xff\xd9", "JPEG picture is broken"),
        ("a TIFF without directories", b"II*\x00\x00\x00\x00\x00", "TIFF picture is broken"),
        ("a TIFF of a directory in itself", b"II*\x00\x00\x00\x00\x00\x08\x00\x00\x00", "TIFF picture is broken"),
    ):
        yield BadFile(name, data, Fate.REFUSED, "", reason)
