"""Pictures and texts for the embedder: natural photos at the sizes that matter, and queries of which none repeats."""

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.package_photos import photo_files

_PHOTO_SIZE = (4000, 3000)
_SENT_SIZE = (597, 448)
# Of 255 levels; with these a photo of 12 megapixels has about 4 MB and one as the indexer sends it about 100 KiB.
_PHOTO_NOISE = 8.0
_SENT_NOISE = 2.0
_DIFFERENT_PHOTOS = 8
_SMALL_IN_A_FOLDER = 500

_THINGS = ("dog", "cat", "lighthouse", "bicycle", "child", "bridge", "train", "birthday cake", "mountain", "violin")
_PLACES = ("on the beach", "in the rain", "at night", "in an old town", "by the river", "under a tree", "in the snow")
_KINDS = ("a photo of", "a drawing of", "two of", "my", "a small", "an old", "a red", "a blurred", "the last")


def write_photos(folder: Path, count: int) -> list[Path]:
    """So many JPEGs of 12 megapixels, each of other bytes: package photos enlarged, with noise as a camera has it."""
    folder.mkdir(parents=True, exist_ok=True)
    different = [
        _jpeg(_with_noise(_enlarged(file, _PHOTO_SIZE), _PHOTO_NOISE), quality=92, subsampling="4:2:0")
        for file in photo_files()[: min(_DIFFERENT_PHOTOS, count)]
    ]
    files = [folder / f"IMG_{number:05}.jpg" for number in range(count)]
    for number, file in enumerate(files):
        file.write_bytes(_with_comment(different[number % len(different)], f"photo {folder.name} {number}".encode()))
    return files


def write_small_photos(folder: Path, count: int) -> None:
    """So many JPEGs of 64x48 pixels, each of other bytes, 500 in a folder."""
    pictures = small_pictures()
    for number in range(count):
        part = folder / f"{number // _SMALL_IN_A_FOLDER:04}"
        if number % _SMALL_IN_A_FOLDER == 0:
            part.mkdir(parents=True)
        data = _with_comment(pictures[number % len(pictures)], f"photo {folder.name} {number}".encode())
        (part / f"IMG_{number:06}.jpg").write_bytes(data)


@cache
def sent_pictures() -> Sequence[bytes]:
    """Pictures as the indexer sends them to a model of 224 pixels: JPEGs of 597x448 pixels, quality 95, full chroma."""
    return [
        _jpeg(_with_noise(_enlarged(file, _SENT_SIZE), _SENT_NOISE), quality=95, subsampling="4:4:4")
        for file in photo_files()
    ]


@cache
def small_pictures() -> Sequence[bytes]:
    """JPEGs of 64x48 pixels."""
    return [_jpeg(_enlarged(file, (64, 48)), quality=90, subsampling="4:2:0") for file in photo_files()]


def query_text(number: int) -> str:
    """Another text for each number, all of about as many tokens."""
    rest, thing = divmod(number, len(_THINGS))
    rest, place = divmod(rest, len(_PLACES))
    rest, kind = divmod(rest, len(_KINDS))
    return f"{_KINDS[kind]} {_THINGS[thing]} {_PLACES[place]} in {1900 + rest}"


def _enlarged(file: Path, size: tuple[int, int]) -> Image.Image:
    """The middle of the photo at this size."""
    with Image.open(file) as opened:
        photo = opened.convert("RGB")
    scale = max(size[0] / photo.width, size[1] / photo.height)
    whole = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.BICUBIC)
    left, top = (whole.width - size[0]) // 2, (whole.height - size[1]) // 2
    return whole.crop((left, top, left + size[0], top + size[1]))


def _with_noise(photo: Image.Image, levels: float) -> Image.Image:
    pixels = np.asarray(photo, np.float32) + np.float32(levels) * _noise(photo.size)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


@cache
def _noise(size: tuple[int, int]) -> NDArray[np.float32]:
    """As a sensor's: of its own in each colour, and as much again in all."""
    chance = np.random.default_rng(0)
    shape = (size[1], size[0])
    colours = chance.standard_normal((*shape, 3), np.float32)
    return (colours + chance.standard_normal((*shape, 1), np.float32)) / np.float32(2**0.5)


def _jpeg(photo: Image.Image, quality: int, subsampling: str) -> bytes:
    encoded = io.BytesIO()
    photo.save(encoded, "JPEG", quality=quality, subsampling=subsampling)
    return encoded.getvalue()


def _with_comment(jpeg: bytes, comment: bytes) -> bytes:
    """With a segment that decoders pass over."""
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]
