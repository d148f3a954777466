"""Towers in onnxruntime, on the CPU."""

from pathlib import Path

import onnxruntime

from embedder_service.clip.towers import Inputs
from embedder_service.encoder import Vectors


class OnnxTower:
    """An exported tower, in fp32 or with its matrices in int8.

    Dynamic int8 scales its activations by the extremes of all that is computed together: a batch would make a vector
    depend on its neighbours, about as much as int8 itself moves it. It gains little, so inputs are computed one by one.
    """

    def __init__(self, file: Path, precision: str, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Threads that spin while they wait take the cores from decoding, and with more threads than free cores from
        # each other: half of the throughput at two threads on one core.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self._names = [each.name for each in self._session.get_inputs()]
        self.precision = precision
        self.runtime = f"onnxruntime {onnxruntime.__version__} cpu"
        self.one_by_one = precision == "int8"

    def embed(self, inputs: Inputs) -> Vectors:
        """One vector for each row of the inputs; those that the export does not use are passed over."""
        vectors: Vectors = self._session.run(None, {name: inputs[name] for name in self._names})[0]
        return vectors
