"""What README says is so."""

import re
import subprocess
from pathlib import Path

import pytest

from scripts.settings_table import MODULES, README, configuration_class, with_table

DOCUMENTS = [README, *sorted(Path("docs").glob("*.md"))]


def test_the_table_of_settings_is_the_one_the_code_gives() -> None:
    readme = README.read_text(encoding="utf-8")

    assert with_table(readme) == readme, "run: .venv/bin/python -m scripts.settings_table"


@pytest.mark.parametrize("module_name", MODULES)
def test_every_setting_says_what_it_means(module_name: str) -> None:
    fields = configuration_class(module_name).model_fields

    assert [name for name, field in fields.items() if not field.description] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_make_target_in_the_documents_exists() -> None:
    text = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    targets = set(re.findall(r"(?:^    |`)make ([a-z-]+)", text, re.MULTILINE))

    for target in sorted(targets):
        asked = subprocess.run(["make", "--dry-run", target], capture_output=True, text=True, check=False)
        assert asked.returncode == 0, f"make {target}: {asked.stderr}"
    assert {"run", "test", "lint"} <= targets
