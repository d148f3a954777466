"""The real clip-vit-b-32. Needs the hub (or its models in the cache): pytest -m hub."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.package_photos import package_photos
from benchmarks.recall import embed_photos, text_recall
from embedder_service.clip.reference import load_clip
from embedder_service.encoder import Encoder
from embedder_service.forms.form import Precision
from embedder_service.forms.kept import open_kept
from embedder_service.forms.verdict import FormOptions
from embedder_service.forms.work_out import work_out
from embedder_service.hub import HuggingFaceHub
from embedder_service.sanity import check_encoder
from embedder_service.sources import DEFAULT_PRESET, PRESETS, locate

pytestmark = pytest.mark.hub

WORDS = ("a person", "a bicycle", "a car", "a motorcycle", "an airplane", "a bus")
# Cosines between the vectors that OpenAI's CLIP ViT-B/32 gives for these texts, from those that facebookresearch/Detic
# (Apache-2.0) recorded; it wrote "a airplane".
GOLDEN = np.array(
    [
        [1.000, 0.841, 0.883, 0.845, 0.846, 0.866],
        [0.841, 1.000, 0.880, 0.933, 0.847, 0.862],
        [0.883, 0.880, 1.000, 0.896, 0.879, 0.919],
        [0.845, 0.933, 0.896, 1.000, 0.848, 0.858],
        [0.846, 0.847, 0.879, 0.848, 1.000, 0.871],
        [0.866, 0.862, 0.919, 0.858, 0.871, 1.000],
    ]
)


DIMENSIONS = {"clip-vit-b-32": 512, "siglip2-base": 768, "metaclip2-b-32": 512}


def load(model: str) -> Encoder:
    hub = HuggingFaceHub(timeout=10)
    return load_clip(locate(model, "", hub, lambda detail, progress: None), 2, lambda detail, progress: None)


@pytest.fixture(scope="module")
def clip() -> Encoder:
    return load(DEFAULT_PRESET)


@pytest.mark.timeout(1800)
def test_it_loads_and_is_sane(clip: Encoder) -> None:
    check_encoder(clip)

    assert clip.card.dimensions == 512
    assert clip.card.useful_image_edge == 224


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("precision", ["int8", "bf16", "fp32"])
def test_each_preset_loads_and_its_forms_are_true(
    preset: str, precision: Precision, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = locate(preset, "", HuggingFaceHub(timeout=10), lambda detail, progress: None)
    options = FormOptions(precision, tmp_path_factory.getbasetemp() / "forms-of-presets", 2)
    work_out(source, options)
    encoder = open_kept(source, options, lambda: load_clip(source, 2, lambda detail, progress: None))
    assert encoder is not None

    check_encoder(encoder)
    assert all(check.accepted for check in encoder.card.form_checks)
    assert encoder.card.dimensions == DIMENSIONS[preset]


def test_its_own_text_tower_gives_the_published_vectors() -> None:
    texts = [word.replace("an airplane", "a airplane") for word in WORDS]
    vectors = load(PRESETS[DEFAULT_PRESET].images).embed_texts(texts).vectors

    assert np.abs(vectors @ vectors.T - GOLDEN).max() < 0.005


def test_other_languages_lie_where_english_does(clip: Encoder) -> None:
    english = clip.embed_texts(WORDS).vectors
    german = clip.embed_texts(["eine Person", "ein Fahrrad", "ein Auto", "ein Motorrad", "ein Flugzeug", "ein Bus"])

    assert (german.vectors @ english.T).argmax(axis=1).tolist() == list(range(len(WORDS)))


def test_it_finds_the_packages_photos(clip: Encoder) -> None:
    photos = package_photos()
    vectors, unreadable = embed_photos(clip, [Path(file) for file in photos.files])
    recall = text_recall(clip, photos.queries, vectors)

    assert unreadable == []
    assert recall.found[0] >= 0.9
    assert recall.found[1] >= 0.97
