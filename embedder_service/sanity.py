"""Tries a model out before anybody relies on it."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from embedder_service.encoder import Encoder, Modality, Vectors
from embedder_service.errors import ModelFailed

_TEXTS = ("a dog", "a red car that waits in front of an old house in the rain")
_TOLERANCE = 1e-3


def check_encoder(encoder: Encoder) -> None:
    """Embeds two known texts and two known pictures. Raises ModelFailed if the result makes no sense."""
    if Modality.TEXT in encoder.card.modalities:
        together = encoder.embed_texts(_TEXTS).vectors
        alone = np.concatenate([encoder.embed_texts([text]).vectors for text in _TEXTS])
        _check(encoder, "text", together, alone)
    if Modality.IMAGE in encoder.card.modalities:
        images = [encoder.prepare_image(image) for image in known_pictures()]
        together = encoder.embed_images(images)
        alone = np.concatenate([encoder.embed_images([image]) for image in images])
        _check(encoder, "picture", together, alone)


def known_pictures() -> Sequence[Image.Image]:
    """A red disc on white, and stripes that fade from blue to green."""
    rows, columns = np.mgrid[0:384, 0:512]
    disc = np.full((384, 512, 3), 255, np.uint8)
    disc[(rows - 192) ** 2 + (columns - 256) ** 2 < 120**2] = (220, 20, 30)
    stripes = np.zeros((384, 512, 3), np.uint8)
    stripes[..., 1] = columns // 2
    stripes[..., 2] = np.where(rows // 24 % 2, 255 - columns // 2, 0)
    return [Image.fromarray(disc), Image.fromarray(stripes)]


def _check(encoder: Encoder, kind: str, together: Vectors, alone: Vectors) -> None:
    name, dimensions = encoder.card.name, encoder.card.dimensions
    if together.shape != (2, dimensions):
        raise ModelFailed(
            f"{name} gave vectors of shape {together.shape} instead of (2, {dimensions}) for two {kind}s."
        )
    if not np.isfinite(together).all():
        raise ModelFailed(f"{name} gave a vector with NaN or infinity for a known {kind}. Its weights may be broken.")
    if np.abs(np.linalg.norm(together, axis=1) - 1).max() > _TOLERANCE:
        raise ModelFailed(f"{name} gave a vector for a known {kind} whose length is not 1.")
    if together[0] @ together[1] > 1 - 1e-6:
        raise ModelFailed(f"{name} gave the same vector for two different {kind}s. Its weights may be broken.")
    if (together * alone).sum(axis=1).min() < 1 - _TOLERANCE:
        raise ModelFailed(f"{name} embeds a {kind} differently when others are embedded with it.")
