from pathlib import Path

from embedder_service.encoder import Encoder
from embedder_service.forms.check_command import check_forms, check_only_form
from embedder_service.forms.form import this_cpu
from embedder_service.forms.verdict import FormOptions
from embedder_service.sources import ModelSource
from tests.clip_replica import Replica
from tests.embedder_service.forms.outliers import with_outliers

SECONDS = 0.02


def test_every_form_of_each_tower_is_measured_and_what_is_taken_is_marked(replica: Replica, tmp_path: Path) -> None:
    source = ModelSource("ruined", with_outliers(replica.clip, tmp_path / "ruined"), replica.multilingual)
    heading, columns, *lines = check_forms(source, FormOptions("auto", tmp_path / "cache", 1), SECONDS)
    rows = [line.split() for line in lines]
    forms = ["fp32", "int8", *(["bf16"] if this_cpu().has_bf16 else []), "fp32"]

    assert source.id() in heading
    assert "worst cos" in columns
    assert [row[:2] for row in rows] == [[kind, precision] for kind in ("pictures", "texts") for precision in forms]
    assert [row[-1] for row in rows[:2]] == ["reference", "refused"]
    assert lines[2].endswith("taken by auto")
    assert lines[len(forms) + 1].endswith("taken by auto")
    assert all(float(row[5]) > 0 for row in rows)
    assert list((tmp_path / "cache" / "forms").iterdir()) == []


def test_a_model_with_one_form_is_said_to_have_one(concept: Encoder) -> None:
    heading, *lines = check_only_form(concept, SECONDS)

    assert "has one form: fp32 by torch" in heading
    assert [line.split()[0] for line in lines] == ["pictures", "texts"]
