"""From pictures to a model's inputs, by the image processor that its files describe."""

from pathlib import Path
from typing import Any

import torch
from PIL.Image import Image
from transformers import AutoImageProcessor

from embedder_service.clip.towers import Inputs

# A model scales the shorter edge up to its input; without a bound a line of pixels would grow to gigabytes.
_MAX_ASPECT_RATIO = 20


class ImageInputs:
    """Prepares pictures; may be called by several threads at once."""

    def __init__(self, processor: Any) -> None:
        """`processor` is an image processor of transformers."""
        self._processor = processor

    @classmethod
    def load(cls, folder: Path) -> "ImageInputs":
        """What `save` wrote."""
        processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True)  # type: ignore[no-untyped-call]
        return cls(processor)

    def save(self, folder: Path) -> None:
        """Writes the processor's settings."""
        self._processor.save_pretrained(folder)

    def __call__(self, image: Image) -> Inputs:
        """The inputs of a batch of one."""
        features = self._processor(images=[without_extreme_ends(image)], return_tensors="pt")
        return {name: tensor.numpy() for name, tensor in features.items()}


def prepare_in_one_thread() -> None:
    """For a process in which torch prepares pictures, several at once, and computes nothing else."""
    torch.set_num_threads(1)


def without_extreme_ends(image: Image) -> Image:
    """The middle of a picture that is extremely long."""
    width, height = image.size
    longest = _MAX_ASPECT_RATIO * min(width, height)
    if max(width, height) <= longest:
        return image
    left, top = max(0, (width - longest) // 2), max(0, (height - longest) // 2)
    return image.crop((left, top, min(width, left + longest), min(height, top + longest)))
