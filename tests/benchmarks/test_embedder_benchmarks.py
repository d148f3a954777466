"""The embedder's benchmarks run, small and with the built-in model, and print whole tables. No time is asserted."""

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app

_CONCEPT = ("--model", "concept", "--cache-dir", ".pytest_cache/d/concept")
_SMALL = {
    "embedder-indexing": ("--count", "2", "--seed-photos", "0", "--rounds", "1", "--precision", "auto", "--cores", "0"),
    "embedder-serving": ("--callers", "2", "--seconds", "0.2", "--rounds", "1", "--precision", "auto"),
    "embedder-priority": ("--texts", "3", "--pause", "0", "--warm-up", "0.2", "--precision", "auto"),
    "embedder-overload": ("--kind", "text", "--times", "1", "--seconds", "0.5", "--capacity-seconds", "0.2"),
    "embedder-query": ("--count", "100", "--queries", "2", "--precision", "auto"),
    "embedder-stream": ("--count", "40"),
}


def _tables(output: str) -> list[list[list[str]]]:
    """The cells of each row of each table."""
    tables: list[list[list[str]]] = []
    previous = ""
    for line in output.splitlines():
        if line.startswith("|"):
            if not previous.startswith("|"):
                tables.append([])
            tables[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        previous = line
    return tables


@pytest.mark.parametrize("name", _SMALL)
def test_it_prints_tables_whose_rows_have_all_columns(name: str) -> None:
    result = CliRunner().invoke(app, [name, *_CONCEPT, *_SMALL[name]])

    assert result.exit_code == 0, result.output
    tables = _tables(result.output)
    assert tables
    for heading, _, *rows in tables:
        assert rows
        assert {len(row) for row in rows} == {len(heading)}


def test_a_precision_that_there_is_not_is_a_sentence() -> None:
    result = CliRunner().invoke(app, ["embedder-priority", *_CONCEPT, "--precision", "fp31"])

    assert result.exit_code == 2
    assert "fp31" in result.output
