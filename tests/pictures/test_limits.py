import struct
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path

import pytest
from PIL import Image

from pictures.decode import read_picture
from pictures.errors import TooLarge
from pictures.limits import DEFAULT_LIMITS, Limits
from tests.pictures.files import encoded, four_colours, heic

ROOMY = Limits(max_bytes=1_000_000, max_pixels=128 * 64, max_frames=3)


def png_bomb(width: int, height: int) -> bytes:
    """A few bytes that claim to be a huge picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))

    header = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def gif(frames: int, *, screen: tuple[int, int] = (1, 1), size: tuple[int, int] = (1, 1)) -> bytes:
    """A GIF of white frames."""
    palette = b"\x00\x00\x00\xff\xff\xff"
    frame = b"\x21\xf9\x04\x00\x05\x00\x00\x00," + struct.pack("<HHHH", 0, 0, *size) + b"\x00\x02\x02\x4c\x01\x00"
    return b"GIF89a" + struct.pack("<HH", *screen) + b"\x80\x00\x00" + palette + frame * frames + b";"


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"])
def test_a_picture_at_the_limit_is_read_and_one_pixel_more_is_not(format_: str) -> None:
    data = encoded(four_colours(128, 64), format_)
    assert read_picture(data, limits=ROOMY).width == 128
    with pytest.raises(TooLarge) as caught:
        read_picture(data, limits=Limits(1_000_000, 128 * 64 - 1, 3))
    assert (caught.value.limit, caught.value.actual, caught.value.unit) == (8191, 8192, "pixels")


def test_the_limit_counts_the_pixels_of_the_file_not_of_a_reduced_decode() -> None:
    with pytest.raises(TooLarge):
        read_picture(encoded(four_colours(512, 512), "JPEG"), limits=ROOMY, useful_edge=16)


def test_heic_is_limited_too() -> None:
    assert read_picture(heic(), limits=ROOMY).width == 128
    with pytest.raises(TooLarge, match="pixels"):
        read_picture(heic(), limits=Limits(1_000_000, 8191, 3))
    with pytest.raises(TooLarge, match="frames"):
        read_picture(heic(), limits=Limits(1_000_000, 8192, 1))


def test_bytes_are_limited() -> None:
    data = encoded(four_colours(), "PNG")
    assert read_picture(data, limits=Limits(len(data), 8192, 1))
    with pytest.raises(TooLarge) as caught:
        read_picture(data, limits=Limits(len(data) - 1, 8192, 1))
    assert (caught.value.actual, caught.value.unit) == (len(data), "bytes")


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG", "AVIF"])
def test_frames_are_limited(format_: str) -> None:
    others = [Image.new("RGB", (128, 64), (shade, 0, 0)) for shade in (40, 80, 120)]
    assert read_picture(encoded(four_colours(), format_, save_all=True, append_images=others[:2]), limits=ROOMY)
    with pytest.raises(TooLarge) as caught:
        read_picture(encoded(four_colours(), format_, save_all=True, append_images=others), limits=ROOMY)
    assert (caught.value.limit, caught.value.actual, caught.value.unit) == (3, 4, "frames")


def test_the_frames_of_a_gif_are_counted_exactly() -> None:
    assert read_picture(gif(DEFAULT_LIMITS.max_frames)).width == 1
    with pytest.raises(TooLarge) as caught:
        read_picture(gif(20_000))
    assert caught.value.actual == 20_000


@pytest.mark.parametrize(
    "data",
    [
        png_bomb(60_000, 60_000),
        gif(1, screen=(65_535, 65_535)),
        gif(1, size=(65_535, 65_535)),
        b"RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xff\x3f\x00\xff\x3f\x00",
    ],
    ids=["png", "gif screen", "gif frame", "webp"],
)
def test_a_bomb_is_refused_before_it_takes_memory(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge) as caught:
            read_picture(data)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert caught.value.unit == "pixels"
    assert caught.value.actual > caught.value.limit


def test_a_large_photo_within_the_limits_is_read_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    data = encoded(Image.new("L", (12_000, 9_000), 200), "JPEG", quality=30)  # beyond where Pillow warns
    picture = read_picture(data, useful_edge=224)
    assert (picture.width, picture.height) == (12_000, 9_000)
    assert picture.image.size == (596, 448)
    assert not recwarn.list


def test_the_message_says_the_limit_and_what_the_picture_has() -> None:
    assert (
        str(TooLarge(1000, 2000, "frames")) == "The picture has 2,000 frames, more than the limit of 1,000. Reduce it."
    )


_MEMORY_OF_ONE_PICTURE = """
import sys
from pathlib import Path
from pictures.decode import read_picture

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) * 1024

small, large = (Path(name).read_bytes() for name in sys.argv[1:])
read_picture(small)
before = peak()
read_picture(large)
print(peak() - before)
"""


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_decoding_holds_no_needless_copies(tmp_path: Path, mode: str, turned: bool) -> None:
    exif = Image.Exif()
    if turned:
        exif[0x0112] = 6
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    for path, edge in ((small, 8), (large, 2_000)):
        Image.new(mode, (edge, edge)).save(path, compress_level=1, exif=exif)

    answer = subprocess.run(
        [sys.executable, "-c", _MEMORY_OF_ONE_PICTURE, small, large], capture_output=True, text=True, check=True
    )

    assert int(answer.stdout) / 2_000**2 < 9
