"""Starts the search service: python -m search_service. Or measures its index: python -m search_service tune"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import uvloop

from grpc_runtime.errors import ServiceError
from grpc_runtime.metrics import serve_metrics
from grpc_runtime.ports import PortUnavailable
from grpc_runtime.server import Server
from grpc_runtime.settings import InvalidSettings, read_settings
from grpc_runtime.telemetry import configure_logging
from imagesearch.search.v1.search_pb2_grpc import add_SearchServiceServicer_to_server
from search_service.config import Settings
from search_service.elastic_config import ElasticSettings
from search_service.images import Window
from search_service.readiness import reporting_readiness
from search_service.service import SERVICE_NAME, SearchService
from search_service.tune_command import add_arguments, tune

# The engines take seconds to import: only the chosen one is.
if TYPE_CHECKING:
    from search_service.elastic import ElasticImages
    from search_service.embedded import EmbeddedImages
    from search_service.original import OriginalImages


async def serve(settings: Settings, elastic: ElasticSettings | None) -> None:
    """Serves until SIGTERM or SIGINT, with `elastic` from Elasticsearch. Raises PortUnavailable or ServiceError."""
    images = _open_elastic(elastic) if elastic else await _open_embedded(settings)
    try:
        serve_metrics(settings.host, settings.metrics_port, "SEARCH_METRICS_PORT")
        server = Server(f"{settings.host}:{settings.port}", [SERVICE_NAME], drain_seconds=settings.drain_seconds)
        window = Window(settings.window, elastic.num_candidates if elastic else settings.candidates)
        add_SearchServiceServicer_to_server(SearchService(images, images.failures, window), server.grpc)
        async with server, reporting_readiness(images, images.failures, server.set_serving):
            await server.run_until_stopped()
    finally:
        await images.close()


def _open_elastic(elastic: ElasticSettings) -> ElasticImages | OriginalImages:
    if elastic.original_index:
        from search_service.original import OriginalImages  # noqa: PLC0415

        return OriginalImages(elastic)
    from search_service.elastic import ElasticImages  # noqa: PLC0415

    return ElasticImages(elastic)


async def _open_embedded(settings: Settings) -> EmbeddedImages:
    from search_service.embedded import EmbeddedImages  # noqa: PLC0415
    from search_service.embedded_store import EmbeddedOptions  # noqa: PLC0415

    options = EmbeddedOptions(
        vector_index_from=settings.embedded_vector_index_from, cache_bytes=settings.embedded_cache_bytes
    )
    return await EmbeddedImages.open(settings.embedded_path, options)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m search_service", description="Without a command it serves.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    add_arguments(commands.add_parser("tune", help="measure the index in Elasticsearch and propose settings"))
    return parser.parse_args()


def main() -> int:
    """Runs the service, or the command that is given. Returns the exit code."""
    arguments = _parsed()
    tuning = arguments.command == "tune"
    try:
        settings = read_settings(Settings)
        elastic = read_settings(ElasticSettings) if settings.uses_elasticsearch else None
    except InvalidSettings as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    configure_logging(settings.log_format, "warning" if tuning else settings.log_level)
    try:
        if tuning:
            return uvloop.run(tune(arguments, elastic, settings.window))
        uvloop.run(serve(settings, elastic))
    except (PortUnavailable, ServiceError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
