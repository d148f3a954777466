from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.package_photos import LANGUAGES, QUERIES
from embedder_service.encoder import Encoder, Vectors
from embedder_service.sanity import check_encoder

MORE_QUERIES: Mapping[str, tuple[str, ...]] = {
    "chelsea.png": ("a kitten looking at the camera", "ein Haustier"),
    "china.jpg": ("a palace", "ancient architecture in Asia"),
    "coffee.png": ("a hot drink", "Frühstück im Café"),
    "motorcycle_left.png": ("a scooter in a garage",),
    "rocket.jpg": ("a spaceship",),
}


def embed_files(encoder: Encoder, files: Mapping[str, Path]) -> Vectors:
    return encoder.embed_images([encoder.prepare_image(Image.open(file).convert("RGB")) for file in files.values()])


@pytest.fixture(scope="module")
def photo_vectors(concept: Encoder, package_photos: dict[str, Path]) -> Vectors:
    return embed_files(concept, package_photos)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_right_photo_is_among_the_first_three(
    concept: Encoder, package_photos: dict[str, Path], photo_vectors: Vectors, language: str
) -> None:
    number = LANGUAGES.index(language)
    found = {
        queries[number]: (name, first_three(concept, package_photos, photo_vectors, queries[number]))
        for name, queries in QUERIES.items()
        if queries
    }

    assert {query: best for query, (name, best) in found.items() if name not in best} == {}


@pytest.mark.parametrize(("name", "query"), [(name, query) for name in MORE_QUERIES for query in MORE_QUERIES[name]])
def test_words_that_are_no_class_names_find_it_too(
    concept: Encoder, package_photos: dict[str, Path], photo_vectors: Vectors, name: str, query: str
) -> None:
    assert name in first_three(concept, package_photos, photo_vectors, query)


def first_three(encoder: Encoder, photos: Mapping[str, Path], vectors: Vectors, query: str) -> list[str]:
    scores = vectors @ encoder.embed_texts([query]).vectors[0]
    return [list(photos)[index] for index in np.argsort(-scores)[:3]]


def test_a_changed_copy_of_a_photo_is_nearest_to_it(
    concept: Encoder, package_photos: dict[str, Path], photo_vectors: Vectors
) -> None:
    changed = []
    for file in package_photos.values():
        image = Image.open(file).convert("RGB")
        width, height = image.size
        cropped = image.crop((width // 12, height // 12, width, height)).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        changed.append(concept.prepare_image(cropped))
    nearest = (concept.embed_images(changed) @ photo_vectors.T).argmax(axis=1)

    assert nearest.tolist() == list(range(len(package_photos)))


def test_it_is_sane_and_says_what_it_does_not_know(concept: Encoder) -> None:
    check_encoder(concept)

    assert concept.card.id.startswith("concept@")
    assert "make run ... EMBEDDER_MODEL=clip-vit-b-32 REBUILD=1" in concept.card.notice
    assert {"en", "de", "es", "zh-Hans"} <= set(concept.card.languages)


@pytest.mark.parametrize("text", ["", " ", "\0", "🐕", "x" * 16_000])
def test_any_text_has_a_unit_vector(concept: Encoder, text: str) -> None:
    embedded = concept.embed_texts([text])

    assert np.linalg.norm(embedded.vectors[0]) == pytest.approx(1, abs=1e-5)
    assert list(embedded.truncated) == [False]
