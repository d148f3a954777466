"""What is worked out once for a model's forms and kept: exported towers, what makes their inputs, and the verdict.

Everything is written elsewhere and renamed when it is whole, so what bears a name is complete. A lock makes processes
that start together work one after the other, so that the second finds what the first made.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_UNFINISHED = ".unfinished-"
_FORGOTTEN_AFTER_SECONDS = 30 * 24 * 3600


class FormCache:
    """A folder; several processes may share it. What `bundled`, which is never written, holds is found as well."""

    def __init__(self, folder: Path, bundled: Path | None = None) -> None:
        self._folder = folder
        self._bundled = bundled

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Waits until no other process works here; what a crashed one left unfinished is removed. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # let go of by the system, too, when the process ends
            for leftover in self._folder.glob(f"{_UNFINISHED}*"):
                shutil.rmtree(leftover, ignore_errors=True)
            yield

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A folder that is gone afterwards, beside what is kept. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=self._folder) as name:
            yield Path(name)

    def folder(self, name: str) -> Path | None:
        """What was kept under this name; None if there is nothing."""
        for place in self._places():
            if (folder := place / name).is_dir():
                self._note_use(folder)
                return folder
        return None

    def keep(self, unfinished: Path, name: str) -> Path:
        """Gives a folder of the workspace its name; under the lock. Raises OSError."""
        for file in unfinished.iterdir():
            _sync(file)
        _sync(unfinished)
        final = self._folder / name
        unfinished.rename(final)
        _sync(self._folder)
        return final

    def text(self, name: str) -> str | None:
        """What `keep_text` wrote."""
        for place in self._places():
            with suppress(OSError):
                text = (place / name).read_text()
                self._note_use(place / name)
                return text
        return None

    def keep_text(self, text: str, name: str) -> None:
        """Writes a small file whole or not at all. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f"{name}.{os.getpid()}"
        unfinished.write_text(text)
        _sync(unfinished)
        unfinished.replace(self._folder / name)

    def remove(self, name: str) -> None:
        """Removes what has this name, if it can be."""
        path = self._folder / name
        with suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def _note_use(self, path: Path) -> None:
        if path.parent == self._folder:
            with suppress(OSError):  # read-only
                os.utime(path)

    def _places(self) -> list[Path]:
        return [self._folder, self._bundled] if self._bundled else [self._folder]

    def forget(self, prefix: str, but: Collection[str]) -> None:
        """Removes what has such a name and was not used for a month, unless its name begins as one of `but`."""
        for path in self._folder.glob(f"{prefix}*"):
            if path.name.startswith(tuple(but)):
                continue
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _FORGOTTEN_AFTER_SECONDS:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


def unwritable(folder: Path, error: OSError) -> str:
    """In a sentence."""
    return f"{folder} can't be written ({error.strerror or error})."


def key(parts: Mapping[str, Any]) -> str:
    """The same for the same parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def slug(name: str) -> str:
    """A name that can be part of a file's."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "model"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
