"""How large a replica is."""

from typing import NamedTuple


class Size(NamedTuple):
    """Layers and widths of the towers."""

    clip_layers: int
    vision_width: int
    patch: int
    text_width: int
    projection: int
    bert_layers: int
    bert_width: int
    bert_vocabulary: int | None
    """None: as many rows as the vocabulary that is made here has pieces."""


SIZES = {
    "full": Size(12, 768, 32, 512, 512, 6, 768, 119_547),
    # A projection other than 512, so that nobody can take the number of dimensions for granted.
    "tiny": Size(2, 64, 32, 64, 32, 2, 64, None),
}
