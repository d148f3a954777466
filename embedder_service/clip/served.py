"""The loader of CLIP and its like: takes the fastest form that is true to the reference."""

from collections.abc import Callable
from pathlib import Path

import structlog

from embedder_service.clip.towers import TowerEncoder
from embedder_service.encoder import Encoder, LoadedModel, NoFasterForm, Report
from embedder_service.forms.form import Device, FormsFailed
from embedder_service.forms.kept import discard_kept, open_kept
from embedder_service.forms.process import work_out_in_process
from embedder_service.forms.verdict import FormOptions
from embedder_service.sanity import check_encoder
from embedder_service.sources import ModelSource

_log = structlog.stdlib.get_logger("forms")


def load_served_clip(source: ModelSource, device: Device, options: FormOptions, report: Report) -> LoadedModel:
    """What was worked out before, or the reference and how to work out more. Raises ModelFailed."""

    def reference() -> TowerEncoder:
        from embedder_service.clip.reference import load_clip  # noqa: PLC0415 takes seconds, in vain once forms are kept

        return load_clip(source, options.threads, report)

    if device == "cuda" or (device == "auto" and _may_have_gpu()):
        from embedder_service.clip.cuda import has_cuda, load_on_cuda  # noqa: PLC0415

        if device == "cuda" or has_cuda():
            return LoadedModel(load_on_cuda(source, options, report))
    report(f"Loading {source.name}.", 0.0)
    if (kept := _opened(source, options, reference)) is not None:
        return LoadedModel(kept)
    encoder = reference()
    return LoadedModel(encoder, faster=lambda: _faster(source, options, encoder))


def _opened(source: ModelSource, options: FormOptions, reference: Callable[[], TowerEncoder]) -> TowerEncoder | None:
    """What was kept; None, and nothing is left of it, if it is damaged."""
    try:
        if (kept := open_kept(source, options, reference)) is not None:
            check_encoder(kept)
        return kept
    except Exception as error:  # whatever a damaged file leads the libraries to
        _log.warning("the forms that were kept can't be used; they are worked out anew", exc_info=error)
        discard_kept(source, options)
        return None


def _faster(source: ModelSource, options: FormOptions, reference: TowerEncoder) -> Encoder:
    try:
        work_out_in_process(source, options)
    except FormsFailed as error:
        raise NoFasterForm(str(error)) from error
    if (forms := open_kept(source, options, lambda: reference)) is not None:
        return forms
    raise NoFasterForm("What was worked out is gone again.")


def _may_have_gpu() -> bool:
    """Asked before torch is, whose import takes seconds."""
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/dxg").exists()
