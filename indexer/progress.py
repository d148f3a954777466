"""Shows a run to a person: a live bar on a terminal, now and then a line elsewhere, and a summary at the end."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from indexer.tally import SHOWN_FAILURES, Failures, Tally
from pictures.formats import readable_formats

_LIVE_SECONDS = 0.2
_LINE_SECONDS = 10.0
_RATE_SECONDS = 30.0


class Rate:
    """Files a second, over the last half minute."""

    def __init__(self) -> None:
        self._points: list[tuple[float, int]] = []

    def update(self, now: float, done: int) -> None:
        """`done` files were through at the time `now`, in seconds."""
        self._points.append((now, done))
        while len(self._points) > 2 and now - self._points[0][0] > _RATE_SECONDS:
            self._points.pop(0)

    @property
    def per_second(self) -> float:
        """0 as long as nothing is known."""
        if len(self._points) < 2:
            return 0.0
        (start, before), (end, after) = self._points[0], self._points[-1]
        return (after - before) / (end - start) if end > start else 0.0


@asynccontextmanager
async def shown(console: Console, tally: Tally, failures: Failures) -> AsyncIterator[None]:
    """Shows how the run gets on while the block runs."""
    show = _show_live if console.is_terminal else _show_lines
    showing = asyncio.create_task(show(console, tally, failures))
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _show_live(console: Console, tally: Tally, failures: Failures) -> None:
    rate = Rate()
    columns = (SpinnerColumn(), BarColumn(bar_width=30), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("Looking through the folder ...", total=None)
        while True:
            rate.update(time.monotonic(), tally.done)
            progress.update(
                bar,
                description=describe(tally, failures, rate.per_second),
                completed=tally.done,
                total=max(tally.to_do, 1) if tally.walked else None,
            )
            await asyncio.sleep(_LIVE_SECONDS)


async def _show_lines(console: Console, tally: Tally, failures: Failures) -> None:
    rate = Rate()
    waiting_for = ""
    last_line = time.monotonic()
    while True:
        now = time.monotonic()
        rate.update(now, tally.done)
        if tally.waiting_for != waiting_for:
            waiting_for = tally.waiting_for
            if waiting_for:
                console.print(waiting_for, markup=False, highlight=False, soft_wrap=True)
        if now - last_line >= _LINE_SECONDS:
            last_line = now
            line = describe(tally, failures, rate.per_second)
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        await asyncio.sleep(_LIVE_SECONDS)


def describe(tally: Tally, failures: Failures, per_second: float) -> str:
    """The state of a run in one line."""
    if tally.waiting_for:
        return tally.waiting_for
    total = f"{tally.to_do:,}" if tally.walked else f"{tally.to_do:,} found so far"
    parts = [f"{tally.done:,} of {total}"]
    if per_second:
        parts.append(f"{per_second:,.1f}/s")
        if tally.walked:
            parts.append(f"{duration((tally.to_do - tally.done) / per_second)} left")
    parts.append(f"{tally.unchanged:,} unchanged")
    if skipped := tally.passed_over.total() + tally.not_photos:
        parts.append(f"{skipped:,} skipped")
    if failures.count:
        parts.append(f"{failures.count:,} failed")
    return ", ".join(parts)


def summary(tally: Tally, failures: Failures, seconds: float) -> str:
    """What a run did, in one line."""
    new = tally.written - tally.copied
    parts = [f"{new:,} embedded and written"]
    if tally.copied:
        parts.append(f"{tally.copied:,} written with a vector that the index had")
    parts.append(f"{tally.unchanged:,} unchanged")
    if failures.count:
        parts.append(f"{failures.count:,} failed")
    if tally.still_failed:
        parts.append(f"{tally.still_failed:,} failed before and are the same (--retry-failed tries them again)")
    if tally.removed:
        parts.append(f"{tally.removed:,} removed")
    if tally.thumbnails_unwritten:
        parts.append(f"{tally.thumbnails_unwritten:,} thumbnails not written")
    rate = f" ({tally.written / seconds:,.1f}/s)" if tally.written and seconds else ""
    line = f"{', '.join(parts)}; {duration(seconds)}{rate}."
    if kinds := passed_over(tally):
        line += f" Passed over: {kinds}."
    if (left := tally.gone - tally.removed) > 0:
        line += f" {left:,} in the index are gone from the folder; --prune (make run: PRUNE=1) removes them."
    return line


def preview(tally: Tally, failures: Failures) -> str:
    """What a run would do, in one line."""
    parts = [f"{tally.to_do:,} new or changed files would be read", f"{tally.unchanged:,} are unchanged"]
    if tally.still_failed:
        parts.append(f"{tally.still_failed:,} failed before and would not be tried again without --retry-failed")
    if failures.count:
        parts.append(f"{failures.count:,} can't be read")
    if tally.gone:
        parts.append(f"{tally.gone:,} in the index are gone from the folder and would be removed with --prune")
    line = f"Nothing was changed: {', '.join(parts)}."
    if kinds := passed_over(tally):
        line += f" Passed over: {kinds}."
    return line


def nothing_found(folder: str, tally: Tally) -> str:
    """What to say of a folder without photos."""
    kinds = passed_over(tally)
    found = f"only {kinds}" if kinds else "nothing at all (hidden files and folders aside)"
    return f"There are no photos in {folder}: {found}. What can be read: {readable_formats()}."


def passed_over(tally: Tally) -> str:
    """What was no photo, with counts by kind."""
    return ", ".join(f"{count:,} {kind}" for kind, count in kinds_passed_over(tally).items())


def kinds_passed_over(tally: Tally) -> dict[str, int]:
    """The counts by kind, the largest first."""
    kinds = tally.passed_over.copy()
    kinds["other files"] += tally.not_photos
    return {kind: count for kind, count in kinds.most_common() if count}


def failure_table(failures: Failures) -> Table:
    """The first failures, and how many more there are."""
    more = failures.count - len(failures.first)
    caption = f"and {more:,} more; --failures FILE.jsonl writes all of them" if more else None
    table = Table(title=f"{failures.count:,} could not be indexed", caption=caption, title_justify="left")
    for heading in ("File", "Reason", "What is wrong"):
        table.add_column(heading, overflow="fold")
    for failure in failures.first[:SHOWN_FAILURES]:
        table.add_row(Text(failure.relative_path), Text(failure.reason), Text(failure.message))
    return table


def duration(seconds: float) -> str:
    """Such as "42 s", "3 min 5 s" or "2 h 10 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s" if whole or not seconds else f"{seconds:.1f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
