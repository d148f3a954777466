"""The package of stubs that clients install."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from tests.clients.programs import ENVIRONMENT, PACKAGE, ROOT, Programs

ASKS_FOR_A_PAGE = """
from imagesearch.search.v1.search_pb2 import SearchImagesRequest

SearchImagesRequest(page_size=3)
SearchImagesRequest(page_size="3")
"""


def read_toml(path: Path) -> Any:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_type_checkers_know_its_messages(python: Programs) -> None:
    program = python.folder / "asks_for_a_page.py"
    program.write_text(ASKS_FOR_A_PAGE, encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--python-executable", python.interpreter, program.name],
        cwd=python.folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )

    errors = re.findall(r"^\w+\.py:(\d+): error: .*\[(.*)\]$", checked.stdout, re.MULTILINE)
    assert errors == [("5", "arg-type")], checked.stdout + checked.stderr


def test_it_is_generated_by_the_versions_that_were_tried() -> None:
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    required = read_toml(PACKAGE / "pyproject.toml")["build-system"]["requires"]

    pinned = [requirement for requirement in required if "==" in requirement]
    assert [requirement for requirement in pinned if requirement not in pins] == []
    assert pinned


def test_it_has_the_same_version_as_the_services() -> None:
    services = read_toml(ROOT / "pyproject.toml")["tool"]["setuptools_scm"]
    package = read_toml(PACKAGE / "pyproject.toml")["tool"]["hatch"]["version"]

    assert package["fallback-version"] == services["fallback_version"]
    assert (PACKAGE / package["raw-options"]["root"]).resolve() == ROOT
