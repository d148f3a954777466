import pytest

from pictures.formats import SNIFF_BYTES, PictureFormat, describe_unknown, sniff
from tests.pictures.files import encoded, four_colours, heic


@pytest.mark.parametrize("format_", [f for f in PictureFormat if f is not PictureFormat.HEIC and not f.is_raw])
def test_each_format_is_told_by_its_content(format_: PictureFormat) -> None:
    assert sniff(encoded(four_colours(), format_.name)[:SNIFF_BYTES]) is format_


def test_heic_is_told_by_its_brand() -> None:
    assert sniff(heic()[:SNIFF_BYTES]) is PictureFormat.HEIC


def test_a_general_container_is_told_by_its_compatible_brands() -> None:
    assert sniff(b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif") is PictureFormat.AVIF
    assert sniff(b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic") is PictureFormat.HEIC


def test_brands_beyond_their_box_do_not_count() -> None:
    assert sniff(b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00mp42heic") is None


@pytest.mark.parametrize(
    ("head", "description"),
    [
        (b"BMW is a maker of cars, and this is a text.", "a text file"),
        ("Grüße aus Köln".encode() * 20, "a text file"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", "an HTML page"),
        (b"<?xml version='1.0'?><svg xmlns='x'>", "an SVG drawing"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"FOVb\x00\x03\x02\x00", "a Sigma camera's raw file"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "a video"),
        (b"\xff\x0a\x00", "a JPEG XL picture"),
    ],
)
def test_other_files_are_named(head: bytes, description: str) -> None:
    assert sniff(head[:SNIFF_BYTES]) is None
    assert describe_unknown(head[:SNIFF_BYTES]) == description


def test_bytes_without_meaning_have_no_name() -> None:
    assert sniff(b"\x00\x01\x02\xfe") is None
    assert describe_unknown(b"\x00\x01\x02\xfe") is None


def test_endings_and_media_types_belong_to_one_format_each() -> None:
    endings = [ending for format_ in PictureFormat for ending in format_.endings]
    assert len(endings) == len(set(endings))
    assert len({format_.media_type for format_ in PictureFormat}) == len(PictureFormat)
