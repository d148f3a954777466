"""A model that dynamic int8 ruins: as some trained ones have, a few channels of its activations are enormous.

What a layer norm scales up, the matrices behind it scale down, so in floating point nothing changes. In int8 one scale
serves all channels, and beside the enormous ones the others are rounded to nothing.
"""

import shutil
from pathlib import Path

import torch

CHANNELS = (3, 11, 29)
_READERS = {
    "layer_norm1": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "layer_norm2": ("mlp.fc1",),
}


def with_outliers(clip: Path, folder: Path, factor: float = 3000.0) -> Path:
    """A copy of CLIP's replica with outliers in its picture tower."""
    shutil.copytree(clip, folder)
    file = next(folder.rglob("pytorch_model.bin"))
    weights = torch.load(file, weights_only=True)
    for name in list(weights):
        layer, _, last = name.rpartition(".")
        layer, _, norm = layer.rpartition(".")
        if not name.startswith("vision_model.encoder") or norm not in _READERS:
            continue
        for channel in CHANNELS:
            weights[name][channel] *= factor
        if last == "weight":
            for reader in _READERS[norm]:
                for channel in CHANNELS:
                    weights[f"{layer}.{reader}.weight"][:, channel] /= factor
    torch.save(weights, file)
    return folder
