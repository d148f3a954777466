from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sentence_transformers import SentenceTransformer

from embedder_service.clip.reference import load_clip
from embedder_service.clip.towers import TowerEncoder
from embedder_service.encoder import Modality
from embedder_service.errors import ModelFailed
from embedder_service.sanity import check_encoder, known_pictures
from embedder_service.sources import ModelSource
from tests.clip_replica import Replica
from tests.embedder_service.clip.tiny_siglip import IMAGE_EDGE, MAX_TOKENS, write_siglip

TEXTS = [
    "a dog",
    "ein Hund am Strand",
    "海边的狗",
    "",
    "x",
    "a " * 60,
    "un perro que corre por la playa con una pelota roja",
]


def said_nothing(detail: str, progress: float) -> None:
    pass


def load(images: Path, texts: Path) -> TowerEncoder:
    return load_clip(ModelSource("clip", images, texts), 1, said_nothing)


@pytest.fixture(scope="module")
def pair(replica: Replica) -> TowerEncoder:
    """Images by the one model, texts by the other: as the preset has it."""
    return load(replica.clip, replica.multilingual)


@pytest.fixture(scope="module")
def single(replica: Replica) -> TowerEncoder:
    """One model with both towers."""
    return load(replica.clip, replica.clip)


@pytest.fixture(scope="module")
def photos(package_photos: dict[str, Path]) -> list[Image.Image]:
    return [Image.open(path).convert("RGB") for path in package_photos.values()] + list(known_pictures())


def least_cosine(ours: np.ndarray, theirs: np.ndarray) -> float:
    theirs = theirs / np.linalg.norm(theirs, axis=1, keepdims=True)
    return float((ours * theirs).sum(axis=1).min())


def test_pictures_get_the_vectors_of_sentence_transformers(
    pair: TowerEncoder, replica: Replica, photos: list[Image.Image]
) -> None:
    theirs = SentenceTransformer(str(replica.clip), device="cpu").encode(photos)
    ours = pair.embed_images([pair.prepare_image(photo) for photo in photos])

    assert least_cosine(ours, np.asarray(theirs)) >= 0.9999
    assert np.abs(np.linalg.norm(ours, axis=1) - 1).max() < 1e-5


@pytest.mark.parametrize("tower", ["pair", "single"])
def test_texts_get_the_vectors_of_sentence_transformers(
    tower: str, replica: Replica, request: pytest.FixtureRequest
) -> None:
    encoder = request.getfixturevalue(tower)
    folder = replica.multilingual if tower == "pair" else replica.clip
    theirs = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)

    assert least_cosine(encoder.embed_texts(TEXTS).vectors, np.asarray(theirs)) >= 0.9999


def test_a_batch_gives_the_vectors_of_single_inputs(pair: TowerEncoder, photos: list[Image.Image]) -> None:
    prepared = [pair.prepare_image(photo) for photo in photos]
    pictures = np.concatenate([pair.embed_images([one]) for one in prepared])
    texts = np.concatenate([pair.embed_texts([text]).vectors for text in TEXTS])

    assert least_cosine(pair.embed_images(prepared), pictures) >= 0.9999
    assert least_cosine(pair.embed_texts(TEXTS).vectors, texts) >= 0.9999


def test_pictures_can_be_prepared_by_several_threads(pair: TowerEncoder, photos: list[Image.Image]) -> None:
    one_by_one = pair.embed_images([pair.prepare_image(photo) for photo in photos])
    with ThreadPoolExecutor(4) as threads:
        side_by_side = list(threads.map(pair.prepare_image, photos))

    assert least_cosine(pair.embed_images(side_by_side), one_by_one) >= 0.999999


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 1), (3, 3), (2, 50), (1, 20_000), (5000, 2)])
def test_tiny_and_extremely_long_pictures_are_embedded(pair: TowerEncoder, size: tuple[int, int]) -> None:
    vectors = pair.embed_images([pair.prepare_image(Image.new("RGB", size, (200, 30, 30)))])

    assert np.isfinite(vectors).all()


@pytest.mark.parametrize(("tower", "limit"), [("single", 77), ("pair", 128)])
def test_a_text_is_said_to_be_cut_exactly_when_it_is(tower: str, limit: int, request: pytest.FixtureRequest) -> None:
    encoder = request.getfixturevalue(tower)
    words = limit - 2  # beside the tokens for beginning and end
    fits, cut, cut_more = (" ".join(["a"] * count) for count in (words, words + 1, words + 40))
    embedded = encoder.embed_texts([fits, cut, cut_more])

    assert list(embedded.truncated) == [False, True, True]
    assert np.allclose(embedded.vectors[1], embedded.vectors[2], atol=1e-5)


def test_what_the_model_is_comes_from_its_own_files(pair: TowerEncoder) -> None:
    card = pair.card

    assert (card.dimensions, card.useful_image_edge, card.precision) == (32, 224, "fp32")
    assert card.modalities == {Modality.TEXT, Modality.IMAGE}
    check_encoder(pair)


def test_a_model_for_texts_alone_embeds_texts_alone(replica: Replica) -> None:
    encoder = load(replica.multilingual, replica.multilingual)

    assert encoder.card.modalities == {Modality.TEXT}
    check_encoder(encoder)


def test_towers_of_different_spaces_are_refused(replica: Replica, tmp_path: Path) -> None:
    for path in replica.multilingual.iterdir():
        if path.name not in ("2_Dense", "modules.json"):
            (tmp_path / path.name).symlink_to(path)
    modules = (
        (replica.multilingual / "modules.json")
        .read_text()
        .replace("2_Dense", "1_Pooling")
        .replace("models.Dense", "models.Normalize")
    )
    (tmp_path / "modules.json").write_text(modules)

    with pytest.raises(ModelFailed, match="64"):
        load(replica.clip, tmp_path)


def test_a_folder_with_broken_weights_is_refused_with_its_name(replica: Replica, tmp_path: Path) -> None:
    for file in replica.multilingual.rglob("*"):
        if file.is_file():
            copy = tmp_path / file.relative_to(replica.multilingual)
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(file.read_bytes()[:1000] if file.name == "model.safetensors" else file.read_bytes())

    with pytest.raises(ModelFailed, match=tmp_path.name):
        load(tmp_path, tmp_path)


def test_texts_of_a_siglip_do_not_depend_on_their_neighbours(tmp_path: Path) -> None:
    folder = write_siglip(tmp_path)
    encoder = load(folder, folder)
    texts = ["a dog", "x", "a b c d e f g h i"]
    alone = np.concatenate([encoder.embed_texts([text]).vectors for text in texts])

    assert least_cosine(encoder.embed_texts(texts).vectors, alone) >= 0.9999
    assert encoder.card.useful_image_edge == IMAGE_EDGE
    check_encoder(encoder)


def test_a_siglip_says_when_it_cuts_a_text(tmp_path: Path) -> None:
    folder = write_siglip(tmp_path)
    embedded = load(folder, folder).embed_texts([" ".join("x" * count) for count in (1, MAX_TOKENS - 1, MAX_TOKENS)])

    assert list(embedded.truncated) == [False, False, True]
