from collections.abc import Callable, Sequence

import numpy as np
import pytest

from embedder_service.encoder import EmbeddedTexts, PreparedImage, Vectors
from embedder_service.errors import ModelFailed
from embedder_service.sanity import check_encoder
from tests.embedder_service.plain_encoder import PlainEncoder

Damage = Callable[[Vectors], Vectors]


class Damaged(PlainEncoder):
    """Something is wrong with what it computes."""

    def __init__(self, text_damage: Damage = np.copy, image_damage: Damage = np.copy) -> None:
        super().__init__()
        self._text_damage = text_damage
        self._image_damage = image_damage

    def embed_texts(self, texts: Sequence[str]) -> EmbeddedTexts:
        embedded = super().embed_texts(texts)
        return EmbeddedTexts(self._text_damage(embedded.vectors), embedded.truncated)

    def embed_images(self, images: Sequence[PreparedImage]) -> Vectors:
        return self._image_damage(super().embed_images(images))


def with_nan(vectors: Vectors) -> Vectors:
    vectors[0, 0] = np.nan
    return vectors


def too_long(vectors: Vectors) -> Vectors:
    return vectors * np.float32(1.1)


def all_alike(vectors: Vectors) -> Vectors:
    return np.repeat(vectors[:1] * 0 + np.float32(vectors.shape[1] ** -0.5), len(vectors), axis=0)


def cut_short(vectors: Vectors) -> Vectors:
    return vectors[:, :-1]


def mixed_up(vectors: Vectors) -> Vectors:
    return vectors[::-1]


DAMAGES = [(with_nan, "NaN"), (too_long, "length"), (all_alike, "same"), (cut_short, "shape"), (mixed_up, "others")]


def test_a_sane_model_passes(encoder: PlainEncoder) -> None:
    check_encoder(encoder)

    assert {batch[0].split()[0] for batch in encoder.batches} == {"text", "image"}


@pytest.mark.parametrize(("damage", "word"), DAMAGES)
def test_texts_that_make_no_sense_fail_the_model(damage: Damage, word: str) -> None:
    with pytest.raises(ModelFailed, match=word):
        check_encoder(Damaged(text_damage=damage))


@pytest.mark.parametrize(("damage", "word"), DAMAGES)
def test_pictures_that_make_no_sense_fail_the_model(damage: Damage, word: str) -> None:
    with pytest.raises(ModelFailed, match=word):
        check_encoder(Damaged(image_damage=damage))
