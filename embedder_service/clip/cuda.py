"""On a GPU: torch in half precision, if that is true to fp32."""

import gc
from typing import cast

import torch

from embedder_service.clip.reference import ClipReference
from embedder_service.clip.torch_tower import TorchTower
from embedder_service.clip.towers import ImageSide, Side, TextSide, TowerEncoder
from embedder_service.encoder import Encoder, FormCheck, Modality, Report
from embedder_service.errors import ModelFailed
from embedder_service.forms.checks import compared, fidelity_vectors, refusal, sides
from embedder_service.forms.form import Precision
from embedder_service.forms.verdict import FormOptions
from embedder_service.sources import ModelSource


def has_cuda() -> bool:
    """Whether torch can use a GPU."""
    return torch.cuda.is_available()


def load_on_cuda(source: ModelSource, options: FormOptions, report: Report) -> Encoder:
    """Raises ModelFailed."""
    if not has_cuda():
        raise ModelFailed(
            "EMBEDDER_DEVICE is cuda, but torch finds no GPU. Check the driver and torch's build, or unset it."
        )
    encoder = in_half_precision(
        ClipReference(source, options.threads, report, "cuda"), halves_to_try(options.precision)
    )
    gc.collect()
    torch.cuda.empty_cache()  # what the reference took is for others on the same GPU
    return encoder


def halves_to_try(precision: Precision) -> list[str]:
    """int8 has no form on a GPU; the next best is taken."""
    return {"fp32": [], "bf16": ["bf16"]}.get(precision, ["fp16", "bf16"])


def in_half_precision(original: ClipReference, halves: list[str]) -> TowerEncoder:
    """The reference with those towers in half precision whose vectors stay true; works on any device of torch.

    What is returned holds nothing of a reference of which no tower is taken.
    """
    reference, copies = original.encoder, _Halves(original)
    checks: list[FormCheck] = []
    details: list[str] = []
    taken: dict[Modality, Side] = {}
    true = {modality: fidelity_vectors(side) for modality, side in sides(reference)}
    found = dict(true)
    for modality, side in sides(reference):
        taken[modality] = side
        for precision in halves:
            half = copies.side(side, precision)
            vectors = fidelity_vectors(half)
            check = compared(modality, half, true, {**found, modality: vectors})
            checks.append(check)
            if check.accepted:
                taken[modality], found[modality] = half, vectors
                break
            details.append(refusal(check))
    images, texts = taken.get(Modality.IMAGE), taken.get(Modality.TEXT)
    encoder = TowerEncoder(
        reference.card,
        images if isinstance(images, ImageSide) else None,
        texts if isinstance(texts, TextSide) else None,
    )
    return encoder.judged(checks, " ".join(details))


class _Halves:
    """Copies of a reference's models, each made once though both sides may be of the same."""

    def __init__(self, original: ClipReference) -> None:
        self._original = original
        self._made: dict[tuple[int, str], TorchTower] = {}

    def side(self, side: Side, precision: str) -> Side:
        tower = cast("TorchTower", side.tower)
        name = (id(tower.model), precision)
        if name not in self._made:
            self._made[name] = tower.in_half(precision)
        half = TorchTower(self._made[name].model, tower.constants)
        if isinstance(side, ImageSide):
            return ImageSide(self._original.image_inputs(), half)
        return TextSide(self._original.text_inputs() if self._original.has_text_inputs else side.prepare, half)
