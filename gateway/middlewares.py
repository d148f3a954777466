"""What happens around every request: its id, the log, the metrics, errors as problems, and the headers of safety."""

import asyncio
import time
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from types import MappingProxyType

import structlog
from aiohttp import web
from aiohttp.hdrs import METH_ALL
from aiohttp.typedefs import Handler

from gateway import metrics
from gateway.app_keys import CONFIG, STOPPING
from gateway.problems import http_problem, problem_of
from grpc_runtime.errors import ServiceError
from grpc_runtime.telemetry import REQUEST_ID_HEADER, begin_request, current_request_id

_log = structlog.stdlib.get_logger("http")

# The page's scripts and styles are its own files, its pictures come from here or from what a person dropped.
SECURITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' blob: data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
)

_CLIENT_GONE = 499
# These poll: a line for each would drown the rest.
_QUIET_ROUTES = frozenset({"/livez", "/readyz", "/metrics"})


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gives the request its id and writes down how it ended."""
    begin_request(request.headers.get(REQUEST_ID_HEADER))
    started = time.perf_counter()
    status = _CLIENT_GONE
    try:
        response = await handler(request)
        status = response.status
        if request.app[STOPPING].is_set():
            response.force_close()
        return response
    finally:
        _note(request, status, time.perf_counter() - started)


@web.middleware
async def errors_as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers every error with a problem."""
    try:
        return await handler(request)
    except ServiceError as error:
        return problem_of(error)
    except web.HTTPRequestEntityTooLarge as error:
        return http_problem(error.status, error.text or "The body is too large.")
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        return http_problem(error.status, f"{request.path} allows {allowed}.", {"Allow": allowed})
    except web.HTTPNotFound as error:
        return http_problem(error.status, f"There is nothing at {request.path}.")
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return http_problem(error.status, error.text or error.reason)
    except (ConnectionError, asyncio.CancelledError):
        raise
    except Exception:
        _log.exception("the request failed", path=request.rel_url.raw_path)
        return http_problem(500, f"The gateway failed. Its log says more under request id {current_request_id()}.")


@web.middleware
async def known_hosts(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses a foreign name of this machine while it listens for itself alone, or where its names are told.

    Else any page on the web could let its own name point here, and read the photos with its visitor's browser
    (DNS rebinding).
    """
    config = request.app[CONFIG]
    host = request.headers.get("Host", "localhost")
    if config.checks_names and not _is_known(host, config.host_names):
        return http_problem(421, f"This gateway does not go by the name {host}. GATEWAY_ALLOWED_HOSTS can add it.")
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Sets what every response carries."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = current_request_id()
    response.headers.popall("Server", None)
    response.headers.setdefault("Cache-Control", "no-store" if request.path.startswith("/api/") else "no-cache")


def _is_known(host: str, names: Collection[str]) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    if name.lower() in names:
        return True
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _note(request: web.Request, status: int, seconds: float) -> None:
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "none"
    method = request.method if request.method in METH_ALL else "other"
    metrics.REQUESTS.labels(method, route, str(status)).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(seconds)
    if route in _QUIET_ROUTES:
        return
    # Still encoded: a decoded path could hold a line of its own.
    _log.info("request", method=method, path=request.rel_url.raw_path, status=status, ms=round(seconds * 1000, 1))
