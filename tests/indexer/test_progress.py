"""What a person is shown of a run."""

import asyncio
import io
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from indexer.errors import SetupTrouble
from indexer.failure import Failure
from indexer.failure_lines import FailureLines
from indexer.progress import Rate, describe, duration, failure_table, nothing_found, shown, summary
from indexer.tally import SHOWN_FAILURES, Failures, Tally


def shown_text(item: object) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(item)
    written = console.file
    assert isinstance(written, io.StringIO)
    return written.getvalue()


def test_the_state_of_a_run_in_one_line() -> None:
    tally = Tally(unchanged=1200, to_do=500, done=100, walked=True, passed_over=Counter({"videos": 3}))
    failures = Failures("photos")
    failures.add(Failure("a.jpg", "UNREADABLE", "No."))

    line = describe(tally, failures, 4.0)

    assert line == "100 of 500, 4.0/s, 1 min 40 s left, 1,200 unchanged, 3 skipped, 1 failed"


def test_while_the_folder_is_walked_no_total_is_promised() -> None:
    line = describe(Tally(to_do=7, done=2), Failures("photos"), 1.0)

    assert line == "2 of 7 found so far, 1.0/s, 0 unchanged"


def test_what_is_waited_for_is_shown_instead() -> None:
    assert describe(Tally(waiting_for="Waiting for x."), Failures("photos"), 0.0) == "Waiting for x."


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    rate = Rate()
    assert rate.per_second == 0.0
    for second in range(100):
        rate.update(float(second), second * 2 if second < 60 else 120 + (second - 60) * 10)

    assert rate.per_second == pytest.approx(10.0)


def test_the_summary_tells_what_was_done_and_what_is_left() -> None:
    tally = Tally(unchanged=5, to_do=4, done=4, written=3, copied=1, gone=2, walked=True, not_photos=1)

    line = summary(tally, Failures("photos"), 1.5)

    assert line == (
        "2 embedded and written, 1 written with a vector that the index had, 5 unchanged; 2 s (2.0/s). "
        "Passed over: 1 other files. 2 in the index are gone from the folder; "
        "--prune (make run: PRUNE=1) removes them."
    )


def test_a_folder_without_photos_is_told_with_what_was_found_and_what_can_be_read() -> None:
    sentence = nothing_found("/x", Tally(passed_over=Counter({"videos": 2}), walked=True))

    assert sentence.startswith("There are no photos in /x: only 2 videos. What can be read: JPEG, PNG")


def test_the_table_of_failures_is_capped_and_shows_any_name() -> None:
    failures = Failures("photos")
    for number in range(SHOWN_FAILURES + 5):
        failures.add(Failure(f"[red]{number}.jpg", "IMAGE_UNDECODABLE", "It is [bold]broken."))

    text = shown_text(failure_table(failures))

    assert "[red]0.jpg" in text
    assert "[bold]broken" in text
    assert "and 5 more" in text


async def test_without_a_terminal_there_are_plain_lines() -> None:
    console = Console(file=io.StringIO(), force_terminal=False)
    tally = Tally(waiting_for="Waiting for the embedder: [50%]")
    async with shown(console, tally, Failures("photos")):
        await asyncio.sleep(0)

    written = console.file
    assert isinstance(written, io.StringIO)
    assert written.getvalue() == "Waiting for the embedder: [50%]\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (0.3, "0.3 s"), (42.4, "42 s"), (185, "3 min 5 s"), (7800, "2 h 10 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_failures_that_can_not_be_written_are_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(SetupTrouble, match="--failures"), FailureLines(tmp_path / "no" / "f.jsonl"):
        pass
