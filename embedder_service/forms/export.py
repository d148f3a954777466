"""From a tower in torch to a file that other runtimes compute."""

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from embedder_service.clip.torch_tower import TorchTower
from embedder_service.clip.towers import Inputs

OPSET = 18
# Fed to no export: there is one segment only, and its type is the default.
_NEEDLESS = ("token_type_ids",)


def export(tower: TorchTower, example: Inputs, file: Path) -> None:
    """Writes the tower in fp32; batches and lengths other than the example's are computed as well."""
    names = [name for name in example if name not in _NEEDLESS]
    tensors = tuple(torch.from_numpy(example[name]) for name in names)
    axes = {name: _free_axes(name, example[name].ndim) for name in names}
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # that shapes are constants
        torch.onnx.export(
            _UnitVectors(tower, names),
            tensors,
            str(file),
            input_names=names,
            output_names=["vectors"],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


def quantise(fp32: Path, file: Path, *, seven_bits: bool) -> None:
    """Writes the same with its matrices' weights in int8, a scale a channel; activations are scaled on the fly."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # it recommends steps that bring nothing here
    try:
        quantize_dynamic(
            fp32,
            file,
            op_types_to_quantize=["MatMul", "Gemm"],
            per_channel=True,
            reduce_range=seven_bits,
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )
    finally:
        logger.setLevel(level)


class _UnitVectors(torch.nn.Module):
    def __init__(self, tower: TorchTower, names: Sequence[str]) -> None:
        super().__init__()
        self._model = tower.model
        self._constants = tower.constants
        self._names = names

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        features: dict[str, Any] = {**dict(zip(self._names, tensors, strict=True)), **self._constants}
        return torch.nn.functional.normalize(self._model(features)["sentence_embedding"], dim=1)


def _free_axes(name: str, axes: int) -> dict[int, str]:
    return {0: "batch", 1: "length"} if name in ("input_ids", "attention_mask") and axes == 2 else {0: "batch"}
