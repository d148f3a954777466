"""A model made of towers, one for pictures and one for texts, each behind a port of its own.

A tower is what a runtime computes: from a model's inputs to unit vectors. All forms of a model take the same inputs, so
a picture that was prepared for one can be embedded by another.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from embedder_service.encoder import EmbeddedTexts, FormCheck, Modality, ModelCard, PreparedImage, Vectors
from embedder_service.errors import ModalityUnsupported

# A model's inputs by their names in it; the first axis of each is the batch.
Inputs = Mapping[str, NDArray[Any]]


class Tower(Protocol):
    """Computes vectors from inputs; only ever called by one thread at a time."""

    @property
    def precision(self) -> str:
        """The numbers it computes with, such as int8."""
        ...

    @property
    def runtime(self) -> str:
        """What computes it, with its version and device."""
        ...

    @property
    def one_by_one(self) -> bool:
        """Whether an input's vector would depend on its neighbours in a batch, so that each is to be computed alone."""
        ...

    def embed(self, inputs: Inputs) -> Vectors:
        """One vector for each row of the inputs."""
        ...


@dataclass(frozen=True)
class PreparedTexts:
    """Texts as a model's inputs, and of which the end was cut off."""

    inputs: Inputs
    truncated: Sequence[bool]


PrepareImage = Callable[[Image], PreparedImage]
PrepareTexts = Callable[[Sequence[str]], PreparedTexts]


@dataclass(frozen=True)
class ImageSide:
    """What embeds pictures. `prepare` gives the inputs of a batch of one, and is called by several threads at once."""

    prepare: PrepareImage
    tower: Tower

    def embed(self, images: Sequence[PreparedImage]) -> Vectors:
        """One vector a picture, in their order."""
        batches = [[image] for image in images] if self.tower.one_by_one else [images]
        return np.concatenate([self.tower.embed(_together(batch)) for batch in batches])


@dataclass(frozen=True)
class TextSide:
    """What embeds texts."""

    prepare: PrepareTexts
    tower: Tower

    def embed(self, texts: Sequence[str]) -> EmbeddedTexts:
        """One vector a text, in their order."""
        batches = [[text] for text in texts] if self.tower.one_by_one else [texts]
        prepared = [self.prepare(batch) for batch in batches]
        vectors = np.concatenate([self.tower.embed(batch.inputs) for batch in prepared])
        return EmbeddedTexts(vectors, [cut for batch in prepared for cut in batch.truncated])


Side = ImageSide | TextSide


class TowerEncoder:
    """The port Encoder for one or two towers."""

    def __init__(self, card: ModelCard, images: ImageSide | None, texts: TextSide | None) -> None:
        """The card's runtime and precision are taken from the towers."""
        self.images = images
        self.texts = texts
        towers = {
            modality: side.tower
            for modality, side in ((Modality.IMAGE, images), (Modality.TEXT, texts))
            if side is not None
        }
        self.card = replace(
            card,
            runtime=_named({modality: tower.runtime for modality, tower in towers.items()}),
            precision=_named({modality: tower.precision for modality, tower in towers.items()}),
        )

    def judged(self, checks: Sequence[FormCheck], detail: str) -> "TowerEncoder":
        """The same with what is known of the model's forms on its card."""
        return TowerEncoder(replace(self.card, form_checks=tuple(checks), form_detail=detail), self.images, self.texts)

    def embed_texts(self, texts: Sequence[str]) -> EmbeddedTexts:
        """A text with more tokens than the model takes loses its end."""
        if self.texts is None:
            raise ModalityUnsupported(self.card.name, Modality.TEXT.value)
        return self.texts.embed(texts)

    def prepare_image(self, image: Image) -> PreparedImage:
        """The model's own preprocessing: its inputs by name, for a batch of one."""
        if self.images is None:
            raise ModalityUnsupported(self.card.name, Modality.IMAGE.value)
        return self.images.prepare(image)

    def embed_images(self, images: Sequence[PreparedImage]) -> Vectors:
        """The rows of the inputs are put together."""
        if self.images is None:
            raise ModalityUnsupported(self.card.name, Modality.IMAGE.value)
        return self.images.embed(images)


def _together(images: Sequence[PreparedImage]) -> Inputs:
    return {name: np.concatenate([image[name] for image in images]) for name in images[0]}


def _named(values: Mapping[Modality, str]) -> str:
    if len(set(values.values())) == 1:
        return next(iter(values.values()))
    return ", ".join(f"{value} for {modality.value}" for modality, value in values.items())
