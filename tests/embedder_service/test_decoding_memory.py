import io

import pytest
from PIL import Image

from embedder_service.decoding_memory import decoding_bytes
from pictures.limits import Limits

EDGE = 224
LIMITS = Limits(max_bytes=1_000_000, max_pixels=3_000_000, max_frames=1)
SIZE = (2000, 1500)
PIXELS = 3_000_000


def encoded(format_: str, size: tuple[int, int] = SIZE, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, format_, **options)
    return file.getvalue()


def in_several_scans(jpeg: bytes) -> bytes:
    """Its first scan announced as one of the first colour alone; the file is not sound behind that."""
    whole = b"\xff\xda\x00\x0c\x03"
    start = jpeg.rindex(whole)
    return jpeg[:start] + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + jpeg[start + 14 :]


def encoded_grey() -> bytes:
    file = io.BytesIO()
    Image.new("L", SIZE, 100).save(file, "JPEG")
    return file.getvalue()


def weight(data: bytes) -> int:
    return decoding_bytes(data, limits=LIMITS, useful_edge=EDGE)


@pytest.mark.parametrize(
    ("data", "bytes_"),
    [
        (encoded("PNG"), 11 * PIXELS),
        (encoded("GIF"), 11 * PIXELS),
        (encoded("WEBP"), 17 * PIXELS),
        (encoded("AVIF", speed=10), 11 * PIXELS),
        (encoded("JPEG"), 11 * 1000 * 750),  # at half the scale
        (encoded_grey(), 11 * 1000 * 750),
        (encoded("JPEG", progressive=True), 11 * 1000 * 750 + 8 * PIXELS),
        (in_several_scans(encoded("JPEG")), 11 * 1000 * 750 + 8 * PIXELS),
    ],
    ids=["PNG", "GIF", "WEBP", "AVIF", "JPEG", "grey JPEG", "progressive JPEG", "JPEG in several scans"],
)
def test_a_picture_is_weighed_by_its_format_and_the_scale_it_is_decoded_at(data: bytes, bytes_: int) -> None:
    assert weight(data) == bytes_


@pytest.mark.parametrize(
    "data",
    [
        encoded("PNG", (2001, 1500)),
        encoded("JPEG", (2001, 1500)),
        encoded("WEBP", (2001, 1500)),
        b"no picture",
        b"",
        encoded("JPEG")[:20],
        encoded("PNG")[:20],
        bytes(1_000_001),
    ],
    ids=["large PNG", "large JPEG", "large WEBP", "text", "empty", "cut JPEG", "cut PNG", "too many bytes"],
)
def test_what_is_refused_without_being_decoded_weighs_nothing(data: bytes) -> None:
    assert weight(data) == 0
