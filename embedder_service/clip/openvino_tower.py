"""Towers in openvino, on CPUs that compute in bf16."""

from pathlib import Path

import numpy as np

from embedder_service.clip.quiet_openvino import openvino
from embedder_service.clip.towers import Inputs
from embedder_service.encoder import Vectors


class OpenvinoTower:
    """An exported fp32 tower, computed in bf16."""

    precision = "bf16"
    one_by_one = False

    def __init__(self, file: Path, threads: int) -> None:
        core = openvino.Core()
        settings = {
            "INFERENCE_PRECISION_HINT": "bf16",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,  # other work shares the cores
        }
        model = core.read_model(file)
        self._request = core.compile_model(model, "CPU", settings).create_infer_request()
        self._names = [each.friendly_name for each in model.get_parameters()]
        self.runtime = f"openvino {openvino.__version__.partition('-')[0]} cpu"

    def embed(self, inputs: Inputs) -> Vectors:
        """One vector for each row of the inputs; those that the export does not use are passed over."""
        outputs = self._request.infer([inputs[name] for name in self._names])
        vectors: Vectors = np.array(outputs[0], np.float32)  # a copy: the request's own memory is written anew
        return vectors
