"""The process that works forms out, where it does not come to an end."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from embedder_service.forms.form import FormsFailed
from embedder_service.forms.process import WORK_OUT_FORMS, work_out_in_process
from embedder_service.forms.verdict import FormOptions
from embedder_service.sources import ModelSource
from tests.clip_replica import Replica


def test_it_is_ended_after_the_stated_time(replica: Replica, tmp_path: Path) -> None:
    source = ModelSource("clip", replica.clip, replica.multilingual)

    with pytest.raises(FormsFailed, match="not done after"):
        work_out_in_process(source, FormOptions("auto", tmp_path, 1), most_seconds=0.05)


def test_it_ends_with_the_service_and_removes_its_own_mark_alone(tmp_path: Path) -> None:
    job = {
        "name": "clip",
        "folders": [str(tmp_path), str(tmp_path)],
        "precision": "auto",
        "cache_dir": str(tmp_path),
        "threads": 1,
        "bundled_dir": None,
        "attempts": "mine.attempts",
    }
    marks = [tmp_path / "forms" / name for name in ("mine.attempts", "others.attempts")]
    (tmp_path / "forms").mkdir()
    for mark in marks:
        mark.write_text("0\n")
    # The service ends at once: standard input has the job and no more.
    subprocess.run(
        [sys.executable, "-m", "embedder_service", WORK_OUT_FORMS], input=json.dumps(job) + "\n", text=True, check=False
    )

    assert [mark.exists() for mark in marks] == [False, True]
