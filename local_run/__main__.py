"""`make run`: starts search, embedder and gateway, indexes the photos, and serves the page until Ctrl-C."""

import asyncio
import signal
import sys
from functools import partial
from pathlib import Path

from grpc_runtime.settings import InvalidSettings, read_settings
from local_run.checks import check_data_folder, check_ports, only_run_on
from local_run.config import LOCALHOST, LocalRunConfig
from local_run.errors import CannotRun
from local_run.photos import SAMPLES_SOURCE, Sources, check_folder, copy_samples
from local_run.processes import Supervisor
from local_run.services import answers, answers_http, read_index_model, serves

# Exit codes of the indexer (docs/indexer.md).
REBUILD_UNFINISHED = 6
NEEDS_A_PERSON = 7


def say(message: str) -> None:
    """Prints a line for the person at the terminal."""
    print(message, flush=True)  # noqa: T201


async def run(config: LocalRunConfig, stop: asyncio.Event) -> None:
    """Runs everything until `stop` is set. Raises CannotRun if a part can't be started or kept running."""
    if config.photos is not None:
        check_folder(config.photos.expanduser())
    data = config.data.absolute() if config.photos is not None else config.data.absolute() / SAMPLES_SOURCE
    check_data_folder(data)
    with only_run_on(data):
        check_ports(config.ports)
        (data / "logs").mkdir(exist_ok=True)
        await _run(config, data, stop)


async def _run(config: LocalRunConfig, data: Path, stop: asyncio.Event) -> None:
    sources = Sources(data / "sources.json")
    source = _register_photos(config, data, sources)
    page = f"http://{_shown_host(config.gateway_host)}:{config.gateway_port}/"
    async with Supervisor(data / "logs", say) as supervisor:
        starting = asyncio.create_task(_start_services(config, supervisor, data, page))
        if not await _finished_before(starting, stop):
            say("Stopping ...")
            return
        say(f"The page is at {page} (logs: {data / 'logs'})")
        failing = asyncio.create_task(supervisor.failure())
        indexing = asyncio.create_task(_index(config, sources, source))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({indexing, failing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if indexing.done():
            indexed = await indexing
            problem = "" if indexed else "Not all is indexed; the lines above say why. "
            say(f"{problem}Search your photos at {page} - Ctrl-C stops.")
        await asyncio.wait({failing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await _cancel(indexing)
        if failing.done():
            raise await failing
        say("Stopping ...")


def _register_photos(config: LocalRunConfig, data: Path, sources: Sources) -> str:
    if config.photos is not None:
        return sources.register(config.photos.expanduser())
    folder = copy_samples(data / SAMPLES_SOURCE)
    say("No folder was named: showing sample photos, in an index of their own. Yours: make run PHOTOS=~/Pictures")
    return sources.register(folder)


async def _start_services(config: LocalRunConfig, supervisor: Supervisor, data: Path, page: str) -> None:
    """Starts all three; search comes first, since the index says which model the embedder must take."""
    search = f"{LOCALHOST}:{config.search_port}"
    embedder = f"{LOCALHOST}:{config.embedder_port}"
    say("Starting the search service, the embedder and the gateway ...")
    await supervisor.start(
        "search_service",
        {"SEARCH_HOST": LOCALHOST, "SEARCH_PORT": str(config.search_port)},
        ready=partial(serves, search),
        defaults={"SEARCH_EMBEDDED_PATH": str(data / "index"), "SEARCH_METRICS_PORT": "0"},
    )
    index_model = "" if config.rebuild else await read_index_model(search)
    await supervisor.start(
        "embedder_service",
        {
            "EMBEDDER_HOST": LOCALHOST,
            "EMBEDDER_PORT": str(config.embedder_port),
            "EMBEDDER_MODEL": config.embedder_model,
            "EMBEDDER_INDEX_MODEL": index_model,
        },
        ready=partial(answers, embedder),
        defaults={"EMBEDDER_CACHE_DIR": str(config.data.absolute() / "models"), "EMBEDDER_METRICS_PORT": "0"},
    )
    await supervisor.start(
        "gateway",
        {"GATEWAY_EMBEDDER": embedder, "GATEWAY_SEARCH": search, "GATEWAY_SOURCES_FILE": str(data / "sources.json")},
        ready=partial(answers_http, f"{page}livez"),
        defaults={"GATEWAY_CACHE_DIR": str(data / "cache")},
    )


async def _index(config: LocalRunConfig, sources: Sources, source: str) -> bool:
    """Indexes the source; for a rebuild every known one: with the last, the next index takes the old one's place.

    Returns whether all went well.
    """
    known = sources.read()
    names = [name for name in known if known[name].is_dir()] if config.rebuild else [source]
    went_well = True
    for name in names:
        code = await _run_indexer(config, known[name], name)
        if code == NEEDS_A_PERSON:
            raise CannotRun("Nothing can be searched like this; the message above says why.")
        if code == REBUILD_UNFINISHED and name != names[-1]:
            say("The rebuild goes on with the next source.")
        elif code != 0:
            went_well = False
    return went_well


async def _run_indexer(config: LocalRunConfig, folder: Path, source: str) -> int:
    options = ["--rebuild"] if config.rebuild else ["--prune"] if config.prune else []
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "indexer", str(folder), "--source", source, *options),
        *("--embedder", f"{LOCALHOST}:{config.embedder_port}", "--search", f"{LOCALHOST}:{config.search_port}"),
    )
    try:
        return await process.wait()
    except asyncio.CancelledError:  # Ctrl-C reached the indexer as well: it ends by itself
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.wait()
        raise


async def _finished_before(task: asyncio.Task[None], stop: asyncio.Event) -> bool:
    """Whether the task ended before `stop` was set; if not, it is cancelled. What the task raises is raised."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    await _cancel(stopping)
    if task.done():
        await task
        return True
    await _cancel(task)
    return False


async def _cancel(task: asyncio.Task[None] | asyncio.Task[bool]) -> None:
    task.cancel()
    await asyncio.wait({task})


def _shown_host(host: str) -> str:
    return "localhost" if host in ("", "0.0.0.0", "::", LOCALHOST) else host


async def main() -> int:
    """Runs until Ctrl-C or SIGTERM. Returns the exit code."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await run(read_settings(LocalRunConfig), stop)
    except (CannotRun, InvalidSettings) as error:
        print(f"\n{error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
