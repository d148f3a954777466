"""Models with a text and an image tower, through sentence-transformers: CLIP, SigLIP and their like."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL.Image import Image
from sentence_transformers import SentenceTransformer
from transformers.utils import logging as transformers_logging

from embedder_service.encoder import EmbeddedTexts, Encoder, Modality, ModelCard, PreparedImage, Report, Vectors
from embedder_service.errors import ModelFailed
from embedder_service.sources import ModelSource

# A model scales the shorter edge up to its input; without a bound a line of pixels would grow to gigabytes.
_MAX_ASPECT_RATIO = 20
_PRECISIONS = {torch.float32: "fp32", torch.float16: "fp16", torch.bfloat16: "bf16"}


def load_clip(source: ModelSource, threads: int, report: Report) -> Encoder:
    """Loads without asking the network. Raises ModelFailed."""
    report(f"Loading {source.name}.", 0.0)
    torch.set_num_threads(threads)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    images = _load(source.name, source.image_folder)
    texts = images if source.text_folder == source.image_folder else _load(source.name, source.text_folder)
    return ClipEncoder(source, images, texts)


class ClipEncoder:
    """One model with both towers, or two that share a space. Vectors equal those of SentenceTransformer.encode."""

    def __init__(self, source: ModelSource, images: SentenceTransformer, texts: SentenceTransformer) -> None:
        """Raises ModelFailed if there is no tower at all, or the two differ in dimensions."""
        self._images = images
        self._texts = texts
        _pad_as_trained(texts)
        modalities = set()
        if "image" in images.modalities:
            modalities.add(Modality.IMAGE)
        if "text" in texts.modalities:
            modalities.add(Modality.TEXT)
        if not modalities:
            raise ModelFailed(f"{source.name} embeds neither texts nor pictures. Choose another model.")
        dimensions = {model.get_embedding_dimension() for model in (images, texts)}
        if len(dimensions) > 1:
            raise ModelFailed(
                f"{source.name}: the towers give vectors of {' and '.join(map(str, dimensions))} values, so they share "
                "no space. Choose two that belong together."
            )
        self._max_tokens = _max_tokens(texts) if Modality.TEXT in modalities else 0
        self.card = ModelCard(
            id=source.id(),
            name=source.name,
            dimensions=int(dimensions.pop() or 0),
            modalities=frozenset(modalities),
            useful_image_edge=_image_edge(images) if Modality.IMAGE in modalities else 0,
            runtime=f"torch {torch.__version__} cpu",
            precision=_PRECISIONS.get(images.dtype or torch.float32, str(images.dtype)),
            languages=source.languages,
        )

    def embed_texts(self, texts: Sequence[str]) -> EmbeddedTexts:
        """A text with more tokens than the model takes loses its end."""
        tokens = self._texts.tokenizer(list(texts), truncation=False, padding=False, verbose=False)["input_ids"]
        vectors: Vectors = self._texts.encode(
            list(texts), batch_size=len(texts), normalize_embeddings=True, show_progress_bar=False
        )
        return EmbeddedTexts(vectors, [len(ids) > self._max_tokens for ids in tokens])

    def prepare_image(self, image: Image) -> PreparedImage:
        """The model's own preprocessing: its inputs by name, for a batch of one."""
        return self._images.preprocess([_without_extreme_ends(image)])

    def embed_images(self, images: Sequence[PreparedImage]) -> Vectors:
        """The rows of the inputs are put together."""
        features = {name: _stack([image[name] for image in images]) for name in images[0]}
        with torch.inference_mode():
            vectors = self._images(features)["sentence_embedding"]
            unit: Vectors = torch.nn.functional.normalize(vectors, dim=1).float().numpy()
        return unit


def _load(name: str, folder: os.PathLike[str]) -> SentenceTransformer:
    try:
        return SentenceTransformer(os.fspath(folder), device="cpu", local_files_only=True).eval()
    except Exception as error:  # the libraries raise whatever a missing or broken file leads them to
        raise ModelFailed(
            f"{name} could not be loaded from {os.fspath(folder)} ({type(error).__name__}: {error}). "
            "If its files are broken, remove the folder and start again."
        ) from error


def _pad_as_trained(model: SentenceTransformer) -> None:
    """SigLIP was trained on texts padded to full length, and pools at the last position.

    sentence-transformers pads to the longest text of a batch; a text's vector would depend on its neighbours.
    """
    config: Any = model.config
    if config is not None and str(config.model_type).startswith("siglip"):
        length = config.get_text_config().max_position_embeddings
        first: Any = model[0]
        first.processing_kwargs = {"text": {"padding": "max_length", "max_length": length, "truncation": True}}


def _max_tokens(model: SentenceTransformer) -> int:
    first: Any = model[0]
    own = first.processing_kwargs.get("text", {}).get("max_length")
    return int(own or model.max_seq_length or np.iinfo(np.int64).max)


def _image_edge(model: SentenceTransformer) -> int:
    """The shortest edge in pixels that fills the model's input, from its processor's settings."""
    processor: Any = getattr(model.processor, "image_processor", model.processor)
    sizes = [getattr(processor, name, None) for name in ("size", "crop_size")]
    edges = [
        size[key] for size in sizes if size for key in ("shortest_edge", "height", "width") if size.get(key) is not None
    ]
    if edges:
        return int(max(edges))
    # Models that keep the aspect ratio (NaFlex) say how many patches of which size they take.
    return int(processor.patch_size * processor.max_num_patches**0.5)


def _without_extreme_ends(image: Image) -> Image:
    width, height = image.size
    longest = _MAX_ASPECT_RATIO * min(width, height)
    if max(width, height) <= longest:
        return image
    left, top = max(0, (width - longest) // 2), max(0, (height - longest) // 2)
    return image.crop((left, top, min(width, left + longest), min(height, top + longest)))


def _stack(values: list[Any]) -> Any:
    return torch.cat(values) if isinstance(values[0], torch.Tensor) else values[0]
