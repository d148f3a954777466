"""Runs the gateway: python -m gateway."""

import asyncio
import signal
import sys

import structlog
import uvloop
from aiohttp import web

from gateway.app import init_app, make_runner
from gateway.app_keys import STOPPING
from gateway.config import Config
from gateway.picture_cache import CacheUnavailable
from gateway.written_thumbnails import ThumbnailsUnavailable
from grpc_runtime.ports import PortUnavailable
from grpc_runtime.settings import InvalidSettings, read_settings
from grpc_runtime.telemetry import configure_logging

_log = structlog.stdlib.get_logger("gateway")


async def serve(config: Config) -> None:
    """Serves until SIGTERM or SIGINT, then lets running requests finish. Raises what `main` names."""
    stop = asyncio.Event()
    app = init_app(config)
    runner = make_runner(app, config.drain_seconds)
    try:
        await runner.setup()
        site = web.TCPSite(runner, config.host, config.port, reuse_port=False)
        try:
            await site.start()
        except OSError as error:
            raise PortUnavailable(
                f"Can't listen on {config.host}:{config.port}: {error.strerror or error}. "
                "Stop the other program or set GATEWAY_PORT to another port."
            ) from error
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        _log.info("listening", host=config.host, port=runner.addresses[0][1])
        await stop.wait()
        _log.info("draining", seconds=config.linger_seconds + config.drain_seconds)
        app[STOPPING].set()
        await asyncio.sleep(config.linger_seconds)
    finally:
        await runner.cleanup()


def main() -> int:
    """The exit code: 0 after a signal, 1 if the gateway can't start."""
    try:
        config = read_settings(Config)
    except InvalidSettings as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    configure_logging(config.log_format, config.log_level)
    try:
        uvloop.run(serve(config))
    except (PortUnavailable, CacheUnavailable, ThumbnailsUnavailable) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
