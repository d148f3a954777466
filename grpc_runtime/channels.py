"""How this project's processes connect: message sizes, keepalive and retries, in one place."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import grpc

from grpc_runtime.interceptors import client_interceptors

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
KEEPALIVE_SECONDS = 30
DEFAULT_TIMEOUT_SECONDS = 30.0

# A channel option of grpc: its name and value.
Option = tuple[str, Any]

# Both sides must agree on the pace, or the server takes the client's pings for an attack and ends the connection.
_PINGS: Sequence[Option] = (
    ("grpc.keepalive_time_ms", KEEPALIVE_SECONDS * 1000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)
_SIZES: Sequence[Option] = (
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
)


def server_options(connection_age_seconds: float) -> Sequence[Option]:
    """What a server's options are. A connection of that age is closed once its calls have ended."""
    return (
        *_SIZES,
        *_PINGS,
        # Without reuseport a second server on the same port fails at once instead of taking half of the calls.
        ("grpc.so_reuseport", 0),
        ("grpc.http2.min_ping_interval_without_data_ms", KEEPALIVE_SECONDS * 1000 // 2),
        ("grpc.max_connection_age_ms", round(connection_age_seconds * 1000)),
    )


def open_channel(
    target: str,
    *,
    idempotent: Mapping[str, Sequence[str]],
    default_timeout: float = DEFAULT_TIMEOUT_SECONDS,
    waits: bool = False,
) -> grpc.aio.Channel:
    """A channel to HOST:PORT, balanced over all addresses of the host.

    `idempotent` names, for each full service name, the unary methods that are tried again when the server is
    unavailable; with `waits` they wait for a server that restarts, until their deadline. Nothing is connected before
    the first call.
    """
    options: list[Option] = [
        *_SIZES,
        *_PINGS,
        ("grpc.service_config", json.dumps(_service_config(idempotent, waits=waits))),
        # A server that comes back after a restart is found within this time instead of the default's two minutes.
        ("grpc.max_reconnect_backoff_ms", 2_000),
        # The default's 30 seconds would hide a new replica for as long, though servers let clients ask sooner.
        ("grpc.dns_min_time_between_resolutions_ms", 1_000),
    ]
    return grpc.aio.insecure_channel(target, options=options, interceptors=client_interceptors(default_timeout))


def _service_config(idempotent: Mapping[str, Sequence[str]], *, waits: bool) -> dict[str, Any]:
    names = [{"service": service, "method": method} for service, methods in idempotent.items() for method in methods]
    policy = {
        "maxAttempts": 4,
        "initialBackoff": "0.1s",
        "maxBackoff": "2s",
        "backoffMultiplier": 2,
        # CANCELLED is what a call gets that reached a server in the moment of its end.
        "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
    }
    return {
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [{"name": names, "retryPolicy": policy, "waitForReady": waits}] if names else [],
    }
