import io
from pathlib import Path

import numpy as np
import pytest
import skimage
import sklearn
from PIL import Image

from pictures.decode import read_picture
from pictures.formats import sniff
from pictures.reduce import reduced_picture
from pictures.thumbnail import THUMBNAIL_MEDIA_TYPE, thumbnail
from tests.pictures.files import display_p3_profile, encoded, exif_block, four_colours

EDGE = 224
PHOTOS = [
    *(Path(skimage.__file__).parent / "data" / name for name in ("chelsea.png", "coffee.png", "rocket.jpg")),
    *(Path(sklearn.__file__).parent / "datasets" / "images" / name for name in ("china.jpg", "flower.jpg")),
]


def large_photo(path: Path, width: int) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB").resize((width, round(width * image.height / image.width)), Image.Resampling.BICUBIC)


def as_a_model_sees_it(image: Image.Image, size: tuple[int, int]) -> np.ndarray:
    """The shortest edge resized to EDGE, as CLIP does; `size` is that of the whole picture, whose proportions count."""
    target = (EDGE * size[0] // min(size), EDGE * size[1] // min(size))
    return np.asarray(image.resize(target, Image.Resampling.BICUBIC)).astype(int)


def decoded(data: bytes) -> Image.Image:
    return read_picture(data).image


@pytest.mark.parametrize("width", [4000, 3001])  # 3001: the scaled blocks at the edges are not full
@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.stem)
def test_a_photo_decoded_at_reduced_scale_looks_the_same_to_a_model(path: Path, width: int) -> None:
    data = encoded(large_photo(path, width), "JPEG", quality=90)
    full, reduced = read_picture(data), read_picture(data, useful_edge=EDGE)
    assert reduced.image.width < full.image.width
    assert min(reduced.image.size) >= 2 * EDGE
    assert (reduced.width, reduced.height) == full.image.size
    size = full.image.size
    difference = np.abs(as_a_model_sees_it(full.image, size) - as_a_model_sees_it(reduced.image, size))
    assert difference.mean() < 1
    assert np.percentile(difference, 99) <= 5


def test_noise_decoded_at_reduced_scale_looks_the_same_to_a_model() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1500, 2000, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), "JPEG", quality=90)
    full, reduced = read_picture(data).image, read_picture(data, useful_edge=EDGE).image
    difference = np.abs(as_a_model_sees_it(full, full.size) - as_a_model_sees_it(reduced, full.size))
    assert difference.mean() < 1.5
    assert np.percentile(difference, 99) <= 5


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_a_photo_of_wide_gamut_looks_the_same_to_a_model_at_reduced_scale(format_: str) -> None:
    data = encoded(large_photo(PHOTOS[1], 3001), format_, icc_profile=display_p3_profile(), compress_level=1)
    full, reduced = read_picture(data).image, read_picture(data, useful_edge=EDGE).image
    assert 2 * EDGE <= min(reduced.size) < 4 * EDGE
    difference = np.abs(as_a_model_sees_it(full, full.size) - as_a_model_sees_it(reduced, full.size))
    assert difference.mean() < 1
    assert np.percentile(difference, 99) <= 5


@pytest.mark.parametrize(
    ("size", "edge", "decoded_size"),
    [
        ((4000, 3000), 224, (596, 448)),
        ((4000, 3000), 375, (1000, 750)),
        ((4000, 3000), 376, (1002, 752)),
        ((2400, 1619), 224, (664, 448)),
        ((4000, 3000), 1501, (4000, 3000)),
        ((4000, 400), 224, (4000, 400)),
        ((100, 80), 224, (100, 80)),
    ],
)
def test_the_reduced_scale_keeps_twice_the_edge(
    size: tuple[int, int], edge: int, decoded_size: tuple[int, int]
) -> None:
    data = encoded(Image.new("RGB", size, "white"), "JPEG")
    assert read_picture(data, useful_edge=edge).image.size == decoded_size


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.stem)
def test_a_reduced_picture_is_small_and_looks_the_same_to_a_model(path: Path) -> None:
    image = large_photo(path, 2000)
    data = reduced_picture(image, EDGE)
    assert len(data) < 250_000
    assert min(decoded(data).size) == 2 * EDGE
    difference = np.abs(as_a_model_sees_it(image, image.size) - as_a_model_sees_it(decoded(data), image.size))
    assert difference.mean() < 1
    assert difference.max() <= 12


def test_a_small_picture_is_sent_as_it_is() -> None:
    image = large_photo(PHOTOS[0], 300)
    assert np.array_equal(np.asarray(decoded(reduced_picture(image, EDGE))), np.asarray(image))


@pytest.mark.parametrize(
    ("size", "reduced"),
    [
        ((4000, 3000), (596, 448)),
        ((3000, 4000), (448, 596)),
        ((448, 448), (448, 448)),
        ((500, 400), (500, 400)),
        ((20_000, 1_000), (4480, 224)),
        ((6_000, 600), (3584, 358)),
        ((60_000, 100), (60_000, 100)),
        ((100_000, 100), (65_000, 65)),
        ((1, 1), (1, 1)),
    ],
)
def test_how_far_a_picture_is_reduced(size: tuple[int, int], reduced: tuple[int, int]) -> None:
    assert decoded(reduced_picture(Image.new("RGB", size, "white"), EDGE)).size == reduced


def test_a_useful_edge_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="useful_edge"):
        reduced_picture(four_colours(), 0)


@pytest.mark.parametrize(("size", "small"), [((4000, 3000), (320, 240)), ((30, 20), (30, 20)), ((9000, 10), (320, 1))])
def test_a_thumbnail_fits_its_longest_edge_and_never_grows(size: tuple[int, int], small: tuple[int, int]) -> None:
    data = thumbnail(Image.new("RGB", size, "white"), 320)
    assert decoded(data).size == small
    format_ = sniff(data)
    assert format_ is not None
    assert format_.media_type == THUMBNAIL_MEDIA_TYPE


def test_a_thumbnail_larger_than_its_format_allows_is_made_as_large_as_it_can() -> None:
    assert decoded(thumbnail(Image.new("RGB", (20_000, 10), "white"), 20_000)).width == 16_383


@pytest.mark.parametrize("edge", [16, 1000])
def test_nothing_private_goes_into_reduced_pictures_and_thumbnails(edge: int) -> None:
    exif = exif_block({0x010F: b"Secret maker\x00"}, gps={1: b"N\x00", 2: [(50, 1)], 3: b"E\x00", 4: [(7, 1)]})
    with Image.open(
        io.BytesIO(encoded(four_colours(), "JPEG", exif=exif, comment=b"Secret", icc_profile=b"Secret"))
    ) as image:
        for data in (reduced_picture(image, edge), thumbnail(image, edge)):
            assert b"Secret" not in data
            assert b"Exif" not in data
        assert image.info["comment"] == b"Secret"
