"""`python -m embedder_service check`: how fast and how true each form of a model is on this machine."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from embedder_service.clip.reference import ClipReference
from embedder_service.clip.towers import Side, TextSide
from embedder_service.encoder import Encoder, FormCheck, Modality
from embedder_service.forms.checks import sides
from embedder_service.forms.fidelity import MIN_MEAN_COSINE, MIN_OVERLAP, MIN_WORST_COSINE
from embedder_service.forms.fidelity_set import fidelity_pictures, fidelity_texts
from embedder_service.forms.form import REFERENCE, forms_to_try, this_cpu
from embedder_service.forms.verdict import FormOptions, KeptNames
from embedder_service.forms.workshop import Workshop
from embedder_service.sources import ModelSource

_HEADING = ("", "precision", "runtime", "1 at once", "8 at once", "mean cos", "worst cos", "top 10", "")


def check_forms(source: ModelSource, options: FormOptions, seconds: float = 2.0) -> Iterator[str]:
    """The table's lines, as they are found; each speed is measured for `seconds`. What is made for it is not kept.

    Raises ModelFailed or OSError.
    """
    cpu, cache = this_cpu(), options.cache()
    reference = ClipReference(source, options.threads, lambda detail, progress: None)
    names = KeptNames(source, options.precision, cpu)
    yield f"{source.id()}, {options.threads} threads, items/s; limits: {_limits()}"
    yield _line(_HEADING)
    with cache.workspace() as folder:
        workshop = Workshop(reference, cache, names, folder, threads=options.threads)
        for modality, original in sides(reference.encoder):
            taken = False
            yield _line(_row(original, seconds, modality, None, "reference"))
            wanted = forms_to_try(options.precision, cpu)
            for form in [*wanted, *(form for form in forms_to_try("auto", cpu) if form not in wanted)]:
                try:
                    side = workshop.open(modality, form)
                    check = workshop.check(modality, side)
                except OSError:
                    raise
                except Exception as error:
                    yield _line((modality.value, form.precision, form.runtime, *("",) * 5, f"fails: {_first(error)}"))
                    continue
                takes = check.accepted and not taken and form in wanted
                taken |= takes
                word = "refused" if not check.accepted else f"taken by {options.precision}" if takes else "accepted"
                yield _line(_row(side, seconds, modality, check, word))
            if not taken:
                yield f"{options.precision} takes {REFERENCE} for {modality.value}"


def check_only_form(encoder: Encoder, seconds: float = 2.0) -> Iterator[str]:
    """The same for a model that has one form."""
    card = encoder.card
    yield f"{card.id} has one form: {card.precision} by {card.runtime}; items/s:"
    if Modality.IMAGE in card.modalities:
        images = [encoder.prepare_image(picture) for picture in fidelity_pictures()]
        yield _line(
            (Modality.IMAGE.value, "", "", *(_speed(encoder.embed_images, images, most, seconds) for most in (1, 8)))
        )
    if Modality.TEXT in card.modalities:
        texts = fidelity_texts()
        yield _line(
            (Modality.TEXT.value, "", "", *(_speed(encoder.embed_texts, texts, most, seconds) for most in (1, 8)))
        )


def _row(side: Side, seconds: float, modality: Modality, check: FormCheck | None, word: str) -> tuple[str, ...]:
    if isinstance(side, TextSide):
        speeds = [_speed(side.embed, fidelity_texts(), most, seconds) for most in (1, 8)]
    else:
        images = [side.prepare(picture) for picture in fidelity_pictures()]
        speeds = [_speed(side.embed, images, most, seconds) for most in (1, 8)]
    figures = (
        (f"{check.mean_cosine:.5f}", f"{check.worst_cosine:.5f}", f"{check.top10_overlap:.3f}") if check else ("",) * 3
    )
    return (modality.value, side.tower.precision, side.tower.runtime, *speeds, *figures, word)


def _speed(embed: Callable[[Any], object], items: Sequence[Any], most: int, seconds: float) -> str:
    batches = [items[start : start + most] for start in range(0, len(items), most)]
    embed(batches[0])
    started, count = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - started) < seconds:
        batch = batches[count // most % len(batches)]
        embed(batch)
        count += len(batch)
    return f"{count / elapsed:.1f}"


def _limits() -> str:
    return f"mean {MIN_MEAN_COSINE}, worst {MIN_WORST_COSINE}, top 10 {MIN_OVERLAP}"


def _first(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:100]}"


def _line(cells: Sequence[str]) -> str:
    widths = (9, 9, 24, 10, 10, 9, 9, 7, 0)
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)).rstrip()
