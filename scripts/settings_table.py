"""Writes README.md's table of settings from the configuration classes: python -m scripts.settings_table"""

import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

BEGIN = "<!-- settings: begin (tests/test_readme.py keeps this true) -->"
END = "<!-- settings: end -->"
README = Path(__file__).parent.parent / "README.md"
MODULES = (
    "local_run.config",
    "gateway.config",
    "embedder_service.config",
    "search_service.config",
    "search_service.elastic_config",
)


def configuration_class(module_name: str) -> type[BaseSettings]:
    """The one settings class that a config module defines."""
    module = import_module(module_name)
    (found,) = (
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, BaseSettings) and value.__module__ == module_name
    )
    return found


def settings_table() -> str:
    """The table in Markdown: name, default and meaning of every setting of every service."""
    lines = ["| setting | default | meaning |", "| --- | --- | --- |"]
    described: set[str] = set()
    for module_name in MODULES:
        settings = configuration_class(module_name)
        prefix = settings.model_config.get("env_prefix", "")
        for field_name, field in settings.model_fields.items():
            name = f"{prefix}{field_name}".upper()
            if name not in described:  # make run reads some of the services' settings too
                lines.append(
                    f"| `{name}` | {_shown(field.get_default(call_default_factory=True))} | {field.description} |"
                )
                described.add(name)
    return "\n".join(lines)


def with_table(readme: str) -> str:
    """The README with the table put between the two marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{settings_table()}\n{END}{after}"


def _shown(default: Any) -> str:
    if default is None or default is PydanticUndefined or default in ("", {}):
        return ""
    return f"`{default}`" if not isinstance(default, bool) else f"`{int(default)}`"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
