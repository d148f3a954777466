"""The loader: the reference first, the process that works the forms out, what was kept afterwards."""

import gc
import shutil
import weakref
from pathlib import Path

import pytest

from embedder_service.clip.served import load_served_clip
from embedder_service.clip.towers import TowerEncoder
from embedder_service.encoder import LoadedModel, NoFasterForm
from embedder_service.forms.verdict import FormOptions
from embedder_service.forms.work_out import work_out
from embedder_service.sanity import check_encoder
from embedder_service.sources import ModelSource
from tests.clip_replica import Replica
from tests.embedder_service.conftest import Fetched


def pair(replica: Replica) -> ModelSource:
    return ModelSource(replica.clip.name, replica.clip, replica.multilingual)


def load(replica: Replica, cache: Path) -> LoadedModel:
    return load_served_clip(pair(replica), "cpu", FormOptions("auto", cache, 1), lambda detail, progress: None)


def test_the_reference_comes_first_then_a_faster_form_and_that_at_once_the_next_time(
    replica: Replica, fetched: Fetched, tmp_path: Path
) -> None:
    first = load(replica, tmp_path)
    # While the process starts, another one that shares the folder has ended with the same.
    shutil.copytree(fetched.cache, tmp_path, dirs_exist_ok=True)
    assert first.faster is not None
    faster = first.faster()
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


def test_a_form_that_was_damaged_is_worked_out_anew(replica: Replica, fetched: Fetched, tmp_path: Path) -> None:
    shutil.copytree(fetched.cache, tmp_path, dirs_exist_ok=True)
    form = load(replica, fetched.cache).encoder.card
    (file,) = tmp_path.glob("forms/*-pictures-int8-*/model.onnx")
    file.write_bytes(file.read_bytes()[:1_000])

    damaged = load(replica, tmp_path)

    assert "torch" in damaged.encoder.card.runtime
    assert damaged.faster is not None
    work_out(pair(replica), FormOptions("auto", tmp_path, 1))
    assert load(replica, tmp_path).encoder.card == form


def test_a_cache_that_cannot_be_written_leaves_the_reference_and_says_why(replica: Replica, tmp_path: Path) -> None:
    (tmp_path / "forms").write_text("in the way")
    model = load(replica, tmp_path)

    assert model.encoder.card.precision == "fp32"
    assert "torch" in model.encoder.card.runtime
    check_encoder(model.encoder)
    assert model.faster is not None
    with pytest.raises(NoFasterForm, match=f"{tmp_path / 'forms'} can't be written"):
        model.faster()
