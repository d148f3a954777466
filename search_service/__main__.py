"""Starts the search service: python -m search_service"""

import sys

import uvloop

from grpc_runtime.errors import ServiceError
from grpc_runtime.metrics import serve_metrics
from grpc_runtime.ports import PortUnavailable
from grpc_runtime.server import Server
from grpc_runtime.settings import InvalidSettings, read_settings
from grpc_runtime.telemetry import configure_logging
from imagesearch.search.v1.search_pb2_grpc import add_SearchServiceServicer_to_server
from search_service.config import Settings
from search_service.embedded import EmbeddedImages
from search_service.embedded_store import EmbeddedOptions
from search_service.images import Window
from search_service.service import SERVICE_NAME, SearchService


class CannotStart(Exception):
    """A setting or the machine does not allow the service to run. The text says what to do."""


async def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises CannotStart, PortUnavailable or ServiceError."""
    if settings.backend != "embedded":
        raise CannotStart(f"SEARCH_BACKEND={settings.backend} is not supported by this version. Use embedded.")
    options = EmbeddedOptions(
        vector_index_from=settings.embedded_vector_index_from, cache_bytes=settings.embedded_cache_bytes
    )
    images = await EmbeddedImages.open(settings.embedded_path, options)
    try:
        serve_metrics(settings.host, settings.metrics_port, "SEARCH_METRICS_PORT")
        server = Server(f"{settings.host}:{settings.port}", [SERVICE_NAME], drain_seconds=settings.drain_seconds)
        window = Window(settings.window, settings.candidates)
        add_SearchServiceServicer_to_server(SearchService(images, window), server.grpc)
        async with server:
            await server.set_serving(True)
            await server.run_until_stopped()
    finally:
        await images.close()


def main() -> int:
    """Runs the service. Returns the exit code."""
    try:
        settings = read_settings(Settings)
    except InvalidSettings as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    configure_logging(settings.log_format, settings.log_level)
    try:
        uvloop.run(serve(settings))
    except (CannotStart, PortUnavailable, ServiceError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
