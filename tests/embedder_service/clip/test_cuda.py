"""The path of a GPU, as far as a machine without one can go: torch computes in half precision on a CPU, too."""

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

from embedder_service.clip.cuda import halves_to_try, has_cuda, in_half_precision, load_on_cuda
from embedder_service.clip.reference import ClipReference
from embedder_service.clip.torch_tower import TorchTower
from embedder_service.encoder import Modality
from embedder_service.errors import ModelFailed
from embedder_service.forms.checks import sides
from embedder_service.forms.form import Precision
from embedder_service.forms.verdict import FormOptions
from embedder_service.sanity import check_encoder, known_pictures
from embedder_service.sources import ModelSource
from tests.clip_replica import Replica
from tests.embedder_service.forms.outliers import with_outliers


def load(images: Path, texts: Path) -> ClipReference:
    return ClipReference(ModelSource("clip", images, texts), 1, lambda detail, progress: None)


def test_half_precision_serves_where_it_is_true(replica: Replica) -> None:
    original = load(replica.clip, replica.multilingual)
    encoder, reference = in_half_precision(original, ["bf16"]), original.encoder
    prepared = [reference.prepare_image(picture) for picture in known_pictures()]
    vectors, true = encoder.embed_images(prepared), reference.embed_images(prepared)

    check_encoder(encoder)
    assert encoder.card.precision == "bf16"
    assert [(check.modality, check.accepted) for check in encoder.card.form_checks] == [
        (Modality.IMAGE, True),
        (Modality.TEXT, True),
    ]
    assert reference.card.precision == "fp32"
    assert vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-5
    assert not np.array_equal(vectors, true)
    assert (vectors * true).sum(axis=1).min() > 0.995

    weights = [weakref.ref(side.tower.model) for _, side in sides(reference) if isinstance(side.tower, TorchTower)]
    del original, reference
    gc.collect()
    assert [held() for held in weights] == [None, None]
    check_encoder(encoder)


def test_towers_of_one_model_are_copied_once(replica: Replica) -> None:
    encoder = in_half_precision(load(replica.clip, replica.clip), ["bf16"])
    models = [side.tower.model for _, side in sides(encoder) if isinstance(side.tower, TorchTower)]

    assert encoder.card.precision == "bf16"
    assert models[0] is models[1]


def test_what_overflows_in_fp16_is_taken_in_the_next_form(replica: Replica, tmp_path: Path) -> None:
    clip = with_outliers(replica.clip, tmp_path / "clip", factor=1e7)
    encoder = in_half_precision(load(clip, replica.multilingual), ["fp16", "bf16"])
    refused, taken, _ = encoder.card.form_checks

    assert (refused.precision, refused.accepted) == ("fp16", False)
    assert (taken.precision, taken.accepted) == ("bf16", True)
    assert encoder.card.precision == "bf16 for pictures, fp16 for texts"
    assert "fp16" in encoder.card.form_detail


@pytest.mark.parametrize(
    ("precision", "halves"),
    [("auto", ["fp16", "bf16"]), ("int8", ["fp16", "bf16"]), ("bf16", ["bf16"]), ("fp32", [])],
)
def test_what_is_tried_follows_the_setting(precision: Precision, halves: list[str]) -> None:
    assert halves_to_try(precision) == halves


def test_a_gpu_that_was_asked_for_serves_or_its_absence_is_told(replica: Replica, tmp_path: Path) -> None:
    source, options = ModelSource("clip", replica.clip, replica.multilingual), FormOptions("auto", tmp_path, 1)
    assert has_cuda() == torch.cuda.is_available()
    if has_cuda():
        assert load_on_cuda(source, options, lambda detail, progress: None).card.runtime.endswith("cuda")
    else:
        with pytest.raises(ModelFailed, match="EMBEDDER_DEVICE"):
            load_on_cuda(source, options, lambda detail, progress: None)
