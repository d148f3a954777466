"""The port that every model is behind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

# Shape (n, dimensions), each row of unit length.
Vectors = NDArray[np.float32]

# What an encoder makes of a picture for itself; small and of a size that does not depend on the picture's.
PreparedImage = Any

# Tells how loading goes: a sentence for a person, and the share that is done (0 to 1; 0 where it is not known).
Report = Callable[[str, float], None]


class Modality(Enum):
    """What can be embedded."""

    TEXT = "texts"
    IMAGE = "pictures"


@dataclass(frozen=True)
class FormCheck:
    """How near the vectors of one form of a model came to the reference's (fidelity.py), and whether it may serve."""

    modality: Modality
    precision: str
    runtime: str
    mean_cosine: float
    worst_cosine: float
    top10_overlap: float
    accepted: bool


@dataclass(frozen=True)
class ModelCard:
    """What a model is; the fields are those of imagesearch.embedder.v1.Model."""

    id: str
    name: str
    dimensions: int
    modalities: frozenset[Modality]
    useful_image_edge: int
    runtime: str
    precision: str
    languages: tuple[str, ...] = ()
    notice: str = ""
    form_checks: tuple[FormCheck, ...] = ()
    form_detail: str = ""


@dataclass(frozen=True)
class EmbeddedTexts:
    """What came of some texts: their vectors, and of which the end was cut off."""

    vectors: Vectors
    truncated: Sequence[bool]


class Encoder(Protocol):
    """A loaded model. `embed_texts` and `embed_images` are only ever called by one thread at a time."""

    @property
    def card(self) -> ModelCard:
        """What this model is."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> EmbeddedTexts:
        """One vector a text, in their order. A text's vector does not depend on the others."""
        ...

    def prepare_image(self, image: Image) -> PreparedImage:
        """What of an RGB picture the model needs (resized, cropped, normalised). Called by several threads at once."""
        ...

    def embed_images(self, images: Sequence[PreparedImage]) -> Vectors:
        """One vector a picture, in their order. A picture's vector does not depend on the others."""
        ...


class NoFasterForm(Exception):
    """The form in service is to go on; the message says why in a sentence or two."""


@dataclass(frozen=True)
class LoadedModel:
    """A model that embeds, and why it is not the one that was meant, where it isn't."""

    encoder: Encoder
    degraded_because: str = ""
    faster: Callable[[], Encoder] | None = None
    """Works out the fastest true form of the same model, for some seconds to minutes; it may compute as `encoder` does,
    and its card then says why. Raises NoFasterForm where none could be worked out."""
