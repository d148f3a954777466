"""How object stores' servers are talked to: timeouts, proxies and the like, from the environment as far as it tells."""

import os
from datetime import timedelta
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from obstore.store import ClientConfig

# By scheme: how the names of its variables begin, and which of them hold the address of another server.
_PREFIXES = {"s3": "AWS_", "gs": "GOOGLE_", "az": "AZURE_"}
_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}
# The library reads these from the environment only where it is given no options at all.
_FROM_ENVIRONMENT = (
    "allow_http",
    "allow_invalid_certificates",
    "connect_timeout",
    "http1_only",
    "http2_keep_alive_interval",
    "http2_keep_alive_timeout",
    "http2_keep_alive_while_idle",
    "http2_only",
    "pool_idle_timeout",
    "pool_max_idle_per_host",
    "proxy_ca_certificate",
    "proxy_excludes",
    "proxy_url",
    "randomize_addresses",
    "read_timeout",
    "root_certificate",
    "timeout",
    "user_agent",
)
_CONNECT = timedelta(seconds=5)
_SHORTEST_SILENCE = timedelta(seconds=5)
_LONGEST_SILENCE = timedelta(seconds=30)
# Large objects take long over slow lines. A server that says nothing any more is noticed by its silence.
_WHOLE_REQUEST = timedelta(days=1)


def client_options(scheme: str, wait_seconds: float) -> "ClientConfig":
    """Options for the store of a scheme (s3, gs or az), for one who waits so long."""
    silence = min(max(timedelta(seconds=wait_seconds), _SHORTEST_SILENCE), _LONGEST_SILENCE)
    options: dict[str, object] = {
        "connect_timeout": _CONNECT,
        "read_timeout": silence,
        "timeout": _WHOLE_REQUEST,
        "allow_http": any(os.environ.get(name, "").lower().startswith("http://") for name in _ENDPOINTS[scheme]),
    }
    for name in _FROM_ENVIRONMENT:
        if value := os.environ.get(_PREFIXES[scheme] + name.upper()):
            options[name] = value
    return cast("ClientConfig", options)
