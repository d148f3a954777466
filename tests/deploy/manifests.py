"""The Kubernetes objects that the overlays and components make."""

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

KUBERNETES = Path("k8s")
OVERLAYS = sorted(path.name for path in (KUBERNETES / "overlays").iterdir())
COMPONENTS = sorted(path.name for path in (KUBERNETES / "components").iterdir())

Object = dict[str, Any]


@cache
def build_overlay(name: str) -> list[Object]:
    """The objects of an overlay, built by the real tool."""
    return _build(KUBERNETES / "overlays" / name)


@cache
def build_component(name: str) -> list[Object]:
    """The objects of the base with one component."""
    return build_kustomization(f"resources: [../base]\ncomponents: [../components/{name}]\n")


def build_kustomization(text: str) -> list[Object]:
    """The objects of a kustomization.yaml that lies in a folder of k8s/."""
    with tempfile.TemporaryDirectory(dir=KUBERNETES) as folder:
        Path(folder, "kustomization.yaml").write_text(text, encoding="utf-8")
        return _build(Path(folder))


def kustomize_command() -> list[str]:
    """kustomize, or the one in kubectl."""
    for command in (["kustomize", "build"], ["kubectl", "kustomize"]):
        if shutil.which(command[0]):
            return command
    problem = "Neither kustomize nor kubectl was found. Install one of them."
    if os.environ.get("CI"):
        pytest.fail(problem)
    pytest.skip(problem)


def of_kind(objects: list[Object], *kinds: str) -> list[Object]:
    """Those of these kinds."""
    return [found for found in objects if found["kind"] in kinds]


def named(objects: list[Object], kind: str, name: str) -> Object:
    """The one of this kind and name."""
    (found,) = (found for found in of_kind(objects, kind) if found["metadata"]["name"] == name)
    return found


def pod_template(workload: Object) -> Object:
    """What a Deployment, Job or CronJob makes pods of."""
    spec = workload["spec"]
    template: Object = (spec["jobTemplate"]["spec"] if workload["kind"] == "CronJob" else spec)["template"]
    return template


def _build(folder: Path) -> list[Object]:
    built = subprocess.run([*kustomize_command(), str(folder)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return [found for found in yaml.safe_load_all(built.stdout) if found]
