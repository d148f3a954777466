"""What a run did so far: the numbers behind the progress bar and the summary, and the files that failed."""

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from indexer.errors import SetupTrouble
from indexer.failure import Failure
from indexer.spool import Spool

SHOWN_FAILURES = 20


@dataclass
class Tally:
    """Counts of files, while the run goes on."""

    unchanged: int = 0
    to_do: int = 0
    """Files that are or may be photos, and new or changed."""
    done: int = 0
    """Of these, the ones that are through, whatever came of them."""
    written: int = 0
    copied: int = 0
    """Of the written ones, those whose vector the index had already."""
    not_photos: int = 0
    """Files that turned out to be no photos when they were opened."""
    vanished: int = 0
    """Files that were there when the folder was listed and not when they were to be read."""
    still_failed: int = 0
    """Files that failed before, are the same and are not tried again."""
    indexed: int = 0
    """Photos of the source that the index held before, those in folders that can't be read aside."""
    gone: int = 0
    """Photos in the index whose files are not in the folder."""
    removed: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)
    """What is no photo, by kind."""
    walked: bool = False
    """The walk is over: to_do, unchanged and gone are final."""
    waiting_for: str = ""
    """Why nothing gets on, for a person; empty while it does."""

    @property
    def photos_found(self) -> int:
        """Files in the folder that are photos, readable or not."""
        return self.unchanged + self.to_do + self.still_failed - self.not_photos - self.vanished


class Failures:
    """Collects what failed: the first ones for a person, all of them as JSON lines where a file was named for it."""

    def __init__(
        self, source: str, json_lines: Path | None, on_line: Callable[[dict[str, Any]], None] = lambda _: None
    ) -> None:
        """`on_line` is told each failure as it is written to the file."""
        self.count = 0
        self.first: list[Failure] = []
        self.paths = Spool()
        """The relative path of each, a record with nothing else."""
        self._source = source
        self._path = json_lines
        self._on_line = on_line
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        """Opens the file for the JSON lines. Raises SetupTrouble if it can't be written."""
        if self._path:
            try:
                self._file = self._path.open("w", encoding="utf-8", buffering=1)
            except OSError as error:
                raise SetupTrouble(
                    f"{os.fsdecode(self._path)} can't be written ({error.strerror}). Name another file for --failures."
                ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.paths.close()
        if self._file:
            self._file.close()

    def add(self, failure: Failure) -> None:
        """Records one failure, at once."""
        self.count += 1
        self.paths.append([failure.relative_path])
        if len(self.first) < SHOWN_FAILURES:
            self.first.append(failure)
        self._write(failure, known_before=False)

    def keep(self, failure: Failure) -> None:
        """Records a file that failed in an earlier run and was not tried again."""
        self._write(failure, known_before=True)

    def _write(self, failure: Failure, *, known_before: bool) -> None:
        line = {
            "source": self._source,
            "relative_path": failure.relative_path,
            "reason": failure.reason,
            "message": failure.message,
            "known_before": known_before,
        }
        self._on_line(line)
        if self._file:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
