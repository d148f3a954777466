"""Generates the package while its wheel is built, so that no generated code is kept anywhere."""

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

import google.rpc
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Generate(BuildHookInterface[Any]):
    """Puts imagesearch/ into the wheel: messages, stubs and their types."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the files of the wheel are gathered."""
        self.generated = tempfile.TemporaryDirectory()
        package = Path(self.generated.name) / "imagesearch"
        generate(self._protos(), package.parent)
        # No __init__.py: beside a checkout that has its own imagesearch/, that one must win.
        (package / "py.typed").touch()
        build_data["force_include"][str(package)] = "imagesearch"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Called when the wheel is there."""
        self.generated.cleanup()

    def _protos(self) -> Path:
        """In a source distribution they lie beside this file, in a checkout at its root."""
        folder = Path(self.root)
        return folder / "protos" if (folder / "protos").is_dir() else folder.parents[1] / "protos"


def generate(protos: Path, target: Path) -> None:
    """Runs protoc. `target` must exist."""
    googleapis = Path(next(iter(google.rpc.__path__))).parents[1]
    subprocess.run(  # noqa: S603 our own arguments
        [
            *(sys.executable, "-m", "grpc_tools.protoc", f"-I{protos}", f"-I{googleapis}"),
            *(f"--python_out={target}", f"--grpc_python_out={target}"),
            *(f"--mypy_out=quiet:{target}", f"--mypy_grpc_out=quiet:{target}"),
            *sorted(map(str, protos.rglob("*.proto"))),
        ],
        # protoc looks for its plugins of mypy-protobuf there; without isolation it is not in PATH.
        env={**os.environ, "PATH": f"{os.environ['PATH']}{os.pathsep}{sysconfig.get_path('scripts')}"},
        check=True,
    )
