"""`python -m benchmarks [NAME ...]`."""

from collections.abc import Callable, Mapping
from typing import Any

import typer

from benchmarks import elastic_index, embedded_index, recall
from benchmarks.embedder import indexing, overload, priority, query, serving, stream
from benchmarks.indexer import scale

# By name; each runs without arguments too.
BENCHMARKS: Mapping[str, Callable[..., Any]] = {
    "recall": recall.run,
    "embedded-index": embedded_index.run,
    "elasticsearch": elastic_index.run,
    "embedder-indexing": indexing.run,
    "embedder-serving": serving.run,
    "embedder-priority": priority.run,
    "embedder-overload": overload.run,
    "embedder-query": query.run,
    "embedder-stream": stream.run,
    "indexer-scale": scale.run,
}

app = typer.Typer(
    help="Measures this project and prints tables. Without a name, all benchmarks run.", add_completion=False
)
for name, benchmark in BENCHMARKS.items():
    app.command(name)(benchmark)


@app.callback(invoke_without_command=True)
def run_all(context: typer.Context) -> None:
    """Runs all benchmarks with their defaults, unless one is named."""
    if context.invoked_subcommand is None:
        for title, run in BENCHMARKS.items():
            typer.echo(f"== {title}")
            run()


if __name__ == "__main__":
    app()
