"""Random-weight stand-ins for the two models of the preset clip-vit-b-32, in the layout of their hub repositories.

Every file name, JSON key and module type is the hub's, so that loading takes the same path as with the real weights:
configs in the old style, no tokenizer.json and a pickled state_dict for CLIP; WordPiece, pooling and a dense layer for
the multilingual text tower. `python -m tests.clip_replica FOLDER` writes them.
"""

from pathlib import Path
from typing import NamedTuple

import torch

from tests.clip_replica.clip import write_clip
from tests.clip_replica.multilingual import write_multilingual
from tests.clip_replica.size import SIZES

CLIP = "clip-ViT-B-32"
MULTILINGUAL = "clip-ViT-B-32-multilingual-v1"


class Replica(NamedTuple):
    """The folders of the two models."""

    clip: Path
    multilingual: Path


def write_replica(folder: Path, size: str = "tiny", seed: int = 0) -> Replica:
    """Writes both models; `size` is tiny or full (the true sizes: 1.1 GB)."""
    torch.manual_seed(seed)
    replica = Replica(folder / CLIP, folder / MULTILINGUAL)
    write_clip(replica.clip, SIZES[size])
    write_multilingual(replica.multilingual, SIZES[size])
    return replica
