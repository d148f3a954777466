"""What can be told of the compose files without an engine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.settings_table import MODULES, configuration_class

OWN = ("gateway", "embedder", "search", "indexer", "elasticsearch-setup", "elasticsearch")


class _Loader(yaml.SafeLoader):
    """Takes compose's tags for what they hold."""


def _plain(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else None


for tag in ("!reset", "!override"):
    _Loader.add_constructor(tag, _plain)


def read(name: str) -> Any:
    return yaml.load(Path(name).read_text(encoding="utf-8"), _Loader)


FILES = ("docker-compose.yml", "compose.outside-cluster.yml", "compose.development.yml")


@pytest.mark.parametrize("service", OWN)
def test_a_service_can_do_no_more_than_it_must(service: str) -> None:
    found = read("docker-compose.yml")["services"][service]

    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert "mem_limit" in found or service == "elasticsearch-setup"


def test_only_pages_are_published_and_on_loopback() -> None:
    services = read("docker-compose.yml")["services"]
    ports = {name: found["ports"] for name, found in services.items() if "ports" in found}

    assert ports == {
        "gateway": ["${GATEWAY_ADDRESS:-127.0.0.1:8080}:8080"],
        "kibana": ["${KIBANA_ADDRESS:-127.0.0.1:5601}:5601"],
    }


@pytest.mark.parametrize("file", FILES)
def test_every_setting_is_one_that_there_is(file: str) -> None:
    known = {
        f"{found.model_config.get('env_prefix', '')}{name}".upper()
        for found in map(configuration_class, MODULES)
        for name in found.model_fields
    }
    given = {name for service in read(file)["services"].values() for name in service.get("environment", {})}

    assert {name for name in given if re.match(r"(GATEWAY|EMBEDDER|SEARCH)_", name)} <= known


def test_the_example_names_every_variable_and_no_other() -> None:
    used = {
        name for file in FILES for name in re.findall(r"(?<!\$)\$\{([A-Z_]+)", Path(file).read_text(encoding="utf-8"))
    }
    shown = set(re.findall(r"^#?([A-Z_]+)=", Path(".env.example").read_text(encoding="utf-8"), re.MULTILINE))

    assert used - shown == {"PYTHON_VERSION", "REVISION", "TAG", "VERSION"}  # of the build
    assert shown - used == set()


def test_no_password_is_written_down() -> None:
    texts = [Path(file).read_text(encoding="utf-8") for file in (*FILES, ".env.example")]

    assert [text for text in texts if re.search(r"PASSWORD[:=] *[\"']?[a-z0-9]", text)] == []
