"""The programs that docs/clients.md shows, written out and run as a reader would."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "clients.md"
PACKAGE = ROOT / "clients" / "python"
UV = Path(sys.executable).with_name("uv")

# The programs must find what was installed for them, not what the tests themselves import.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}


@dataclass(frozen=True)
class Ended:
    """What a program left."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Programs:
    """The programs of one language: search, index."""

    interpreter: Path
    folder: Path
    ending: str

    async def run(self, name: str, *arguments: str) -> Ended:
        """Runs one to its end."""
        process = await asyncio.create_subprocess_exec(
            self.interpreter,
            self.folder / f"{name}.{self.ending}",
            *arguments,
            cwd=self.folder,
            env=ENVIRONMENT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(100):
            output, errors = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, output.decode(), errors.decode())


def python_programs(folder: Path) -> Programs:
    """In an environment of its own, with the package at the oldest versions of what it needs."""
    run(UV, "build", "--quiet", "--wheel", PACKAGE, "--out-dir", folder / "wheel")
    (wheel,) = (folder / "wheel").glob("*.whl")
    run(UV, "venv", "--quiet", "--python", sys.executable, folder / "venv")
    python = folder / "venv" / "bin" / "python"
    run(UV, "pip", "install", "--quiet", "--python", python, "--resolution", "lowest", f"{wheel}[types]")
    _write_programs(folder, "py")
    return Programs(python, folder, "py")


def javascript_programs(folder: Path) -> Programs:
    """With the packages of the document's command. Fails where Node.js or npm is missing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    assert node, "Node.js 18 or newer is needed (Debian, Ubuntu: apt install nodejs npm)."
    assert npm, "npm is needed (Debian, Ubuntu: apt install npm)."
    packages = re.search(r"^    npm install (.*)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert packages
    (folder / "package.json").write_text("{}")
    options = ("--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline")
    run(npm, "install", *options, *packages[1].split(), cwd=folder)
    shutil.copytree(ROOT / "protos", folder / "protos")
    _write_programs(folder, "mjs")
    return Programs(Path(node), folder, "mjs")


def run(*command: str | Path, cwd: Path | None = None) -> None:
    """Runs a command, and fails with what it wrote."""
    ended = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{command}:\n{ended.stdout}{ended.stderr}"


def _write_programs(folder: Path, ending: str) -> None:
    blocks = re.findall(
        r"^`(\w+)\.(\w+)`[^`]*?:\n\n```\w+\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    programs = {name: text for name, its_ending, text in blocks if its_ending == ending}
    assert set(programs) == {"client", "search", "index"}
    for name, text in programs.items():
        (folder / f"{name}.{ending}").write_text(text, encoding="utf-8")
