"""The loop of the original tool: open a photo, encode it, then the next one. Runs in a PinnedProcess."""

import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from embedder_service.hub import HuggingFaceHub
from embedder_service.sources import locate


def milliseconds_a_photo(model: str, threads: int, files: Sequence[Path]) -> list[float]:
    """For each photo. `model` as EMBEDDER_MODEL; it computes in fp32."""
    encoder = _encoder(model, threads)
    taken = []
    for file in files:
        started = time.perf_counter()
        with Image.open(file) as photo:
            encoder.encode(photo, show_progress_bar=False)
        taken.append(1_000 * (time.perf_counter() - started))
    return taken


@cache
def _encoder(model: str, threads: int) -> Any:
    import torch  # noqa: PLC0415 takes seconds to import
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 takes seconds to import

    torch.set_num_threads(threads)
    folder = locate(model, "", HuggingFaceHub(timeout=5.0), lambda _, __: None).image_folder
    encoder = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    encoder.encode(Image.new("RGB", (224, 224)), show_progress_bar=False)
    return encoder
