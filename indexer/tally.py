"""What a run did so far: the numbers behind the progress bar and the summary, and the files that failed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

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
    thumbnails_unwritten: int = 0
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
    """Collects what failed: the first ones for a person, and all of them for whoever else wants to know."""

    def __init__(self, source: str, on_line: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
        """`on_line` is told each failure at once, as the JSON object that docs/indexer.md describes."""
        self.count = 0
        self.first: list[Failure] = []
        self.paths = Spool()
        """The relative path of each, a record with nothing else."""
        self._source = source
        self._on_line = on_line

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.paths.close()

    def add(self, failure: Failure) -> None:
        """Records one failure."""
        self.count += 1
        self.paths.append([failure.relative_path])
        if len(self.first) < SHOWN_FAILURES:
            self.first.append(failure)
        self._tell(failure, known_before=False)

    def keep(self, failure: Failure) -> None:
        """Records a file that failed in an earlier run and was not tried again."""
        self._tell(failure, known_before=True)

    def _tell(self, failure: Failure, *, known_before: bool) -> None:
        self._on_line(
            {
                "source": self._source,
                "relative_path": failure.relative_path,
                "reason": failure.reason,
                "message": failure.message,
                "known_before": known_before,
            }
        )
