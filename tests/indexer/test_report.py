"""What a program is told of a run."""

import asyncio
import io
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console

from indexer.failure import Failure
from indexer.options import Options
from indexer.report import ConsoleReport, JsonReport
from indexer.tally import Failures, Tally


def events(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def test_all_that_happens_is_a_json_object_a_line() -> None:
    stream = io.StringIO()
    report = JsonReport(stream, every_seconds=60)
    tally = Tally(to_do=3, done=2, written=2, copied=1, walked=True, passed_over=Counter({"videos": 2}), not_photos=1)
    failures = Failures("photos", report.on_failure)

    report.say("Indexing.")
    async with report.showing(tally, failures):
        await asyncio.sleep(0)
        failures.add(Failure("a\n.jpg", "IMAGE_UNDECODABLE", "It is broken."))
    report.ended(Options(Path("x"), "photos"), tally, failures, 2.5)

    message, progress, failure, summary = events(stream)
    assert message == {"event": "message", "message": "Indexing."}
    assert (progress["event"], progress["to_do"], progress["done"], progress["seconds_left"]) == (
        "progress",
        3,
        2,
        None,
    )
    assert (failure["event"], failure["relative_path"], failure["reason"]) == (
        "failure",
        "a\n.jpg",
        "IMAGE_UNDECODABLE",
    )
    assert summary == {
        "event": "summary",
        "source": "photos",
        "walked": True,
        "to_do": 3,
        "done": 2,
        "embedded": 1,
        "copied": 1,
        "unchanged": 0,
        "failed": 1,
        "still_failed": 0,
        "gone": 0,
        "removed": 0,
        "thumbnails_unwritten": 0,
        "passed_over": {"videos": 2, "other files": 1},
        "seconds": 2.5,
    }


def test_names_that_are_not_utf_8_break_neither_the_lines_nor_their_readers() -> None:
    output = io.BytesIO()
    stream = io.TextIOWrapper(output, encoding="ascii")
    report = JsonReport(stream)

    report.say("Indexing größe.")
    report.warn("There is no folder " + os.fsdecode(b"/x/caf\xe9."))
    report.on_failure({"relative_path": "caf%E9/größe.jpg", "message": os.fsdecode(b"x\xff")})

    message, warning, failure = [json.loads(line) for line in output.getvalue().decode("ascii").splitlines()]
    assert message["message"] == "Indexing größe."
    assert warning["message"] == "There is no folder /x/caf?."
    assert (failure["relative_path"], failure["message"]) == ("caf%E9/größe.jpg", "x?")


async def test_progress_is_told_again_and_again() -> None:
    stream = io.StringIO()
    async with JsonReport(stream, every_seconds=0.01).showing(Tally(), Failures("photos")):
        while len(events(stream)) < 3:
            await asyncio.sleep(0.01)

    assert {event["event"] for event in events(stream)} == {"progress"}


def test_a_preview_goes_to_the_output_and_its_summary_to_the_person() -> None:
    terminal, output = io.StringIO(), io.StringIO()
    report = ConsoleReport(Console(file=terminal, width=200), output, quiet=True)

    report.would("new", "a.jpg")
    report.ended(Options(Path("x"), "photos", dry_run=True), Tally(to_do=1, walked=True), Failures("photos"), 1.0)

    assert output.getvalue() == "new\ta.jpg\n"
    assert terminal.getvalue() == "Nothing was changed: 1 new or changed files would be read, 0 are unchanged.\n"
