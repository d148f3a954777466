"""docs/elasticsearch.md and docs/deploy.md describe what there is."""

import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from search_service.metrics import show_failures


def _leaves(properties: Mapping[str, Any], parent: str = "") -> Iterator[str]:
    for name, field in properties.items():
        if "properties" in field:
            yield from _leaves(field["properties"], f"{parent}{name}.")
        else:
            yield f"{parent}{name}"


@pytest.mark.parametrize(
    ("mapping", "start"),
    [("mapping.json", "A document is a photo"), ("failures_mapping.json", "Files that could not be indexed are")],
)
def test_every_field_in_elasticsearch_is_described(mapping: str, start: str) -> None:
    document = Path("docs/elasticsearch.md").read_text(encoding="utf-8")
    table = re.search(rf"^{start}.*?\n\n(\|.*?)\n\n", document, re.MULTILINE | re.DOTALL)
    assert table
    described = set(re.findall(r"`([\w.]+)`", " ".join(re.findall(r"^\| (.*?) \|", table[1], re.MULTILINE))))

    properties = json.loads(files("search_service").joinpath(mapping).read_bytes())["properties"]

    assert described == set(_leaves(properties))


def test_every_metric_is_described() -> None:
    show_failures({"photos": 1})
    own = [family.samples[0] for family in REGISTRY.collect() if family.name.startswith("search_")]

    document = Path("docs/deploy.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(search_\w+)` \| (\S+) \|", document, re.MULTILINE)
    assert rows == [(sample.name, ", ".join(sample.labels)) for sample in own]
