"""The model without a service: the same forms in a loop, and each step of a photo's way alone.

These functions run in a process of their own (PinnedProcess); what they load stays there.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.embedder.inputs import query_text
from benchmarks.embedder.options import EmbedderOptions
from embedder_service.choose import Loaders, ModelRequest, load_model
from embedder_service.encoder import Encoder, LoadedModel, PreparedImage, Report
from embedder_service.forms.verdict import FormOptions
from embedder_service.hub import HuggingFaceHub
from embedder_service.sources import ModelSource
from pictures.decode import read_picture
from pictures.reduce import reduced_picture

_Output = TypeVar("_Output")


@dataclass(frozen=True)
class Parts:
    """Milliseconds that each step takes for one photo, on one thread; the model for one photo in a batch."""

    read: float
    """The file, and its hash."""
    decode: float
    """At a reduced scale."""
    encode: float
    """The picture that is sent."""
    decode_sent: float
    prepare: float
    """Resize and normalise."""
    model: float

    def total(self, cores: int) -> float:
        """What a photo takes if nothing is lost: the model has all cores already, the other steps share them."""
        alone = self.read + self.decode + self.encode + self.decode_sent + self.prepare
        return alone / cores + self.model


@cache
def encoder(options: EmbedderOptions) -> Encoder:
    """The form that the service serves with these options, once it was worked out."""

    def clip(source: ModelSource, report: Report) -> LoadedModel:
        from embedder_service.clip.served import load_served_clip  # noqa: PLC0415 takes seconds to import

        forms = FormOptions(options.precision, options.cache_dir, threads)
        return load_served_clip(source, options.device, forms, report)

    def concept(report: Report) -> LoadedModel:
        from embedder_service.concept.encoder import load_concept  # noqa: PLC0415 takes seconds to import

        return LoadedModel(load_concept(options.cache_dir, threads, report))

    threads = len(options.cores)
    request = ModelRequest(options.model, options.text_model)
    return load_model(request, HuggingFaceHub(timeout=5.0), Loaders(clip, concept), lambda _, __: None).encoder


def form(options: EmbedderOptions) -> str:
    """What computes the model here."""
    card = encoder(options).card
    return f"{card.precision} by {card.runtime}"


def images_per_second(options: EmbedderOptions, pictures: Sequence[bytes], batch: int, seconds: float) -> float:
    """A loop that decodes and prepares a batch, a picture a core, and then embeds it."""
    model = encoder(options)

    def prepare(picture: bytes) -> PreparedImage:
        return model.prepare_image(read_picture(picture, useful_edge=model.card.useful_image_edge).image)

    with ThreadPoolExecutor(len(options.cores)) as threads:

        def embed(number: int) -> None:
            first = number * batch
            chosen = [pictures[index % len(pictures)] for index in range(first, first + batch)]
            model.embed_images(list(threads.map(prepare, chosen)))

        return batch * _per_second(embed, seconds)


def texts_per_second(options: EmbedderOptions, batch: int, seconds: float) -> float:
    """A loop over batches of texts."""
    model = encoder(options)

    def embed(number: int) -> None:
        model.embed_texts([query_text(index) for index in range(number * batch, (number + 1) * batch)])

    return batch * _per_second(embed, seconds)


def text_vector(options: EmbedderOptions, text: str) -> tuple[list[float], float]:
    """A text's vector and the milliseconds that it took."""
    model = encoder(options)
    started = time.perf_counter()
    vector = model.embed_texts([text]).vectors[0]
    return vector.tolist(), 1_000 * (time.perf_counter() - started)


def parts(options: EmbedderOptions, files: Sequence[Path], batch: int) -> Parts:
    """The medians over these photos."""
    model = encoder(options)
    edge = model.card.useful_image_edge
    taken: dict[str, list[float]] = {step.name: [] for step in fields(Parts)}

    def timed(step: str, work: Callable[[], _Output], items: int = 1) -> _Output:
        started = time.perf_counter()
        output = work()
        taken[step].append(1_000 * (time.perf_counter() - started) / items)
        return output

    prepared: list[PreparedImage] = []
    for file in files:
        data = timed("read", lambda file=file: _read(file))  # type: ignore[misc]
        picture = timed("decode", lambda data=data: read_picture(data, useful_edge=edge))  # type: ignore[misc]
        sent = timed("encode", lambda image=picture.image: reduced_picture(image, edge))  # type: ignore[misc]
        received = timed("decode_sent", lambda sent=sent: read_picture(sent, useful_edge=edge))  # type: ignore[misc]
        prepared.append(timed("prepare", lambda image=received.image: model.prepare_image(image)))  # type: ignore[misc]
    for start in range(len(prepared)):
        chosen = [prepared[(start + index) % len(prepared)] for index in range(batch)]
        timed("model", lambda chosen=chosen: model.embed_images(chosen), batch)  # type: ignore[misc]
    return Parts(**{step: float(np.median(each)) for step, each in taken.items()})


def _read(file: Path) -> bytes:
    data = file.read_bytes()
    hashlib.sha256(data).hexdigest()
    return data


def _per_second(work: Callable[[int], None], seconds: float) -> float:
    work(0)
    started, count = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - started) < seconds:
        count += 1
        work(count)
    return count / elapsed
