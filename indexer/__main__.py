"""`python -m indexer FOLDER`: the command, and the only place that joins the parts."""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grpc_runtime.telemetry import begin_request
from indexer.clients import EmbedderClient, SearchClient
from indexer.errors import EXIT_INTERRUPTED, IndexerError, SetupTrouble
from indexer.failure_lines import FailureLines
from indexer.options import Options
from indexer.report import ConsoleReport, JsonReport, Report
from indexer.round import Round
from indexer.scope import parse_shard
from indexer.selection import read_selection
from indexer.thumbnails import ThumbnailWriter
from indexer.watch import watch as watch_folder
from pictures.object_store import is_store_url

_MAX_SOURCE_BYTES = 200

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(
    epilog="Exit codes: 0 all is indexed; 1 the folder or a request can't be used; 2 unknown option; 3 finished, but "
    "some files could not be read; 4 a service did not answer; 5 the index is of another model; 6 the rebuild is not "
    "finished; 7 a service needs a person to act; 130 interrupted. What was written stays in every case."
)
def index(
    folder: Annotated[
        str,
        typer.Argument(
            help="The folder with the photos, searched at any depth; or its address in an object store: "
            "s3://BUCKET/PATH (with AWS_ENDPOINT_URL for servers that speak like S3), gs:// or az://."
        ),
    ],
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
    shard: Annotated[
        str,
        typer.Option(
            metavar="INDEX/COUNT",
            help="Only one of several parts without overlap, counted from 0: 0/4 to 3/4 side by side do the whole.",
        ),
    ] = "",
    exclude: Annotated[
        list[str],
        typer.Option(
            metavar="PATTERN", help="Pass over what matches, in the syntax of .gitignore. May be given several times."
        ),
    ] = [],  # noqa: B006 typer copies it
    exclude_from: Annotated[list[Path], typer.Option(metavar="FILE", help="The same, for each line of a file.")] = [],  # noqa: B006
    hidden: Annotated[bool, typer.Option("--hidden", help="Take hidden files and folders too.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try files that failed before again, although they are the same.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only list what is new, changed and gone. Needs no embedder."),
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and index what changes in the folder as it changes.")
    ] = False,
    thumbnails: Annotated[
        str,
        typer.Option(
            metavar="FOLDER|URL",
            help="Write the thumbnail of each new or changed photo there, for the gateway (GATEWAY_THUMBNAILS).",
        ),
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, only what went wrong and the summary.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Tell all that happens as JSON objects, one a line, on standard output.")
    ] = False,
) -> None:
    """Index the photos of a folder: new, changed and moved ones; what is unchanged is not embedded again."""
    report: Report = JsonReport(sys.stdout) if json else ConsoleReport(Console(stderr=True), sys.stdout, quiet=quiet)
    try:
        options = Options(
            folder=folder if is_store_url(folder) else Path(folder),
            wait_seconds=wait,
            thumbnails=thumbnails,
            source=source or _default_source(folder),
            prune=prune,
            rebuild=rebuild or restart_rebuild,
            restart_rebuild=restart_rebuild,
            drop_missing_sources=drop_missing_sources,
            allow_missing=allow_missing,
            with_location=not no_location,
            readers=readers,
            retry_failed=retry_failed,
            dry_run=dry_run,
            watch=watch,
            shard=parse_shard(shard) if shard else None,
            selection=read_selection(exclude, exclude_from, hidden=hidden),
        )
        options.check()
        _check_source(options.source)
        with FailureLines(failures) as lines:
            code = asyncio.run(_index(options, _Targets(embedder, search), report, lines))
    except IndexerError as error:
        report.warn(str(error))
        code = error.exit_code
    raise typer.Exit(code)


@dataclass(frozen=True)
class _Targets:
    """Where the services are, as HOST:PORT."""

    embedder: str
    search: str


async def _index(options: Options, targets: _Targets, report: Report, lines: FailureLines) -> int:
    begin_request(None)
    embedder, search = EmbedderClient(targets.embedder), SearchClient(targets.search)
    async with embedder.channel, search.channel:
        thumbnails = ThumbnailWriter.telling(options.thumbnails, report.warn) if options.thumbnails else None
        index = Round(options, embedder, search, report, lines, thumbnails).go
        work = watch_folder(Path(options.folder), options.selection, index, report) if options.watch else index()
        running = asyncio.ensure_future(work)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        try:
            return await running
        except asyncio.CancelledError:
            report.warn("Interrupted. What was written stays; run the indexer again and it goes on.")
            return EXIT_INTERRUPTED


def _default_source(folder: str) -> str:
    if is_store_url(folder):
        return folder.rstrip("/").rpartition("/")[2]
    return os.fsencode(os.path.realpath(folder)).rpartition(b"/")[2].decode("utf-8", "replace") or "photos"


def _check_source(source: str) -> None:
    if not source.strip() or not source.isprintable() or len(source.encode("utf-8", "replace")) > _MAX_SOURCE_BYTES:
        raise SetupTrouble(
            f"{source!a} can't be a source's name. Name it with --source: letters, at most {_MAX_SOURCE_BYTES} bytes."
        )


if __name__ == "__main__":
    sys.exit(app())
