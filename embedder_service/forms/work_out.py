"""Works out which form of a model serves: exports, quantises, compares with the reference, keeps what is accepted.

This takes some GB of memory for some ten seconds, so it is done in a process of its own (process.py).
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from embedder_service.clip.reference import ClipReference
from embedder_service.encoder import FormCheck, Modality
from embedder_service.forms.cache import FormCache, unwritable
from embedder_service.forms.checks import refusal, sides
from embedder_service.forms.form import REFERENCE, Cpu, Form, FormsFailed, forms_to_try, this_cpu
from embedder_service.forms.kept import read_verdict
from embedder_service.forms.verdict import FormOptions, KeptNames, Verdict
from embedder_service.forms.workshop import Workshop
from embedder_service.sources import ModelSource

_log = structlog.stdlib.get_logger("forms")

# Of the weights' size: the export, and the same in int8.
_SPACE = 1.5
_MOST_ATTEMPTS = 2
# More memory, or a version that needs less, may have come since.
_ATTEMPTS_COUNT_SECONDS = 7 * 24 * 3600


def work_out(source: ModelSource, options: FormOptions) -> None:
    """Keeps a verdict and what it names, unless they are kept already. Raises FormsFailed."""
    cache, cpu = options.cache(), this_cpu()
    names = KeptNames(source, options.precision, cpu)
    try:
        with cache.locked():
            if read_verdict(cache, names) is not None:
                return
            _require_space(source, options.folder)
            with _attempt(FormCache(options.folder), names.attempts()), cache.workspace() as folder:
                reference = ClipReference(source, options.threads, lambda detail, progress: None)
                workshop = Workshop(reference, cache, names, folder, threads=options.threads)
                verdict = _judge(workshop, reference, options, cpu)
                workshop.keep(verdict.forms)
                cache.keep_text(verdict.to_json(), names.verdict())
            cache.forget(names.prefix, names.of_any_cpu())
    except OSError as error:
        raise FormsFailed(unwritable(options.folder, error)) from error


def _judge(workshop: Workshop, reference: ClipReference, options: FormOptions, cpu: Cpu) -> Verdict:
    checks: list[FormCheck] = []
    details: list[str] = []
    chosen: dict[Modality, Form] = {}
    if options.precision == "bf16" and not cpu.has_bf16:
        details.append("This CPU does not compute in bf16.")
    for modality, _ in sides(reference.encoder):
        chosen[modality] = REFERENCE
        for form in forms_to_try(options.precision, cpu):
            try:
                check = workshop.check(modality, workshop.open(modality, form))
            except (OSError, MemoryError):
                raise
            except Exception as error:  # what the libraries raise for a model that they can't export or compute
                reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"
                _log.warning("a form could not be made", form=str(form), kind=modality.value, reason=reason)
                details.append(f"{form} can't be made for {modality.value} ({reason}).")
                continue
            checks.append(check)
            _log.info("a form was compared with the reference", **_figures(check))
            if check.accepted:
                chosen[modality] = form
                break
            details.append(refusal(check))
    if details:
        taken = ", ".join(f"{form} for {modality.value}" for modality, form in chosen.items())
        details.append(f"What serves: {taken}.")
    card = reference.encoder.card
    return Verdict(chosen, tuple(checks), " ".join(details), card.dimensions, card.useful_image_edge)


def _figures(check: FormCheck) -> dict[str, object]:
    return {
        "kind": check.modality.value,
        "precision": check.precision,
        "runtime": check.runtime,
        "mean_cosine": round(check.mean_cosine, 5),
        "worst_cosine": round(check.worst_cosine, 5),
        "top10_overlap": round(check.top10_overlap, 4),
        "accepted": check.accepted,
    }


def _require_space(source: ModelSource, folder: Path) -> None:
    weights = sum(
        path.stat().st_size
        for each in {source.image_folder, source.text_folder}
        for path in each.rglob("*")
        if path.suffix in (".safetensors", ".bin")
    )
    needed, free = _SPACE * weights, shutil.disk_usage(folder).free
    if free < needed:
        raise FormsFailed(f"{folder} needs {needed / 1e9:.1f} GB of free space, and there are {free / 1e9:.1f} GB.")


@contextmanager
def _attempt(cache: FormCache, name: str) -> Iterator[None]:
    """Counts attempts that end without a word, as by a kill, so that restarts don't repeat them for ever."""
    now = time.time()
    times = [float(line) for line in (cache.text(name) or "").split()]
    times = [when for when in times if now - when < _ATTEMPTS_COUNT_SECONDS]
    if len(times) >= _MOST_ATTEMPTS:
        raise FormsFailed(
            f"It was broken off {len(times)} times, perhaps for want of memory or time, and is tried again after a "
            f"week. To have it tried now, remove {name} from the forms' folder."
        )
    cache.keep_text("".join(f"{when:.0f}\n" for when in [*times, now]), name)
    try:
        yield
    finally:
        cache.remove(name)
