"""`python -m indexer FOLDER`: the command, and the only place that joins the parts."""

import asyncio
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grpc_runtime.telemetry import begin_request
from indexer import progress
from indexer.clients import EmbedderClient, SearchClient
from indexer.errors import EXIT_INTERRUPTED, IndexerError, SetupTrouble
from indexer.options import Options
from indexer.patience import Patience
from indexer.pipeline import Services
from indexer.run import Run
from indexer.tally import Failures, Tally

_MAX_SOURCE_BYTES = 200

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(
    epilog="Exit codes: 0 all is indexed; 1 the folder or a request can't be used; 2 unknown option; 3 finished, but "
    "some files could not be read; 4 a service did not answer; 5 the index is of another model; 6 the rebuild is not "
    "finished; 7 a service needs a person to act; 130 interrupted. What was written stays in every case."
)
def index(
    folder: Annotated[Path, typer.Argument(help="The folder with the photos, searched at any depth.")],
    *,
    source: Annotated[
        str,
        typer.Option(
            help="The name of this photo root in the index. Default: the folder's own name; two folders of the "
            "same name need different ones.",
        ),
    ] = "",
    embedder: Annotated[str, typer.Option(metavar="HOST:PORT", help="The embedder service.")] = "127.0.0.1:50051",
    search: Annotated[str, typer.Option(metavar="HOST:PORT", help="The search service.")] = "127.0.0.1:50052",
    prune: Annotated[
        bool,
        typer.Option(
            "--prune",
            help="Remove from the index what is gone from this folder (never a file). Most of a source (more than "
            "half, and more than 10 photos) only with --allow-missing.",
        ),
    ] = False,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="Write everything into the next index; it replaces the present one when done."),
    ] = False,
    restart_rebuild: Annotated[
        bool, typer.Option("--restart-rebuild", help="As --rebuild, but drop a rebuild that is under way.")
    ] = False,
    drop_missing_sources: Annotated[
        bool,
        typer.Option("--drop-missing-sources", help="End the rebuild even if it lacks sources that the index has."),
    ] = False,
    allow_missing: Annotated[
        bool,
        typer.Option(
            "--allow-missing",
            help="Prune, or end a rebuild, although most photos of the source are gone from the folder, or folders or "
            "files that the index has can't be read.",
        ),
    ] = False,
    no_location: Annotated[
        bool, typer.Option("--no-location", help="Leave out where photos were taken, for what this run writes.")
    ] = False,
    failures: Annotated[
        Path | None,
        typer.Option(metavar="FILE.jsonl", help="Write what could not be indexed to this file, a JSON object a line."),
    ] = None,
    wait: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for a service that does not answer.")
    ] = 60.0,
    readers: Annotated[
        int, typer.Option(min=1, max=64, help="How many files are read and decoded at once. Default: one a core.")
    ] = min(os.cpu_count() or 2, 8),
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, only what went wrong and the summary.")] = False,
) -> None:
    """Index the photos of a folder: new, changed and moved ones; what is unchanged is not embedded again."""
    console = Console(stderr=True)
    options = Options(
        folder=folder,
        source=source or _default_source(folder),
        prune=prune,
        rebuild=rebuild or restart_rebuild,
        restart_rebuild=restart_rebuild,
        drop_missing_sources=drop_missing_sources,
        allow_missing=allow_missing,
        with_location=not no_location,
        readers=readers,
    )
    try:
        _check_source(options.source)
        with Failures(options.source, failures) as recorded:
            targets = _Targets(embedder, search, wait)
            code = asyncio.run(_index(options, targets, recorded, console, quiet=quiet))
    except IndexerError as error:
        _say(console, str(error))
        code = error.exit_code
    raise typer.Exit(code)


@dataclass(frozen=True)
class _Targets:
    """Where the services are, as HOST:PORT, and how many seconds to wait for them."""

    embedder: str
    search: str
    wait: float


async def _index(options: Options, targets: _Targets, failures: Failures, console: Console, *, quiet: bool) -> int:
    begin_request(None)
    tally = Tally()
    started = time.monotonic()

    def set_waiting(why: str) -> None:
        tally.waiting_for = why

    embedder_client, search_client = EmbedderClient(targets.embedder), SearchClient(targets.search)
    services = Services(embedder_client, search_client, lambda service: Patience(targets.wait, service, set_waiting))
    say = (lambda _: None) if quiet else (lambda message: _say(console, message))
    async with embedder_client.channel, search_client.channel:
        run = asyncio.ensure_future(Run(options, services, tally, failures, say).run())
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, run.cancel)
        try:
            if quiet:
                return await run
            async with progress.shown(console, tally, failures):
                return await run
        except asyncio.CancelledError:
            _say(console, "Interrupted. What was written stays; run the indexer again and it goes on.")
            return EXIT_INTERRUPTED
        finally:
            _report(console, options, tally, failures, time.monotonic() - started)


def _report(console: Console, options: Options, tally: Tally, failures: Failures, seconds: float) -> None:
    if failures.count:
        console.print(progress.failure_table(failures))
    if tally.walked and not tally.photos_found:
        _say(console, progress.nothing_found(os.fsencode(options.folder).decode("utf-8", "replace"), tally))
    elif tally.photos_found or tally.gone:
        _say(console, progress.summary(tally, failures, seconds))


def _say(console: Console, message: str) -> None:
    console.print(message, markup=False, highlight=False, soft_wrap=True)


def _default_source(folder: Path) -> str:
    return os.fsencode(os.path.realpath(folder)).rpartition(b"/")[2].decode("utf-8", "replace") or "photos"


def _check_source(source: str) -> None:
    if not source.strip() or not source.isprintable() or len(source.encode("utf-8", "replace")) > _MAX_SOURCE_BYTES:
        raise SetupTrouble(
            f"{source!a} can't be a source's name. Name it with --source: letters, at most {_MAX_SOURCE_BYTES} bytes."
        )


if __name__ == "__main__":
    sys.exit(app())
