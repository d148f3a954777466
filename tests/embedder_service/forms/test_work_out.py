"""Exports, quantises, compares and keeps, in this process."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedder_service.clip.reference import load_clip
from embedder_service.clip.towers import TowerEncoder
from embedder_service.encoder import Modality
from embedder_service.forms.fidelity_set import fidelity_texts
from embedder_service.forms.form import FP32, INT8, REFERENCE, Cpu, FormsFailed, this_cpu
from embedder_service.forms.kept import open_kept
from embedder_service.forms.verdict import FormOptions, KeptNames, Verdict
from embedder_service.forms.work_out import work_out
from embedder_service.sanity import check_encoder, known_pictures
from embedder_service.sources import ModelSource
from tests.clip_replica import Replica
from tests.embedder_service.clip.tiny_others import write_metaclip2, write_naflex
from tests.embedder_service.clip.tiny_siglip import write_siglip
from tests.embedder_service.conftest import Fetched
from tests.embedder_service.forms.outliers import with_outliers


def no_reference() -> TowerEncoder:
    raise AssertionError("the forms are to be opened without the reference")


@pytest.fixture(scope="module")
def source(replica: Replica) -> ModelSource:
    return ModelSource(replica.clip.name, replica.clip, replica.multilingual)


@pytest.fixture(scope="module")
def options(fetched: Fetched) -> FormOptions:
    return FormOptions("auto", fetched.cache, 1)


@pytest.fixture(scope="module")
def opened(source: ModelSource, options: FormOptions) -> TowerEncoder:
    """The pair, worked out and opened."""
    encoder = open_kept(source, options, no_reference)
    assert encoder is not None
    return encoder


@pytest.fixture(scope="module")
def reference(source: ModelSource) -> TowerEncoder:
    return load_clip(source, 1, lambda detail, progress: None)


def changes(folder: Path) -> dict[Path, int]:
    """When each file and folder was changed last: a folder, too, by what was in it for a while."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def pictures() -> list[Image.Image]:
    return [*known_pictures(), Image.new("RGB", (300, 20), "teal"), Image.effect_noise((64, 200), 90).convert("RGB")]


def test_auto_serves_int8_that_is_true_to_the_reference(opened: TowerEncoder, reference: TowerEncoder) -> None:
    check_encoder(opened)
    prepared = [opened.prepare_image(picture) for picture in pictures()]
    texts = fidelity_texts()

    assert opened.card.precision == "int8"
    assert "onnxruntime" in opened.card.runtime
    assert opened.card.form_detail == ""
    assert [(check.modality, check.accepted) for check in opened.card.form_checks] == [
        (Modality.IMAGE, True),
        (Modality.TEXT, True),
    ]
    assert (opened.embed_images(prepared) * reference.embed_images(prepared)).sum(axis=1).min() > 0.99
    vectors = opened.embed_texts(texts)
    assert (vectors.vectors * reference.embed_texts(texts).vectors).sum(axis=1).min() > 0.99
    assert list(vectors.truncated) == list(reference.embed_texts(texts).truncated)


def test_a_form_is_the_same_model(opened: TowerEncoder, reference: TowerEncoder) -> None:
    assert replace(opened.card, precision="", runtime="", form_checks=()) == replace(
        reference.card, precision="", runtime=""
    )


def test_what_one_form_prepared_the_other_embeds(opened: TowerEncoder, reference: TowerEncoder) -> None:
    for picture in pictures():
        ours, theirs = opened.prepare_image(picture), reference.prepare_image(picture)
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_a_vector_in_int8_does_not_depend_on_its_neighbours(opened: TowerEncoder) -> None:
    prepared = [opened.prepare_image(picture) for picture in pictures()]
    texts = ["a dog", "a " * 60, "海边的狗"]

    assert np.array_equal(
        opened.embed_images(prepared), np.concatenate([opened.embed_images([image]) for image in prepared])
    )
    assert np.array_equal(
        opened.embed_texts(texts).vectors, np.concatenate([opened.embed_texts([text]).vectors for text in texts])
    )


def test_it_is_worked_out_once(source: ModelSource, options: FormOptions, opened: TowerEncoder) -> None:
    before = {path: path.stat().st_ino for path in options.folder.rglob("*")}
    work_out(source, options)

    assert {path: path.stat().st_ino for path in options.folder.rglob("*")} == before


def test_nothing_unfinished_and_no_needless_export_stays(options: FormOptions, opened: TowerEncoder) -> None:
    names = {path.name.rpartition("-")[0] for path in options.folder.iterdir() if path.is_dir()}

    assert names == {"clip-vit-b-32-inputs", "clip-vit-b-32-pictures-int8", "clip-vit-b-32-texts-int8"}


def test_other_weights_find_nothing_of_this(options: FormOptions, opened: TowerEncoder, replica: Replica) -> None:
    assert open_kept(ModelSource(replica.clip.name, replica.clip, replica.clip), options, no_reference) is None


def test_a_form_that_vanished_is_worked_out_anew(source: ModelSource, tmp_path: Path) -> None:
    options = FormOptions("fp32", tmp_path, 1)
    work_out(source, options)
    gone = next(options.folder.glob("*-texts-*"))
    gone.rename(tmp_path / "gone")

    assert open_kept(source, options, no_reference) is None
    work_out(source, options)
    encoder = open_kept(source, options, no_reference)
    assert encoder is not None
    assert encoder.card.precision == "fp32"
    assert "onnxruntime" in encoder.card.runtime


def test_a_model_that_int8_ruins_is_served_in_another_form_and_says_so(replica: Replica, tmp_path: Path) -> None:
    source = ModelSource("ruined", with_outliers(replica.clip, tmp_path / "ruined"), replica.multilingual)
    options = FormOptions("int8", tmp_path / "cache", 1)
    work_out(source, options)
    encoder = open_kept(source, options, no_reference)
    assert encoder is not None
    refused, taken, text = encoder.card.form_checks
    truth = load_clip(source, 1, lambda detail, progress: None)
    prepared = [encoder.prepare_image(picture) for picture in pictures()]

    assert (refused.modality, refused.precision, refused.accepted) == (Modality.IMAGE, "int8", False)
    assert refused.mean_cosine < 0.9
    assert (taken.modality, taken.precision, taken.accepted) == (
        Modality.IMAGE,
        "bf16" if this_cpu().has_bf16 else "fp32",
        True,
    )
    assert (text.modality, text.precision, text.accepted) == (Modality.TEXT, "int8", True)
    assert f"{taken.precision} for pictures, int8 for texts" == encoder.card.precision
    assert f"mean cosine {refused.mean_cosine:.4f}" in encoder.card.form_detail
    assert (encoder.embed_images(prepared) * truth.embed_images(prepared)).sum(axis=1).min() > 0.99
    check_encoder(encoder)


def test_a_siglip_is_worked_out_though_it_pads_its_texts(tmp_path: Path) -> None:
    folder = write_siglip(tmp_path / "siglip")
    source, options = ModelSource("siglip", folder, folder), FormOptions("auto", tmp_path / "cache", 1)
    work_out(source, options)
    encoder = open_kept(source, options, no_reference)
    assert encoder is not None
    texts = ["a dog", "x", "a b c d e f g h i"]
    truth = load_clip(source, 1, lambda detail, progress: None).embed_texts(texts).vectors

    assert "torch" not in encoder.card.runtime
    assert (encoder.embed_texts(texts).vectors * truth).sum(axis=1).min() > 0.99


def test_a_model_with_an_xlm_r_vocabulary_is_worked_out(tmp_path: Path) -> None:
    folder = write_metaclip2(tmp_path / "metaclip2")
    source, options = ModelSource("metaclip2", folder, folder), FormOptions("auto", tmp_path / "cache", 1)
    work_out(source, options)
    encoder = open_kept(source, options, no_reference)
    assert encoder is not None

    assert "torch" not in encoder.card.runtime
    check_encoder(encoder)


def test_a_tower_that_can_not_be_exported_goes_on_in_torch_and_that_is_told(tmp_path: Path) -> None:
    folder = write_naflex(tmp_path / "naflex")
    source, options = ModelSource("naflex", folder, folder), FormOptions("fp32", tmp_path / "cache", 1)
    reference = load_clip(source, 1, lambda detail, progress: None)
    work_out(source, options)
    encoder = open_kept(source, options, lambda: reference)
    assert encoder is not None

    assert encoder.images is reference.images
    assert encoder.card.runtime.startswith("torch")
    assert "onnxruntime" in encoder.card.runtime
    assert "can't be made for pictures" in encoder.card.form_detail
    check_encoder(encoder)


def test_a_folder_that_cannot_be_written_is_named(source: ModelSource, tmp_path: Path) -> None:
    (tmp_path / "forms").write_text("in the way")

    with pytest.raises(FormsFailed, match=str(tmp_path)):
        work_out(source, FormOptions("auto", tmp_path, 1))


def test_after_two_attempts_that_broke_off_no_third_is_made(source: ModelSource, tmp_path: Path) -> None:
    options = FormOptions("auto", tmp_path, 1)
    attempts = options.folder / KeptNames(source, "auto", this_cpu()).attempts()
    options.folder.mkdir()
    now = time.time()
    attempts.write_text(f"{now - 3600:.0f}\n{now:.0f}\n")
    with pytest.raises(FormsFailed, match=attempts.name):
        work_out(source, options)
    attempts.write_text(f"{now - 30 * 24 * 3600:.0f}\n{now:.0f}\n")  # the first does not count any more
    work_out(source, options)

    assert open_kept(source, options, no_reference) is not None
    assert not attempts.exists()


def test_int8_is_made_of_a_tower_that_an_image_carries_and_nothing_is_written_there(
    source: ModelSource, tmp_path: Path
) -> None:
    bundled = tmp_path / "bundled"
    work_out(source, FormOptions("fp32", bundled, 1))
    options = FormOptions("int8", tmp_path / "own", 1, bundled)
    # Attempts that broke off where the image was made are not this machine's.
    (bundled / "forms" / KeptNames(source, "int8", this_cpu()).attempts()).write_text(f"{time.time():.0f}\n" * 2)
    carried = changes(bundled)
    work_out(source, options)
    encoder = open_kept(source, options, no_reference)

    assert encoder is not None
    assert encoder.card.precision == "int8"
    assert changes(bundled) == carried
    assert not list(options.folder.glob("*-fp32-*"))


def test_what_other_cpus_use_of_the_same_weights_is_not_forgotten(source: ModelSource) -> None:
    mine = KeptNames(source, "auto", Cpu("x86_64", frozenset({"avx2", "avx512_vnni"}))).of_any_cpu()
    other = KeptNames(source, "int8", Cpu("x86_64", frozenset({"avx2"})))
    names = [other.verdict(), other.inputs(), *(other.tower(each, form) for each in Modality for form in (INT8, FP32))]
    changed = KeptNames(ModelSource(source.name, source.text_folder, source.text_folder), "auto", other.cpu)

    assert all(name.startswith(mine) for name in names)
    assert not changed.verdict().startswith(mine)
    assert not changed.inputs().startswith(mine)


def test_a_verdict_comes_back_as_it_was_written() -> None:
    verdict = Verdict({Modality.IMAGE: INT8, Modality.TEXT: REFERENCE}, (), "Because.", 32, 224)

    assert Verdict.from_json(verdict.to_json()) == verdict
    with pytest.raises(ValueError, match="Expecting"):
        Verdict.from_json("{")


def test_a_side_without_a_form_is_the_references(
    source: ModelSource, options: FormOptions, opened: TowerEncoder, reference: TowerEncoder
) -> None:
    names = KeptNames(source, "auto", this_cpu())
    file = options.folder / names.verdict()
    verdict = Verdict.from_json(file.read_text())
    try:
        file.write_text(replace(verdict, forms={**verdict.forms, Modality.TEXT: REFERENCE}).to_json())
        encoder = open_kept(source, options, lambda: reference)
    finally:
        file.write_text(verdict.to_json())

    assert encoder is not None
    assert encoder.texts is reference.texts
    assert encoder.card.precision == "int8 for pictures, fp32 for texts"


def test_bundled_forms_are_opened_where_nothing_can_be_written(
    source: ModelSource, options: FormOptions, opened: TowerEncoder, tmp_path: Path
) -> None:
    own = tmp_path / "not there"
    carried = replace(options, cache_dir=own, bundled_dir=options.cache_dir)

    found = open_kept(source, carried, no_reference)

    assert found is not None
    assert found.card == opened.card
    assert not own.exists()
