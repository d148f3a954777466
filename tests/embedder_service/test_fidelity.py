"""What a reduced picture costs: the indexer sends one, decoded at reduced scale, in place of the original."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from embedder_service.encoder import Encoder, Vectors
from pictures.decode import read_picture
from pictures.reduce import reduced_picture
from tests.clip_replica import Replica

# Of the median distance between two different photos.
MOST_MOVED = 0.05


@pytest.fixture(scope="module")
def large_photos(package_photos: dict[str, Path]) -> list[bytes]:
    """The photos as JPEG, in sizes that cameras have (3:2 and 4:3) and in odd ones that cropping leaves."""
    encoded = []
    for number, path in enumerate(package_photos.values()):
        image = Image.open(path).convert("RGB")
        size = ((2400, 1600), (1800, 2400), (2400, 1619), (1537, 2399))[number % 4]
        file = io.BytesIO()
        ImageOps.fit(image, size, Image.Resampling.LANCZOS).save(file, "JPEG", quality=92)
        encoded.append(file.getvalue())
    return encoded


@pytest.fixture(params=["concept", "clip"])
def encoder(request: pytest.FixtureRequest) -> Iterator[Encoder]:
    if request.param == "concept":
        yield request.getfixturevalue("concept")
    else:
        from embedder_service.clip.reference import load_clip  # noqa: PLC0415
        from embedder_service.sources import ModelSource  # noqa: PLC0415

        replica: Replica = request.getfixturevalue("replica")
        source = ModelSource("clip", replica.clip, replica.multilingual)
        yield load_clip(source, 1, lambda detail, progress: None)


def test_a_photos_vector_hardly_moves_when_it_is_reduced_on_the_way(
    encoder: Encoder, large_photos: list[bytes]
) -> None:
    edge = encoder.card.useful_image_edge
    originals = embed(encoder, [read_picture(photo).image for photo in large_photos])
    sent = [reduced_picture(read_picture(photo, useful_edge=edge).image, edge) for photo in large_photos]
    reduced = embed(encoder, [read_picture(photo, useful_edge=edge).image for photo in sent])
    moved = np.linalg.norm(originals - reduced, axis=1)

    assert sum(map(len, sent)) < sum(map(len, large_photos)) / 2
    assert moved.max() <= MOST_MOVED * median_distance(originals)


def embed(encoder: Encoder, images: list[Image.Image]) -> Vectors:
    return encoder.embed_images([encoder.prepare_image(image) for image in images])


def median_distance(vectors: Vectors) -> float:
    first, second = np.triu_indices(len(vectors), 1)
    return float(np.median(np.linalg.norm(vectors[first] - vectors[second], axis=1)))
