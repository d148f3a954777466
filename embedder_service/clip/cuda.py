"""On a GPU: torch in half precision, if that is true to fp32."""

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
    reference = ClipReference(source, options.threads, report, "cuda").encoder
    return in_half_precision(reference, halves_to_try(options.precision))


def _in_half(side: Side, precision: str) -> Side:
    tower = cast("TorchTower", side.tower).in_half(precision)
    if isinstance(side, ImageSide):
        return ImageSide(side.prepare, tower)
    return TextSide(side.prepare, tower)


def halves_to_try(precision: Precision) -> list[str]:
    """int8 has no form on a GPU; the next best is taken."""
    return {"fp32": [], "bf16": ["bf16"]}.get(precision, ["fp16", "bf16"])


def in_half_precision(reference: TowerEncoder, halves: list[str]) -> TowerEncoder:
    """The reference with those towers in half precision whose vectors stay true; works on any device of torch."""
    checks: list[FormCheck] = []
    details: list[str] = []
    taken: dict[Modality, Side] = {}
    true = {modality: fidelity_vectors(side) for modality, side in sides(reference)}
    found = dict(true)
    for modality, side in sides(reference):
        taken[modality] = side
        for precision in halves:
            half = _in_half(side, precision)
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
