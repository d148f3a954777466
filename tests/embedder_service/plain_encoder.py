"""A model that needs no weights: a plain implementation of the port, that tests can hold up and look into."""

import hashlib
import threading
from collections.abc import Sequence

import numpy as np
from PIL.Image import Image

from embedder_service.encoder import EmbeddedTexts, Modality, ModelCard, PreparedImage, Vectors

DIMENSIONS = 8
POISON = "poison"
MAX_WORDS = 5


class PlainEncoder:
    """Each text or picture gets a vector made of its hash. Chokes on POISON; cuts texts after MAX_WORDS words."""

    def __init__(
        self, modalities: frozenset[Modality] = frozenset(Modality), *, id_: str = "plain@1", precision: str = "fp32"
    ) -> None:
        self.card = ModelCard(id_, "plain", DIMENSIONS, modalities, 32, "python", precision, ("en", "de"), "A test.")
        self.batches: list[list[str]] = []
        self.busy = threading.Event()
        self._free = threading.Event()
        self._free.set()

    def hold(self) -> None:
        """Makes the next batch wait until `release`; `busy` tells that it has begun."""
        self.busy.clear()
        self._free.clear()

    def release(self) -> None:
        self._free.set()

    def forget(self) -> None:
        """Forgets the batches so far."""
        self.batches.clear()

    def embed_texts(self, texts: Sequence[str]) -> EmbeddedTexts:
        self._begin([f"text {text}" for text in texts])
        if POISON in texts:
            raise ValueError("poisoned")
        cut = [" ".join(text.split()[:MAX_WORDS]) for text in texts]
        return EmbeddedTexts(_vectors([text.encode() for text in cut]), [len(t.split()) > MAX_WORDS for t in texts])

    def prepare_image(self, image: Image) -> PreparedImage:
        return image.resize((32, 32)).tobytes()

    def embed_images(self, images: Sequence[PreparedImage]) -> Vectors:
        self._begin([f"image {_name(image)}" for image in images])
        return _vectors([image if isinstance(image, bytes) else str(image).encode() for image in images])

    def _begin(self, batch: list[str]) -> None:
        self.batches.append(batch)
        self.busy.set()
        assert self._free.wait(30)


class Clock:
    """Seconds that pass only when a test, or a TimedEncoder, lets them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class TimedEncoder(PlainEncoder):
    """Takes a stated time for each text and picture, on a clock of its own."""

    def __init__(self, clock: Clock, *, text: float = 0.0, image: float = 0.0) -> None:
        super().__init__()
        self.clock = clock
        self.seconds = {"text": text, "image": image}

    def _begin(self, batch: list[str]) -> None:
        super()._begin(batch)
        self.clock.now += len(batch) * self.seconds[batch[0].split()[0]]


def _name(image: PreparedImage) -> str:
    return image if isinstance(image, str) else hashlib.sha256(image).hexdigest()[:6]


def _vectors(contents: Sequence[bytes]) -> Vectors:
    rows = np.array([list(hashlib.sha256(content).digest()[:DIMENSIONS]) for content in contents], np.float32) - 127.5
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit
