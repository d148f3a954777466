"""How a run tells what it does: to a person, or as JSON lines to a program."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, TextIO

from rich.console import Console

from indexer import progress
from indexer.options import Options
from indexer.periodically import periodically
from indexer.tally import Failures, Tally


class Report(Protocol):
    """Told what a run does, while it goes on."""

    def say(self, message: str) -> None:
        """A sentence that a person should read."""
        ...

    def warn(self, message: str) -> None:
        """The same, where something went wrong."""
        ...

    def on_failure(self, line: dict[str, Any]) -> None:
        """A file failed; see Failures."""
        ...

    def would(self, what: str, relative_path: str) -> None:
        """What a run would do with a file; see DryRun."""
        ...

    def showing(self, tally: Tally, failures: Failures) -> AbstractAsyncContextManager[None]:
        """Shows how the run gets on, while the block runs."""
        ...

    def ended(self, options: Options, tally: Tally, failures: Failures, seconds: float) -> None:
        """The run is over, or was ended."""
        ...


class ConsoleReport:
    """The port Report for a person."""

    def __init__(self, console: Console, output: TextIO, *, quiet: bool) -> None:
        """With `quiet` only what went wrong and the summary."""
        self._console = console
        self._output = output
        self._quiet = quiet

    def say(self, message: str) -> None:
        """See the port."""
        if not self._quiet:
            self.warn(message)

    def warn(self, message: str) -> None:
        """See the port."""
        self._console.print(message, markup=False, highlight=False, soft_wrap=True)

    def on_failure(self, line: dict[str, Any]) -> None:
        """See the port. The first failures are in the table at the end."""

    def would(self, what: str, relative_path: str) -> None:
        """See the port. The list is what was asked for, so it goes to the standard output."""
        self._output.write(f"{what}\t{relative_path}\n")

    @asynccontextmanager
    async def showing(self, tally: Tally, failures: Failures) -> AsyncIterator[None]:
        """See the port."""
        if self._quiet:
            yield
        else:
            async with progress.shown(self._console, tally, failures):
                yield

    def ended(self, options: Options, tally: Tally, failures: Failures, seconds: float) -> None:
        """See the port."""
        if failures.count:
            self._console.print(progress.failure_table(failures))
        if tally.walked and not tally.photos_found and not options.scope.is_restricted:
            self.warn(progress.nothing_found(options.shown_folder, tally))
        elif options.dry_run:
            self.warn(progress.preview(tally, failures))
        elif tally.photos_found or tally.gone:
            self.warn(progress.summary(tally, failures, seconds))


class JsonReport:
    """The port Report for a program: one JSON object a line, told apart by its "event"; see docs/indexer.md.

    All of it is ASCII, which any stream takes, and no text holds half a surrogate pair, which some parsers refuse.
    """

    def __init__(self, stream: TextIO, every_seconds: float = 10.0) -> None:
        self._stream = stream
        self._every_seconds = every_seconds

    def say(self, message: str) -> None:
        """See the port."""
        self._write("message", message=message)

    def warn(self, message: str) -> None:
        """See the port."""
        self._write("warning", message=message)

    def on_failure(self, line: dict[str, Any]) -> None:
        """See the port."""
        self._write("failure", **line)

    def would(self, what: str, relative_path: str) -> None:
        """See the port."""
        self._write("would", what=what, relative_path=relative_path)

    @asynccontextmanager
    async def showing(self, tally: Tally, failures: Failures) -> AsyncIterator[None]:
        """See the port."""
        rate = progress.Rate()

        def tell() -> None:
            rate.update(time.monotonic(), tally.done)
            self._write("progress", **_counts(tally, failures), **_pace(tally, rate.per_second))

        async with periodically(self._every_seconds, tell):
            yield

    def ended(self, options: Options, tally: Tally, failures: Failures, seconds: float) -> None:
        """See the port."""
        self._write("summary", source=options.source, **_counts(tally, failures), seconds=round(seconds, 3))

    def _write(self, event: str, **fields: Any) -> None:
        line = {"event": event} | {name: _readable(field) for name, field in fields.items()}
        self._stream.write(json.dumps(line) + "\n")
        self._stream.flush()


def _readable(field: Any) -> Any:
    """The same; in a text, what a file's name holds that is not UTF-8 becomes "?"."""
    return field.encode("utf-8", "replace").decode("utf-8") if isinstance(field, str) else field


def _counts(tally: Tally, failures: Failures) -> dict[str, Any]:
    return {
        "walked": tally.walked,
        "to_do": tally.to_do,
        "done": tally.done,
        "embedded": tally.written - tally.copied,
        "copied": tally.copied,
        "unchanged": tally.unchanged,
        "failed": failures.count,
        "still_failed": tally.still_failed,
        "gone": tally.gone,
        "removed": tally.removed,
        "thumbnails_unwritten": tally.thumbnails_unwritten,
        "passed_over": progress.kinds_passed_over(tally),
    }


def _pace(tally: Tally, per_second: float) -> dict[str, Any]:
    left = (tally.to_do - tally.done) / per_second if tally.walked and per_second else None
    return {
        "per_second": round(per_second, 3),
        "seconds_left": left if left is None else round(left, 1),
        "waiting_for": tally.waiting_for,
    }
