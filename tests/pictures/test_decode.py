import subprocess
import sys

import pytest
from PIL import Image

from pictures.decode import read_picture
from pictures.errors import Undecodable
from pictures.formats import PictureFormat
from tests.pictures.files import (
    BLUE,
    GREEN,
    RED,
    TURNS,
    WHITE,
    corners,
    encoded,
    exif_block,
    four_colours,
    heic,
)

ORIENTATION = 0x0112
UPRIGHT = [RED, GREEN, BLUE, WHITE]
NOT_RAW = [format_ for format_ in PictureFormat if not format_.is_raw]
PILLOW_FORMATS = [format_ for format_ in NOT_RAW if format_ is not PictureFormat.HEIC]
WITH_EXIF = ["JPEG", "PNG", "WEBP", "AVIF"]


def a_file(format_: PictureFormat) -> bytes:
    return heic() if format_ is PictureFormat.HEIC else encoded(four_colours(), format_.name)


@pytest.mark.parametrize("format_", NOT_RAW)
def test_reads_each_format(format_: PictureFormat) -> None:
    picture = read_picture(a_file(format_))
    assert picture.format is format_
    assert (picture.width, picture.height) == picture.image.size == (128, 64)
    assert picture.image.mode == "RGB"
    assert corners(picture.image) == UPRIGHT


@pytest.mark.parametrize("format_", PILLOW_FORMATS)
def test_reads_a_picture_of_one_pixel(format_: PictureFormat) -> None:
    picture = read_picture(encoded(Image.new("RGB", (1, 1), WHITE), format_.name), useful_edge=224)
    assert (picture.width, picture.height) == picture.image.size == (1, 1)


@pytest.mark.parametrize("format_", WITH_EXIF)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_shows_the_picture_upright(format_: str, orientation: int) -> None:
    upright = four_colours()
    stored = upright.transpose(TURNS[orientation]) if orientation > 1 else upright
    exif = exif_block({ORIENTATION: orientation}, order="<>"[orientation % 2])
    picture = read_picture(encoded(stored, format_, exif=exif), useful_edge=16)
    assert corners(picture.image) == UPRIGHT
    assert (picture.width, picture.height) == upright.size


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_makes_no_sense_is_ignored(orientation: int) -> None:
    picture = read_picture(encoded(four_colours(), "JPEG", exif=exif_block({ORIENTATION: orientation})))
    assert corners(picture.image) == UPRIGHT


def test_a_heic_that_its_container_turns_is_not_turned_again_by_exif() -> None:
    picture = read_picture(heic(turns=1, exif=exif_block({ORIENTATION: 8, 0x0110: b"Phone\x00"})))
    assert corners(picture.image) == [GREEN, WHITE, RED, BLUE]
    assert (picture.width, picture.height) == picture.image.size == (64, 128)
    assert picture.metadata.camera_model == "Phone"


def test_of_a_heic_with_several_pictures_the_primary_one_is_read() -> None:
    assert corners(read_picture(heic(primary=1)).image) == UPRIGHT
    assert read_picture(heic(primary=2)).image.convert("L").getextrema() == (40, 40)


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG", "AVIF"])
def test_of_an_animation_the_first_frame_is_read(format_: str) -> None:
    others = [Image.new("RGB", (128, 64), colour) for colour in (BLUE, GREEN)]
    data = encoded(four_colours(), format_, save_all=True, append_images=others)
    assert corners(read_picture(data).image) == UPRIGHT


def test_of_a_jpeg_with_further_pictures_behind_it_the_first_is_read() -> None:
    data = encoded(four_colours(), "MPO", save_all=True, append_images=[Image.new("RGB", (128, 64), BLUE)])
    picture = read_picture(data, useful_edge=16)
    assert picture.format is PictureFormat.JPEG
    assert corners(picture.image) == UPRIGHT


def test_an_edge_of_nothing_is_refused_as_the_callers_fault() -> None:
    with pytest.raises(ValueError, match="useful_edge"):
        read_picture(a_file(PictureFormat.JPEG), useful_edge=0)


def test_the_decoded_picture_carries_no_metadata() -> None:
    picture = read_picture(encoded(four_colours(), "JPEG", exif=exif_block({0x010F: b"Maker\x00"}), comment=b"secret"))
    assert picture.image.info == {}
    assert not picture.image.getexif()


