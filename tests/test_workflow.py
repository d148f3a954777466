"""The workflow runs what can be run by hand."""

import re
import subprocess
from pathlib import Path

WORKFLOW = Path(".github/workflows/ci.yml").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^ *- run: (.+)$", WORKFLOW, re.MULTILINE)


def test_each_command_is_a_target_of_make_or_the_script_for_changes() -> None:
    targets = [command.removeprefix("make ") for command in COMMANDS if command != ".ci/run"]

    for target in targets:
        asked = subprocess.run(["make", "--dry-run", target], capture_output=True, text=True, check=False)
        assert asked.returncode == 0, f"make {target}: {asked.stderr}"
    assert {"lint", "images", "test-hub"} <= set(targets)
    assert ".ci/run" in COMMANDS


def test_jobs_may_only_read_the_repository() -> None:
    assert re.findall(r"^permissions:\n((?:  .*\n)+)", WORKFLOW, re.MULTILINE) == ["  contents: read\n"]
    assert len(re.findall(r"permissions:", WORKFLOW)) == 1
