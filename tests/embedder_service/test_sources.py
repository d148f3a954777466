import shutil
from pathlib import Path

import pytest

from embedder_service.hub import needed_files
from embedder_service.sources import ModelSource


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "my-clip"
    (made / "0_CLIPModel").mkdir(parents=True)
    (made / "modules.json").write_text("[]")
    (made / "0_CLIPModel" / "model.safetensors").write_bytes(b"weights")
    return made


def test_an_id_is_the_name_and_twelve_hex_digits(folder: Path) -> None:
    name, _, digits = ModelSource("my-clip", folder, folder).id().partition("@")

    assert name == "my-clip"
    assert len(digits) == 12
    assert set(digits) <= set("0123456789abcdef")


def test_a_copy_elsewhere_has_the_same_id(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)

    assert ModelSource("my-clip", copy, copy).id() == ModelSource("my-clip", folder, folder).id()


@pytest.mark.parametrize("file", ["modules.json", "0_CLIPModel/model.safetensors"])
def test_other_weights_or_settings_have_another_id(folder: Path, file: str) -> None:
    before = ModelSource("my-clip", folder, folder).id()
    (folder / file).write_bytes(b"others")

    assert ModelSource("my-clip", folder, folder).id() != before


def test_files_that_do_not_decide_the_space_leave_the_id(folder: Path) -> None:
    before = ModelSource("my-clip", folder, folder).id()
    (folder / "README.md").write_text("about")
    (folder / "0_CLIPModel" / "pytorch_model.bin").write_bytes(b"the same weights in the old form")
    (folder / "onnx").mkdir()
    (folder / "onnx" / "config.json").write_text("{}")

    assert ModelSource("my-clip", folder, folder).id() == before


def test_another_text_tower_has_another_id(folder: Path, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "model.safetensors").write_bytes(b"text weights")

    assert ModelSource("my-clip", folder, texts).id() != ModelSource("my-clip", folder, folder).id()


def test_weights_are_needed_in_one_form_only() -> None:
    files = [
        "README.md",
        "modules.json",
        "model.safetensors",
        "pytorch_model.bin",
        "tf_model.h5",
        "2_Dense/pytorch_model.bin",
        "2_Dense/config.json",
        "onnx/model.onnx",
        "openvino/openvino_model.json",
        "vocab.txt",
        "sentencepiece.bpe.model",
    ]

    assert needed_files(files) == [
        "2_Dense/config.json",
        "2_Dense/pytorch_model.bin",
        "model.safetensors",
        "modules.json",
        "sentencepiece.bpe.model",
        "vocab.txt",
    ]
