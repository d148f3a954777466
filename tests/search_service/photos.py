"""Made-up photos and vectors."""

import hashlib
from datetime import datetime
from typing import Any

import numpy as np

from search_service.images import Embedding, Image, Vector, Write

MODEL = "tiny@0123456789ab"
DIMENSIONS = 8


def unit(*values: float) -> Vector:
    """A vector of DIMENSIONS values in this direction."""
    vector = np.zeros(DIMENSIONS)
    vector[: len(values)] = values
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def random_unit(seed: int, dimensions: int = DIMENSIONS) -> Vector:
    vector = np.random.default_rng(seed).normal(size=dimensions)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def photo(image_id: str, **fields: Any) -> Image:
    """A photo with what is required, and these fields."""
    path = fields.pop("relative_path", f"{image_id}.jpg")
    facts = {
        "source": "photos",
        "relative_path": path,
        "name": path.rpartition("/")[2],
        "content_sha256": hashlib.sha256(image_id.encode()).hexdigest(),
        **fields,
    }
    return Image(id=image_id, **facts)


def write(image: Image | str, vector: Vector | None = None, *, model: str = MODEL) -> Write:
    image = photo(image) if isinstance(image, str) else image
    if vector is None:
        vector = random_unit(int(hashlib.sha256(image.id.encode()).hexdigest()[:8], 16))
    return Write(image, Embedding(model, vector))


def civil(text: str) -> datetime:
    """A civil time from ISO text."""
    return datetime.fromisoformat(text)
