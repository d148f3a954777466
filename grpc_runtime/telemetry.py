"""Logs, as lines for a person or as JSON, with the request id that travels through all services."""

import logging
import sys
import uuid
from contextvars import ContextVar
from typing import Literal

import structlog

LogFormat = Literal["console", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

REQUEST_ID_HEADER = "x-request-id"
_MAX_REQUEST_ID_LENGTH = 128

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The id of the request that is being served, or "" outside of one."""
    return _request_id.get()


def begin_request(request_id: str | None) -> str:
    """Takes over the id that a request came with, or makes one, for this task's logs and outgoing calls.

    An id that is too long or not printable ASCII is replaced: it comes from outside and goes to logs.
    """
    if not request_id or len(request_id) > _MAX_REQUEST_ID_LENGTH or not _is_printable_ascii(request_id):
        request_id = uuid.uuid4().hex
    _request_id.set(request_id)
    structlog.contextvars.bind_contextvars(request_id=request_id)
    return request_id


def configure_logging(log_format: LogFormat, level: LogLevel) -> None:
    """Sends structlog's and the standard library's records to stderr in one form."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: list[structlog.types.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if log_format == "json"
        # The default would print local variables where rich is installed: photos and texts of people.
        else [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


def _is_printable_ascii(text: str) -> bool:
    return text.isascii() and text.isprintable()
