"""`python -m embedder_service`: runs the embedder; the settings are in config.py.

`python -m embedder_service fetch` fetches the model into the cache, tries it out, works its fastest form out and ends:
for images and volumes that are to hold them before a service starts. Exit code 2: the model is there, but no form could
be worked out, so each service that starts with it will try that anew.

`python -m embedder_service check [--model M]` prints how fast and how true each form of a model is.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import uvloop

from embedder_service.batching.batcher import BatchLimits
from embedder_service.choose import AUTO, CONCEPT, Loaders, ModelRequest, load_model
from embedder_service.config import Settings
from embedder_service.cores import usable_cores
from embedder_service.embedder import Embedder, EmbedderLimits
from embedder_service.encoder import LoadedModel, Report
from embedder_service.errors import ModelFailed
from embedder_service.forms.cache import unwritable
from embedder_service.forms.process import WORK_OUT_FORMS, run_job
from embedder_service.forms.verdict import FormOptions
from embedder_service.hub import HuggingFaceHub
from embedder_service.model_host import ModelHost
from embedder_service.service import SERVICE_NAME, EmbedderService
from embedder_service.sources import DEFAULT_PRESET, ModelSource, at_hand, locate
from grpc_runtime.metrics import serve_metrics
from grpc_runtime.ports import PortUnavailable
from grpc_runtime.server import Server
from grpc_runtime.settings import InvalidSettings, read_settings
from grpc_runtime.telemetry import configure_logging
from imagesearch.embedder.v1 import embedder_pb2_grpc
from pictures.limits import DEFAULT_LIMITS, Limits

EXIT_WITHOUT_FORM = 2


def main() -> None:
    """Runs until SIGTERM or SIGINT, or until the model is fetched. Exit code 1: it failed; stderr says why."""
    parser = argparse.ArgumentParser(prog="python -m embedder_service", description="The settings are EMBEDDER_....")
    parser.add_argument("command", nargs="?", choices=["serve", "fetch", "check", WORK_OUT_FORMS], default="serve")
    parser.add_argument("--model", help="With check: as EMBEDDER_MODEL.")
    arguments = parser.parse_args()
    run = {"serve": _serve, "fetch": _fetch, "check": _check, WORK_OUT_FORMS: _work_out_forms}[arguments.command]
    if arguments.model:
        os.environ["EMBEDDER_MODEL"] = arguments.model
    try:
        settings = read_settings(Settings)
        configure_logging(settings.log_format, settings.log_level)
        uvloop.run(run(settings))
    except (InvalidSettings, PortUnavailable, ModelFailed) as error:
        sys.exit(f"{error}")


async def _fetch(settings: Settings) -> None:
    host = _host(settings)
    if not await host.load():
        raise ModelFailed(host.status.detail)
    whole = await host.settled()
    await host.close()
    if not whole and host.status.card:
        sys.stderr.write(f"The model is fetched. {host.status.card.form_detail}\n")
        sys.exit(EXIT_WITHOUT_FORM)


async def _work_out_forms(settings: Settings) -> None:
    run_job()


async def _check(settings: Settings) -> None:
    from embedder_service.forms.check_command import check_forms, check_only_form  # noqa: PLC0415 takes seconds

    hub = _hub(settings)
    model = settings.model
    if model == AUTO:
        model = DEFAULT_PRESET if at_hand(DEFAULT_PRESET, hub) else CONCEPT
    if model == CONCEPT:
        lines = check_only_form(_concept(settings, _silent).encoder)
    else:
        lines = check_forms(locate(model, settings.text_model, hub, _silent), _form_options(settings))
    for line in _or_unwritable(lines, settings.cache_dir):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _or_unwritable(lines: Iterator[str], folder: Path) -> Iterator[str]:
    try:
        yield from lines
    except OSError as error:
        raise ModelFailed(f"{unwritable(folder, error)} Set EMBEDDER_CACHE_DIR to a folder that can.") from error


async def _serve(settings: Settings) -> None:
    host = _host(settings)
    server = Server(f"{settings.host}:{settings.port}", [SERVICE_NAME], drain_seconds=settings.drain_seconds)
    embedder_pb2_grpc.add_EmbedderServiceServicer_to_server(EmbedderService(host, _limits(settings)), server.grpc)
    serve_metrics(settings.host, settings.metrics_port, "EMBEDDER_METRICS_PORT")
    async with server:
        loading = asyncio.create_task(_load_and_report(host, server))
        await server.run_until_stopped()
    loading.cancel()
    await host.close()


async def _load_and_report(host: ModelHost, server: Server) -> None:
    await server.set_serving(await host.load())


def _host(settings: Settings) -> ModelHost:
    limits = _limits(settings)
    return ModelHost(settings.model, _loader(settings), lambda encoder: Embedder(encoder, limits))


def _loader(settings: Settings) -> Callable[[Report], LoadedModel]:
    request = ModelRequest(settings.model, settings.text_model, settings.index_model)
    hub = _hub(settings)

    # The libraries behind a model take seconds to import: only those of the chosen one are, while the service answers.
    def clip(source: ModelSource, report: Report) -> LoadedModel:
        from embedder_service.clip.served import load_served_clip  # noqa: PLC0415

        return load_served_clip(source, settings.device, _form_options(settings), report)

    def concept(report: Report) -> LoadedModel:
        return _concept(settings, report)

    def load(report: Report) -> LoadedModel:
        return load_model(request, hub, Loaders(clip, concept), report)

    return load


def _concept(settings: Settings, report: Report) -> LoadedModel:
    from embedder_service.concept.encoder import load_concept  # noqa: PLC0415

    return LoadedModel(load_concept(settings.cache_dir, _threads(settings), report, settings.bundled_dir))


def _hub(settings: Settings) -> HuggingFaceHub:
    bundled = settings.bundled_dir / "hub" if settings.bundled_dir else None
    return HuggingFaceHub(timeout=settings.hub_timeout, bundled_dir=bundled)


def _form_options(settings: Settings) -> FormOptions:
    return FormOptions(settings.precision, settings.cache_dir, _threads(settings), settings.bundled_dir)


def _threads(settings: Settings) -> int:
    return settings.threads or usable_cores()


def _silent(detail: str, progress: float) -> None:
    pass


def _limits(settings: Settings) -> EmbedderLimits:
    return EmbedderLimits(
        batches=BatchLimits(settings.max_text_batch, settings.max_image_batch, settings.max_batch_seconds),
        max_text_bytes=settings.max_text_bytes,
        max_wait_seconds=settings.max_wait_seconds,
        max_call_bytes=settings.max_call_bytes,
        max_stream_bytes=settings.max_stream_bytes,
        max_unanswered_images=settings.max_unanswered_images,
        decode_threads=settings.decode_threads or usable_cores(),
        max_decode_bytes=settings.max_decode_bytes,
        text_cache_entries=settings.text_cache_entries,
        pictures=Limits(settings.max_image_bytes, DEFAULT_LIMITS.max_pixels, DEFAULT_LIMITS.max_frames),
    )


if __name__ == "__main__":
    main()