@pytest.mark.parametrize("format_", NOT_RAW)
def test_a_cut_off_file_is_refused(format_: PictureFormat) -> None:
    noise = Image.effect_noise((64, 48), 80).convert("RGB")
    data = heic() if format_ is PictureFormat.HEIC else encoded(noise, format_.name)
    end = len(data) - 40  # some formats end in bytes that show nothing
    for length in {*range(0, end, max(1, end // 60)), end - 1}:
        with pytest.raises(Undecodable):
            read_picture(data[:length])


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_cut_off_jpeg_is_refused_at_reduced_scale_too(options: dict[str, bool]) -> None:
    data = encoded(Image.effect_noise((640, 480), 80).convert("RGB"), "JPEG", **options)
    with pytest.raises(Undecodable):
        read_picture(data[: len(data) // 2], useful_edge=60)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_a_file_whose_rest_is_zeros_is_refused(format_: str) -> None:
    data = encoded(Image.effect_noise((64, 48), 80).convert("RGB"), format_)
    half = len(data) // 2
    with pytest.raises(Undecodable):
        read_picture(data[:half].ljust(len(data), b"\x00"))


def test_a_jpeg_cut_off_behind_its_thumbnail_is_refused() -> None:
    thumbnail = encoded(four_colours(32, 16), "JPEG")
    noise = Image.effect_noise((64, 48), 80).convert("RGB")
    data = encoded(noise, "JPEG", exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00" + thumbnail)
    with pytest.raises(Undecodable, match="only zeros"):
        read_picture(data[: len(data) * 2 // 3] + bytes(2000))


def test_a_jpeg_of_very_many_scans_is_refused_before_it_costs_minutes() -> None:
    good = encoded(four_colours(), "JPEG", progressive=True)
    last_scan = good[good.rindex(b"\xff\xda") : -2]

    with pytest.raises(Undecodable, match="more than 100 scans"):
        read_picture(good[:-2] + 100 * last_scan + good[-2:])
    assert corners(read_picture(good + 200 * b"\xff\xda").image) == UPRIGHT


@pytest.mark.parametrize("junk", [b"", b"\xff", b"\xff\xd0", b"\xff\xc4\x00\x02"])
def test_scans_of_a_jpeg_that_begins_as_one_of_a_single_scan_are_counted_or_refused(junk: bytes) -> None:
    good = encoded(four_colours(), "JPEG")
    scan = good[good.rindex(b"\xff\xda") : -2]

    with pytest.raises(Undecodable):
        read_picture(good[:2] + junk + good[2:-2] + 2_000 * scan + good[-2:])


def test_scans_of_one_component_each_are_counted() -> None:
    good = encoded(four_colours(), "JPEG")
    of_all, of_one = (
        b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00",
        b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00",
    )
    start = good.index(of_all)
    scan = of_one + good[start + len(of_all) : -2]

    with pytest.raises(Undecodable, match="more than 100 scans"):
        read_picture(good[:start] + 101 * scan + good[-2:])


def test_a_video_behind_a_jpeg_does_no_harm() -> None:
    data = encoded(four_colours(), "JPEG") + b"\x00\x00\x00\x18ftypmp42" + b"\xff\xd9\xff\xda" + bytes(600)
    assert corners(read_picture(data).image) == UPRIGHT


@pytest.mark.parametrize("format_", NOT_RAW)
def test_zeros_after_a_whole_picture_do_no_harm(format_: PictureFormat) -> None:
    assert corners(read_picture(a_file(format_) + bytes(4096)).image) == UPRIGHT


@pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")
@pytest.mark.parametrize("format_", WITH_EXIF)
@pytest.mark.parametrize(
    "exif", [b"no TIFF at all", b"II*\x00\xff\xff\xff\xff", b"MM\x00*\x00\x00\x00\x08\x00\x09\x01\x12\x00\x03", b"II"]
)
def test_broken_exif_does_not_make_a_picture_unreadable(format_: str, exif: bytes) -> None:
    whole = exif_block({0x0110: b"Model of a camera\x00"})
    broken = exif.ljust(len(whole) - 6, b"\xff")
    data = encoded(four_colours(), format_, exif=whole)
    assert whole[6:] in data
    # A PNG's checksum is that of the broken block then, as a careless program would write it.
    data = encoded(four_colours(), "PNG", exif=broken) if format_ == "PNG" else data.replace(whole[6:], broken)
    picture = read_picture(data)
    assert corners(picture.image) == UPRIGHT
    assert picture.metadata.camera_model == ""


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"Dear diary, today", "a text file"),
        (b"<!DOCTYPE html><title>404</title>", "an HTML page"),
        (b"\x00\x01\x02\x03", "no picture"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"GIF89a", "GIF"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(Undecodable, match=words):
        read_picture(data)


def test_formats_beyond_the_listed_ones_are_refused() -> None:
    for format_ in ("PPM", "TGA", "ICO", "PCX", "EPS"):
        with pytest.raises(Undecodable):
            read_picture(encoded(four_colours(32, 32), format_))


def test_broken_exif_prints_nothing() -> None:
    data = encoded(four_colours(), "JPEG", exif=exif_block({0x0110: b"Model"})[:-30])
    code = "import sys; from pictures.decode import read_picture; print(read_picture(sys.stdin.buffer.read()).width)"
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"128\n", b"")
