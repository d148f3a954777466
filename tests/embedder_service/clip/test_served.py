"""The loader: the reference first, the process that works the forms out, what was kept afterwards."""

import gc
import weakref
from pathlib import Path

from embedder_service.clip.served import load_served_clip
from embedder_service.clip.towers import TowerEncoder
from embedder_service.encoder import Encoder, LoadedModel
from embedder_service.forms.verdict import FormOptions
from embedder_service.sanity import check_encoder
from embedder_service.sources import ModelSource
from tests.clip_replica import Replica


def load(replica: Replica, cache: Path) -> LoadedModel:
    source = ModelSource("clip", replica.clip, replica.multilingual)
    return load_served_clip(source, "cpu", FormOptions("auto", cache, 1), lambda detail, progress: None)


def improved(model: LoadedModel) -> Encoder:
    assert model.faster is not None
    return model.faster()


def test_the_reference_comes_first_then_a_faster_form_and_that_at_once_the_next_time(
    replica: Replica, tmp_path: Path
) -> None:
    first = load(replica, tmp_path)
    faster = improved(first)
    again = load(replica, tmp_path)

    assert first.encoder.card.precision == "fp32"
    assert "torch" in first.encoder.card.runtime
    assert faster.card.precision == "int8"
    assert again.faster is None
    assert again.encoder.card == faster.card
    assert faster.card.id == first.encoder.card.id
    check_encoder(again.encoder)

    assert isinstance(first.encoder, TowerEncoder)
    reference = weakref.ref(first.encoder.images)
    del first
    gc.collect()
    assert reference() is None  # the faster form holds nothing of it


def test_a_form_that_was_damaged_is_worked_out_anew(replica: Replica, tmp_path: Path) -> None:
    form = improved(load(replica, tmp_path)).card
    (file,) = tmp_path.glob("forms/clip-pictures-int8-*/model.onnx")
    file.write_bytes(file.read_bytes()[:1_000])

    damaged = load(replica, tmp_path)

    assert "torch" in damaged.encoder.card.runtime
    assert improved(damaged).card == form
    assert load(replica, tmp_path).encoder.card == form


def test_a_cache_that_cannot_be_written_leaves_the_reference_and_says_why(replica: Replica, tmp_path: Path) -> None:
    (tmp_path / "forms").write_text("in the way")
    model = load(replica, tmp_path)
    encoder = improved(model)

    assert encoder.card.precision == "fp32"
    assert "torch" in encoder.card.runtime
    assert f"{tmp_path / 'forms'} can't be written" in encoder.card.form_detail
    check_encoder(encoder)
