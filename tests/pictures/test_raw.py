"""Cameras' raw files are shown by the JPEG in them."""

from datetime import datetime

import pytest

from pictures.decode import read_picture
from pictures.errors import TooLarge, Undecodable
from pictures.formats import PictureFormat
from pictures.limits import Limits
from tests.pictures.files import BLUE, GREEN, RED, WHITE, corners, encoded, exif_block, four_colours
from tests.pictures.raw_files import EDGES, RAW_FORMATS, preview, raw_file, tiff_file

UPRIGHT = [RED, GREEN, BLUE, WHITE]
TELL_BY_THEMSELVES = [format_ for format_ in RAW_FORMATS if format_ is not PictureFormat.RAF]


@pytest.mark.parametrize("format_", RAW_FORMATS)
def test_the_largest_jpeg_is_shown(format_: PictureFormat) -> None:
    picture = read_picture(raw_file(format_))
    assert picture.format is format_
    assert (picture.width, picture.height) == picture.image.size == EDGES
    assert corners(picture.image) == UPRIGHT


@pytest.mark.parametrize("format_", TELL_BY_THEMSELVES)
def test_the_raw_files_own_orientation_and_facts_count(format_: PictureFormat) -> None:
    picture = read_picture(raw_file(format_, orientation=6))
    assert (picture.width, picture.height) == picture.image.size == EDGES[::-1]
    assert corners(picture.image) == [BLUE, RED, WHITE, GREEN]
    assert picture.metadata.taken_at == datetime(2024, 7, 1, 12, 30, 45, 250_000)  # noqa: DTZ001 civil time
    assert picture.metadata.camera_model == "Model 1"


def test_what_the_raw_file_does_not_tell_is_taken_from_its_jpeg() -> None:
    jpeg = encoded(four_colours(*EDGES), "JPEG", exif=exif_block({0x110: b"X-T5\x00", 0x112: 3}))
    picture = read_picture(raw_file(PictureFormat.RAF, jpeg))
    assert picture.metadata.camera_model == "X-T5"
    assert corners(picture.image) == UPRIGHT[::-1]


def test_a_reduced_picture_is_enough_of_a_large_preview() -> None:
    assert read_picture(raw_file(PictureFormat.NEF, preview((2400, 1200))), useful_edge=100).image.size == (400, 200)


@pytest.mark.parametrize("format_", RAW_FORMATS)
def test_a_raw_file_without_a_preview_is_refused_with_the_reason(format_: PictureFormat) -> None:
    with pytest.raises(Undecodable, match="no preview of at least 300 pixels"):
        read_picture(raw_file(format_, b"\xff\xd8\xff\xc3 lossless"))


def test_a_tile_of_a_dngs_pixels_is_no_preview() -> None:
    data = raw_file(PictureFormat.DNG, b"none") + preview((600, 400))
    with pytest.raises(Undecodable, match="no preview"):
        read_picture(data)


@pytest.mark.parametrize("format_", RAW_FORMATS)
def test_a_preview_is_held_to_the_limits(format_: PictureFormat) -> None:
    with pytest.raises(TooLarge, match="pixels"):
        read_picture(raw_file(format_), limits=Limits(1_000_000, EDGES[0] * EDGES[1] - 1, 1))


@pytest.mark.parametrize("format_", RAW_FORMATS)
def test_a_preview_that_is_cut_off_is_refused(format_: PictureFormat) -> None:
    jpeg = preview()
    data = raw_file(format_, jpeg)
    broken = data.replace(jpeg, jpeg[: len(jpeg) // 2].ljust(len(jpeg), b"\x00"))
    assert broken != data
    with pytest.raises(Undecodable):
        read_picture(broken)


def test_directories_that_lead_to_each_other_end() -> None:
    data = bytearray(raw_file(PictureFormat.NEF))
    start = int.from_bytes(data[4:8], "little")
    end = start + 2 + 12 * int.from_bytes(data[start : start + 2], "little")
    data[end : end + 4] = data[4:8]
    assert read_picture(bytes(data)).format is PictureFormat.NEF


def test_a_tiff_that_a_camera_maker_s_program_wrote_is_no_raw_file() -> None:
    tiff = encoded(four_colours(), "TIFF", tiffinfo={0x10F: "NIKON CORPORATION"})
    assert read_picture(tiff).format is PictureFormat.TIFF


def test_many_beginnings_of_jpegs_are_not_all_followed() -> None:
    data = tiff_file([{0x10F: b"PENTAX\x00", 0x106: 32803}]) + b"\xff\xd8\xff" * 3_000_000
    with pytest.raises(Undecodable, match="no preview"):
        read_picture(data)
