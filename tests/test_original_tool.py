"""docs/original-tool.md"""

import re
from pathlib import Path

DOCUMENT = Path("docs/original-tool.md").read_text(encoding="utf-8")


def test_the_settings_that_take_the_old_ones_places_exist() -> None:
    known = set(re.findall(r"^\| `([A-Z_]+)` \|", Path("README.md").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"\b(?:EMBEDDER|SEARCH|GATEWAY)_[A-Z_]+", DOCUMENT))

    assert named
    assert named <= known
