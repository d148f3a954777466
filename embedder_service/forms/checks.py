"""Compares a side of a model, as some form computes it, with the reference."""

from collections.abc import Iterator, Mapping

import numpy as np

from embedder_service.clip.towers import Side, TextSide, TowerEncoder
from embedder_service.encoder import FormCheck, Modality, Vectors
from embedder_service.forms.fidelity import Search, compare
from embedder_service.forms.fidelity_set import fidelity_pictures, fidelity_texts

_BATCH = 8


def sides(encoder: TowerEncoder) -> Iterator[tuple[Modality, Side]]:
    """The sides that there are, pictures first."""
    if encoder.images is not None:
        yield Modality.IMAGE, encoder.images
    if encoder.texts is not None:
        yield Modality.TEXT, encoder.texts


def fidelity_vectors(side: Side) -> Vectors:
    """The vectors of the set. The side prepares the inputs itself: they, too, are to agree."""
    if isinstance(side, TextSide):
        texts = fidelity_texts()
        batches = [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)]
        return np.concatenate([side.embed(batch).vectors for batch in batches])
    pictures = [side.prepare(picture) for picture in fidelity_pictures()]
    return np.concatenate([side.embed(pictures[start : start + _BATCH]) for start in range(0, len(pictures), _BATCH)])


def compared(
    modality: Modality, side: Side, reference: Mapping[Modality, Vectors], form: Mapping[Modality, Vectors]
) -> FormCheck:
    """Both hold the set's vectors. Texts search the pictures, or each other where the model embeds no pictures."""
    gallery = Modality.IMAGE if Modality.IMAGE in reference else Modality.TEXT
    same = modality is gallery
    found = compare(Search(reference[modality], reference[gallery], same), Search(form[modality], form[gallery], same))
    return FormCheck(
        modality,
        side.tower.precision,
        side.tower.runtime,
        found.mean_cosine,
        found.worst_cosine,
        found.top10_overlap,
        found.sufficient,
    )


def refusal(check: FormCheck) -> str:
    """In a sentence."""
    return (
        f"{check.precision} by {check.runtime} strays too far from fp32 for {check.modality.value} (mean cosine "
        f"{check.mean_cosine:.4f}, worst {check.worst_cosine:.4f}, {check.top10_overlap:.0%} of the top 10 kept)."
    )
