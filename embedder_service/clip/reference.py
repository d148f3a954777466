"""Models with a text and an image tower, through sentence-transformers: CLIP, SigLIP and their like.

What they compute in fp32 is the reference for every other form of them.
"""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL.Image import Image
from PIL.Image import new as new_image
from sentence_transformers import SentenceTransformer
from transformers.utils import logging as transformers_logging

from embedder_service.clip.image_inputs import ImageInputs, without_extreme_ends
from embedder_service.clip.text_inputs import TextInputs, TextRules
from embedder_service.clip.torch_tower import TorchTower
from embedder_service.clip.towers import ImageSide, Inputs, PreparedTexts, TextSide, TowerEncoder
from embedder_service.encoder import Modality, ModelCard, Report
from embedder_service.errors import ModelFailed
from embedder_service.sources import ModelSource


def load_clip(source: ModelSource, threads: int, report: Report, device: str = "cpu") -> TowerEncoder:
    """The reference. Loads without asking the network. Raises ModelFailed."""
    return ClipReference(source, threads, report, device).encoder


class ClipReference:
    """One model with both towers, or two that share a space. Vectors equal those of SentenceTransformer.encode."""

    def __init__(self, source: ModelSource, threads: int, report: Report, device: str = "cpu") -> None:
        """Raises ModelFailed if a model can't be loaded, has no tower at all, or the two differ in dimensions."""
        report(f"Loading {source.name}.", 0.0)
        torch.set_num_threads(threads)
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        self._images = _load(source.name, source.image_folder, device)
        one = source.text_folder == source.image_folder
        self._texts = self._images if one else _load(source.name, source.text_folder, device)
        _pad_as_trained(self._texts)
        modalities = set()
        if "image" in self._images.modalities:
            modalities.add(Modality.IMAGE)
        if "text" in self._texts.modalities:
            modalities.add(Modality.TEXT)
        if not modalities:
            raise ModelFailed(f"{source.name} embeds neither texts nor pictures. Choose another model.")
        dimensions = {model.get_embedding_dimension() for model in (self._images, self._texts)}
        if len(dimensions) > 1:
            raise ModelFailed(
                f"{source.name}: the towers give vectors of {' and '.join(map(str, dimensions))} values, so they share "
                "no space. Choose two that belong together."
            )
        self._max_tokens = _max_tokens(self._texts) if Modality.TEXT in modalities else 0
        self.encoder = TowerEncoder(
            ModelCard(
                id=source.id(),
                name=source.name,
                dimensions=int(dimensions.pop() or 0),
                modalities=frozenset(modalities),
                useful_image_edge=_image_edge(self._images) if Modality.IMAGE in modalities else 0,
                runtime="",
                precision="",
                languages=source.languages,
            ),
            self._image_side() if Modality.IMAGE in modalities else None,
            self._text_side() if Modality.TEXT in modalities else None,
        )

    def image_inputs(self) -> ImageInputs:
        """What prepares pictures without the model."""
        return ImageInputs(getattr(self._images.processor, "image_processor", self._images.processor))

    @property
    def has_text_inputs(self) -> bool:
        """Whether texts can be prepared without the model: not if its tokenizer is one in Python."""
        return hasattr(self._texts.tokenizer, "backend_tokenizer")

    def text_inputs(self) -> TextInputs:
        """What prepares texts without the model."""
        tokenizer: Any = self._texts.tokenizer
        first: Any = self._texts[0]
        padding = first.processing_kwargs.get("text", {})
        rules = TextRules(
            max_tokens=self._max_tokens if self._max_tokens < np.iinfo(np.int32).max else 0,
            pad_to=padding["max_length"] if padding.get("padding") == "max_length" else 0,
            pad_id=tokenizer.pad_token_id,
            pad_token=tokenizer.pad_token,
            padding_side=tokenizer.padding_side,
            truncation_side=tokenizer.truncation_side,
        )
        backend = tokenizer.backend_tokenizer
        return TextInputs(type(backend).from_str(backend.to_str()), rules)

    def _image_side(self) -> ImageSide:
        blank = self._images.preprocess([new_image("RGB", (32, 32))])
        return ImageSide(self._prepare_image, TorchTower(self._images, _constants(blank)))

    def _text_side(self) -> TextSide:
        return TextSide(self._prepare_texts, TorchTower(self._texts, _constants(self._texts.preprocess(["a"]))))

    def _prepare_image(self, image: Image) -> Inputs:
        return _arrays(self._images.preprocess([without_extreme_ends(image)]))

    def _prepare_texts(self, texts: Sequence[str]) -> PreparedTexts:
        tokens = self._texts.tokenizer(list(texts), truncation=False, padding=False, verbose=False)["input_ids"]
        inputs = _arrays(self._texts.preprocess(list(texts)))
        return PreparedTexts(inputs, [len(ids) > self._max_tokens for ids in tokens])


def _load(name: str, folder: os.PathLike[str], device: str) -> SentenceTransformer:
    try:
        return SentenceTransformer(os.fspath(folder), device=device, local_files_only=True).eval()
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


def _arrays(features: dict[str, Any]) -> Inputs:
    return {name: value.numpy() for name, value in features.items() if isinstance(value, torch.Tensor)}


def _constants(features: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in features.items() if not isinstance(value, torch.Tensor)}
