"""How object stores' servers are talked to: timeouts, proxies and the like, from the environment as far as it tells."""

import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from obstore.store import ClientConfig

# By scheme: how the names of its variables begin, and which of them hold the address of another server.
_PREFIXES = {"s3": "AWS_", "gs": "GOOGLE_", "az": "AZURE_"}
_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}
_CREDENTIALS = {
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"),
    "gs": (),
    "az": (),
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
_HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]+)?", re.ASCII | re.IGNORECASE)
_PATH = re.compile(r"[!-~]*", re.ASCII)


def client_options(scheme: str, silence_seconds: float, request_seconds: float) -> "ClientConfig":
    """Options for the store of a scheme (s3, gs or az), whose server may say nothing, and answer, for so long.

    Raises ValueError, whose text is the end of a sentence, if a variable holds what the library panics at.
    """
    _check_environment(scheme)
    options: dict[str, object] = {
        "connect_timeout": _CONNECT,
        "read_timeout": timedelta(seconds=silence_seconds),
        "timeout": timedelta(seconds=request_seconds),
        "allow_http": any(os.environ.get(name, "").lower().startswith("http://") for name in _ENDPOINTS[scheme]),
    }
    for name in _FROM_ENVIRONMENT:
        if value := os.environ.get(_PREFIXES[scheme] + name.upper()):
            options[name] = value
    return cast("ClientConfig", options)


def _check_environment(scheme: str) -> None:
    for name in _ENDPOINTS[scheme]:
        if name in os.environ and not _is_server(os.environ[name]):
            raise ValueError(f"{name} is no address of a server, such as http://minio:9000; correct it or unset it")
    for name in _CREDENTIALS[scheme]:
        if any(ord(char) < ord(" ") for char in os.environ.get(name, "")):
            raise ValueError(f"{name} holds a line break or another control character; take it out")


def _is_server(address: str) -> bool:
    try:
        parts = urlsplit(address)
        is_plain = bool(_HOST.fullmatch(parts.netloc)) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    return is_plain and parts.scheme in {"http", "https"} and bool(_PATH.fullmatch(address.partition("//")[2]))
