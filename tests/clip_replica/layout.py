"""What both models have in common: JSON files, the list of modules, random weights."""

import json
from pathlib import Path
from typing import Any

import torch


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_modules(folder: Path, *modules: tuple[str, str]) -> None:
    """Each module is its path and type; both models were saved by sentence-transformers 2.0."""
    entries = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (path, kind) in enumerate(modules)
    ]
    write_json(folder / "modules.json", entries)
    versions = {"sentence_transformers": "2.0.0", "transformers": "4.7.0", "pytorch": "1.9.0+cu102"}
    write_json(folder / "config_sentence_transformers.json", {"__version__": versions})


def spread(model: torch.nn.Module) -> None:
    """Random towers map all inputs to nearly one vector; larger weights keep different inputs apart."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 2 and "embedding" not in name:
                torch.nn.init.normal_(weight, std=1.5 / weight.shape[1] ** 0.5)
