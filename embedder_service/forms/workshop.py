"""Makes the forms of a model from its reference and compares them with it."""

import shutil
from pathlib import Path
from typing import cast

import numpy as np

from embedder_service.clip.reference import ClipReference
from embedder_service.clip.torch_tower import TorchTower
from embedder_service.clip.towers import ImageSide, Inputs, Side
from embedder_service.encoder import FormCheck, Modality, Vectors
from embedder_service.forms.cache import FormCache
from embedder_service.forms.checks import compared, fidelity_vectors, sides
from embedder_service.forms.export import export, quantise
from embedder_service.forms.fidelity_set import fidelity_pictures, fidelity_texts
from embedder_service.forms.form import FP32, INT8, REFERENCE, Form
from embedder_service.forms.kept import MODEL_FILE, open_side
from embedder_service.forms.verdict import KeptNames


class Workshop:
    """What was made before is taken from the cache; what is made lies in `folder` until it is kept."""

    def __init__(
        self, reference: ClipReference, cache: FormCache, names: KeptNames, folder: Path, *, threads: int
    ) -> None:
        self._reference = reference
        self._cache = cache
        self._names = names
        self._folder = folder
        self._threads = threads
        self._inputs = self._made_inputs()
        self._true = {modality: fidelity_vectors(side) for modality, side in sides(reference.encoder)}
        self._accepted: dict[Modality, Vectors] = {}

    def open(self, modality: Modality, form: Form) -> Side:
        """A form, made if need be. Raises whatever the libraries do."""
        if form == REFERENCE:
            return dict(sides(self._reference.encoder))[modality]
        return open_side(modality, form, self._made_tower(modality, form), self._inputs, self._threads)

    def check(self, modality: Modality, side: Side) -> FormCheck:
        """Compares with the reference. Texts search the pictures as the first form that was accepted embeds those."""
        vectors = fidelity_vectors(side)
        check = compared(modality, side, self._true, {**self._true, **self._accepted, modality: vectors})
        if check.accepted:
            self._accepted.setdefault(modality, vectors)
        return check

    def keep(self, forms: dict[Modality, Form]) -> None:
        """Keeps what these forms need. Raises OSError."""
        towers = [self._names.tower(modality, form) for modality, form in forms.items() if form != REFERENCE]
        for name in [self._names.inputs(), *towers] if towers else []:
            if (self._folder / name).exists():
                self._cache.keep(self._folder / name, name)

    def _made_inputs(self) -> Path:
        name = self._names.inputs()
        if kept := self._cache.folder(name):
            return kept
        folder = self._folder / name
        folder.mkdir()
        if self._reference.encoder.images:
            self._reference.image_inputs().save(folder)
        if self._reference.encoder.texts:
            self._reference.text_inputs().save(folder)
        return folder

    def _made_tower(self, modality: Modality, form: Form) -> Path:
        name = self._names.tower(modality, form)
        if kept := self._cache.folder(name):
            return kept
        folder = self._folder / name
        if (folder / MODEL_FILE).exists():
            return folder
        if form == INT8:
            fp32 = self._in_own_folder(self._made_tower(modality, FP32))
            folder.mkdir(exist_ok=True)
            quantise(fp32 / MODEL_FILE, folder / MODEL_FILE, seven_bits=self._names.cpu.saturates)
        else:
            folder.mkdir(exist_ok=True)
            side = dict(sides(self._reference.encoder))[modality]
            export(cast("TorchTower", side.tower), _example(side), folder / MODEL_FILE)
        return folder

    def _in_own_folder(self, tower: Path) -> Path:
        """The quantiser writes beside what it reads: never in what is kept, which may be read-only."""
        if tower.parent == self._folder:
            return tower
        copy = self._folder / f"copy-of-{tower.name}"
        copy.mkdir()
        for file in tower.iterdir():
            shutil.copyfile(file, copy / file.name)
        return copy


def _example(side: Side) -> Inputs:
    if isinstance(side, ImageSide):
        first, second = (side.prepare(picture) for picture in fidelity_pictures()[:2])
        return {name: np.concatenate([first[name], second[name]]) for name in first}
    return side.prepare(fidelity_texts()[:2]).inputs
