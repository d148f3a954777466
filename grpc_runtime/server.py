"""One way to run a gRPC server: health, reflection, and a SIGTERM that lets running calls finish."""

import asyncio
import signal
from types import TracebackType
from typing import Self

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from grpc_runtime.channels import server_options
from grpc_runtime.interceptors import CallInterceptor
from grpc_runtime.ports import PortUnavailable

_log = structlog.stdlib.get_logger("server")

# The name that the health service knows the process by, whatever its services can do: what a liveness probe asks for.
LIVENESS = "liveness"
CONNECTION_AGE_SECONDS = 10.0


class Server:
    """A gRPC server. Register services on `grpc`, enter it to start it, and wait with `run_until_stopped`.

    It reports NOT_SERVING, for the whole server and each service, until `set_serving(True)`; LIVENESS is SERVING from
    the start.
    """

    def __init__(
        self,
        address: str,
        service_names: list[str],
        *,
        drain_seconds: float = 20.0,
        connection_age_seconds: float = CONNECTION_AGE_SECONDS,
    ) -> None:
        """`address` is HOST:PORT (port 0: any free one); `service_names`: imagesearch.search.v1.SearchService, ....

        A connection of that age, give or take a tenth, gets no further calls; running ones go on. The client then asks
        anew for the addresses of the service, and finds replicas that came since.
        """
        self.grpc = grpc.aio.server(
            interceptors=[CallInterceptor()], options=list(server_options(connection_age_seconds))
        )
        self._address = address
        self._names = service_names
        self._drain_seconds = drain_seconds
        self._health = health.aio.HealthServicer()
        self._stop = asyncio.Event()
        self.port = 0
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self.grpc)
        reflection.enable_server_reflection(
            [*service_names, health.SERVICE_NAME, reflection.SERVICE_NAME],
            self.grpc,
        )

    async def __aenter__(self) -> Self:
        """Starts to listen. Raises PortUnavailable with a sentence that says what to do."""
        await self.set_serving(False)
        await self._health.set(LIVENESS, health_pb2.HealthCheckResponse.SERVING)
        try:
            self.port = self.grpc.add_insecure_port(self._address)
        except RuntimeError as error:
            raise PortUnavailable(
                f"Can't listen on {self._address}: the port is in use or not allowed. "
                "Stop the other program or choose another port."
            ) from error
        await self.grpc.start()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        _log.info("listening", address=self._address, port=self.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Reports NOT_SERVING, lets running calls finish for at most drain_seconds, and stops."""
        await self._health.enter_graceful_shutdown()
        _log.info("draining", seconds=self._drain_seconds)
        await self.grpc.stop(self._drain_seconds)
        _log.info("stopped")

    async def set_serving(self, serving: bool) -> None:
        """What the health service answers from now on."""
        kind = health_pb2.HealthCheckResponse
        status = kind.SERVING if serving else kind.NOT_SERVING
        for name in ("", *self._names):
            await self._health.set(name, status)

    async def run_until_stopped(self) -> None:
        """Returns after SIGTERM or SIGINT."""
        await self._stop.wait()
