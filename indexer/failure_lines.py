"""Writes what could not be indexed to a file, as it happens: one JSON object a line."""

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from indexer.errors import SetupTrouble


class FailureLines:
    """The file that a person named, if one was named."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        """Opens the file. Raises SetupTrouble if it can't be written."""
        if self._path:
            try:
                self._file = self._path.open("w", encoding="ascii", buffering=1)
            except OSError as error:
                raise SetupTrouble(
                    f"{os.fsdecode(self._path)} can't be written ({error.strerror}). Name another file for --failures."
                ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()

    def write(self, line: dict[str, Any]) -> None:
        """Appends one failure."""
        if self._file:
            self._file.write(json.dumps(line) + "\n")
