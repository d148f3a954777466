"""Towers in torch: the reference, and what a GPU computes."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from sentence_transformers import SentenceTransformer

from embedder_service.clip.towers import Inputs
from embedder_service.encoder import Vectors

_PRECISIONS = {torch.float32: "fp32", torch.float16: "fp16", torch.bfloat16: "bf16"}
HALVES = {"fp16": torch.float16, "bf16": torch.bfloat16}


class TorchTower:
    """One side of a sentence-transformers model. Vectors are normalised in fp32 whatever the model computes in."""

    one_by_one = False

    def __init__(self, model: SentenceTransformer, constants: Mapping[str, Any]) -> None:
        """`constants` are the features beside the inputs that the model wants, such as the modality."""
        self.model = model
        self.constants = constants

    @property
    def precision(self) -> str:
        """As the weights are."""
        dtype = self.model.dtype or torch.float32
        return _PRECISIONS.get(dtype, str(dtype))

    @property
    def runtime(self) -> str:
        """With the kind of device."""
        return f"torch {torch.__version__} {self.model.device.type}"

    def embed(self, inputs: Inputs) -> Vectors:
        """One vector for each row of the inputs."""
        device, dtype = self.model.device, self.model.dtype
        features: dict[str, Any] = dict(self.constants)
        for name, array in inputs.items():
            tensor = torch.from_numpy(array).to(device, non_blocking=True)
            features[name] = tensor.to(dtype) if tensor.is_floating_point() else tensor
        with torch.inference_mode():
            vectors = self.model(features)["sentence_embedding"]
            unit: Vectors = torch.nn.functional.normalize(vectors.float(), dim=1).cpu().numpy()
        return unit

    def in_half(self, precision: str) -> "TorchTower":
        """A copy that computes in fp16 or bf16."""
        return TorchTower(deepcopy(self.model).to(HALVES[precision]), self.constants)
