"""Opens the forms that were worked out and kept: quickly, without the reference unless it is one of them."""

from collections.abc import Callable
from pathlib import Path

from embedder_service.clip.image_inputs import ImageInputs, prepare_in_one_thread
from embedder_service.clip.onnx_tower import OnnxTower
from embedder_service.clip.openvino_tower import OpenvinoTower
from embedder_service.clip.text_inputs import TextInputs
from embedder_service.clip.towers import ImageSide, Side, TextSide, TowerEncoder
from embedder_service.encoder import Modality
from embedder_service.forms.cache import FormCache
from embedder_service.forms.form import BF16, REFERENCE, Form, this_cpu
from embedder_service.forms.verdict import FormOptions, KeptNames, Verdict
from embedder_service.sources import ModelSource

MODEL_FILE = "model.onnx"


def open_side(modality: Modality, form: Form, tower_folder: Path, inputs_folder: Path, threads: int) -> Side:
    """One side of a model, from an exported tower and what makes its inputs."""
    file = tower_folder / MODEL_FILE
    tower = OpenvinoTower(file, threads) if form == BF16 else OnnxTower(file, form.precision, threads)
    if modality is Modality.IMAGE:
        return ImageSide(ImageInputs.load(inputs_folder), tower)
    return TextSide(TextInputs.load(inputs_folder), tower)


def read_verdict(cache: FormCache, names: KeptNames) -> Verdict | None:
    """None if there is none, or what it relies on is gone."""
    try:
        text = cache.text(names.verdict())
        if text is None:
            return None
        verdict = Verdict.from_json(text)
    except (ValueError, KeyError, TypeError):
        return None
    towers = [names.tower(modality, form) for modality, form in verdict.forms.items() if form != REFERENCE]
    kept = [cache.folder(name) for name in ([names.inputs(), *towers] if towers else [])]
    return None if None in kept else verdict


def discard_kept(source: ModelSource, options: FormOptions) -> None:
    """Removes the verdict and what it relies on, as far as it can be written, so that all is worked out anew."""
    cache, names = options.cache(), KeptNames(source, options.precision, this_cpu())
    verdict = read_verdict(cache, names)
    towers = [names.tower(modality, form) for modality, form in verdict.forms.items()] if verdict else []
    for name in (names.verdict(), names.inputs(), *towers):
        cache.remove(name)


def open_kept(source: ModelSource, options: FormOptions, reference: Callable[[], TowerEncoder]) -> TowerEncoder | None:
    """The forms that the verdict names; None if nothing is kept. `reference` is called if a tower has no other form."""
    cache, names = options.cache(), KeptNames(source, options.precision, this_cpu())
    verdict = read_verdict(cache, names)
    if verdict is None:
        return None
    unchanged = reference() if REFERENCE in verdict.forms.values() else None
    if unchanged is None:
        prepare_in_one_thread()
    opened: dict[Modality, Side | None] = {Modality.IMAGE: None, Modality.TEXT: None}
    for modality, form in verdict.forms.items():
        if unchanged is not None and form == REFERENCE:
            opened[modality] = unchanged.images if modality is Modality.IMAGE else unchanged.texts
            continue
        tower, inputs = cache.folder(names.tower(modality, form)), cache.folder(names.inputs())
        if tower is None or inputs is None:
            return None
        opened[modality] = open_side(modality, form, tower, inputs, options.threads)
    images, texts = opened[Modality.IMAGE], opened[Modality.TEXT]
    return TowerEncoder(
        verdict.card(source),
        images if isinstance(images, ImageSide) else None,
        texts if isinstance(texts, TextSide) else None,
    )
