"""Pictures that people take for the same have hashes of which few bits differ."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import skimage
import sklearn
from PIL import Image, ImageEnhance

from pictures.decode import read_picture
from pictures.perceptual_hash import perceptual_hash
from tests.pictures.files import encoded

# SearchImagesRequest.hide_similar takes two photos for alike up to here.
ALIKE = 6
_SKIMAGE, _SKLEARN = Path(skimage.__file__).parent / "data", Path(sklearn.__file__).parent / "datasets" / "images"
PATHS = [
    *(_SKIMAGE / name for name in ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "rocket.jpg")),
    *(_SKIMAGE / name for name in ("coins.png", "motorcycle_left.png", "hubble_deep_field.jpg", "ihc.png")),
    *(_SKLEARN / name for name in ("china.jpg", "flower.jpg")),
]
PHOTOS = {path.stem: read_picture(path.read_bytes()).image for path in PATHS}


def hashed(image: Image.Image) -> int:
    found = perceptual_hash(image)
    assert found is not None
    return found


def different(first: Image.Image, second: Image.Image) -> int:
    return (hashed(first) ^ hashed(second)).bit_count()


@pytest.fixture(params=PHOTOS)
def photo(request: pytest.FixtureRequest) -> Image.Image:
    return PHOTOS[request.param]


@pytest.mark.parametrize("quality", [90, 50])
def test_a_jpeg_encoded_again_is_alike(photo: Image.Image, quality: int) -> None:
    assert different(photo, read_picture(encoded(photo, "JPEG", quality=quality)).image) <= ALIKE


def test_what_is_decoded_at_reduced_scale_is_alike(photo: Image.Image) -> None:
    assert different(photo, read_picture(encoded(photo, "JPEG", quality=90), useful_edge=64).image) <= ALIKE


@pytest.mark.parametrize("scale", [0.25, 0.5, 2])
def test_another_size_is_alike(photo: Image.Image, scale: float) -> None:
    size = (round(photo.width * scale), round(photo.height * scale))
    assert different(photo, photo.resize(size, Image.Resampling.LANCZOS)) <= ALIKE


def test_another_brightness_contrast_or_no_colour_is_alike(photo: Image.Image) -> None:
    assert different(photo, ImageEnhance.Brightness(photo).enhance(0.9)) <= ALIKE
    assert different(photo, ImageEnhance.Contrast(photo).enhance(0.8)) <= ALIKE
    assert different(photo, photo.convert("L").convert("RGB")) <= ALIKE


def test_a_hundredth_cut_from_each_edge_is_alike(photo: Image.Image) -> None:
    x, y = photo.width // 100, photo.height // 100
    assert different(photo, photo.crop((x, y, photo.width - x, photo.height - y))) <= ALIKE


def test_different_photos_are_far_from_alike() -> None:
    distances = [different(PHOTOS[first], PHOTOS[second]) for first, second in combinations(PHOTOS, 2)]
    assert min(distances) > 2 * ALIKE


def test_a_mirrored_or_turned_photo_is_not_alike(photo: Image.Image) -> None:
    for turn in (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180):
        assert different(photo, photo.transpose(turn)) > 2 * ALIKE


def test_a_picture_of_little_structure_has_none() -> None:
    assert perceptual_hash(Image.new("RGB", (300, 200), (90, 120, 30))) is None
    assert perceptual_hash(Image.new("RGB", (1, 1), "white")) is None
    speckled = np.random.default_rng(0).integers(120, 123, (200, 300, 3), dtype=np.uint8)
    assert perceptual_hash(Image.fromarray(speckled)) is None


def test_it_is_64_bits_half_of_them_set(photo: Image.Image) -> None:
    assert 0 < hashed(photo) < 1 << 64
    assert hashed(photo).bit_count() == 32
