"""Prometheus metrics of a gRPC server."""

from prometheus_client import Counter, Histogram, start_http_server

from grpc_runtime.ports import PortUnavailable

HANDLED = Counter("grpc_server_handled_total", "Calls that ended, by method and status code.", ["method", "code"])
HANDLING_SECONDS = Histogram(
    "grpc_server_handling_seconds",
    "How long calls took, streams included, by method.",
    ["method"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


def serve_metrics(host: str, port: int, setting: str) -> None:
    """Answers GET /metrics on a port of its own; port 0 turns it off. `setting` is where the port comes from.

    Raises PortUnavailable with a sentence that says what to do.
    """
    if not port:
        return
    try:
        start_http_server(port, addr=host)
    except OSError as error:
        raise PortUnavailable(
            f"Can't serve metrics on {host}:{port} ({error.strerror}). Set {setting} to another port, or to 0 for none."
        ) from error
