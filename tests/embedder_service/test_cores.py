import os
from pathlib import Path

import pytest

from embedder_service.cores import usable_cores


@pytest.fixture
def cpu_max(tmp_path: Path) -> Path:
    return tmp_path / "cpu.max"


def test_without_a_quota_all_cores_that_the_process_may_run_on(cpu_max: Path) -> None:
    assert usable_cores(cpu_max) == len(os.sched_getaffinity(0))
    cpu_max.write_text("max 100000\n")
    assert usable_cores(cpu_max) == len(os.sched_getaffinity(0))


def test_a_process_that_is_pinned_counts_its_own_cores(cpu_max: Path) -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert usable_cores(cpu_max) == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize("quota", ["20000 100000", "100000 100000"])
def test_a_quota_of_a_core_or_less_is_one(cpu_max: Path, quota: str) -> None:
    cpu_max.write_text(f"{quota}\n")

    assert usable_cores(cpu_max) == 1
