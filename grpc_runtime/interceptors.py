"""What happens around every call: on servers the request id, the log, the metrics and the mapping of errors; on
clients the request id and a deadline.
"""

from __future__ import annotations  # the types of grpc have parameters only for the type checker

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

import grpc
import structlog
from grpc import StatusCode
from grpc_status import rpc_status

from grpc_runtime import metrics
from grpc_runtime.errors import Internal, ServiceError, to_status
from grpc_runtime.telemetry import REQUEST_ID_HEADER, begin_request, current_request_id

_log = structlog.stdlib.get_logger("grpc")

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]

# Clients poll these; a line for each would drown the rest. By the contract's convention these methods tell a state.
_POLLED = ("/grpc.health.v1.Health/", "/grpc.reflection.")
_POLLED_METHODS = ("/GetModel", "/GetIndex")


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every rpc of a server."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The method's handler, with what happens around it."""
        handler = await continuation(handler_call_details)
        if handler is None:  # an unknown method; grpc answers UNIMPLEMENTED
            return handler
        method = str(handler_call_details.method)
        metadata = dict(handler_call_details.invocation_metadata or ())
        sent_id = metadata.get(REQUEST_ID_HEADER)
        request_id = sent_id if isinstance(sent_id, str) else None
        streams_requests = bool(handler.request_streaming)
        streams_responses = bool(handler.response_streaming)
        behaviour: Any = {
            (False, False): handler.unary_unary,
            (True, False): handler.stream_unary,
            (False, True): handler.unary_stream,
            (True, True): handler.stream_stream,
        }[streams_requests, streams_responses]
        wrapped = (
            _wrap_streaming(behaviour, method, request_id)
            if streams_responses
            else _wrap_unary(behaviour, method, request_id)
        )
        factory: Any = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[streams_requests, streams_responses]
        return cast(
            "grpc.RpcMethodHandler[Any, Any]",
            factory(wrapped, handler.request_deserializer, handler.response_serializer),
        )


def _wrap_unary(behaviour: Any, method: str, request_id: str | None) -> Any:
    async def unary(request: Any, context: Context) -> Any:
        async with _Call(method, request_id, context):
            return await behaviour(request, context)

    return unary


def _wrap_streaming(behaviour: Any, method: str, request_id: str | None) -> Any:
    async def streaming(request: Any, context: Context) -> AsyncIterator[Any]:
        async with _Call(method, request_id, context):
            answers = behaviour(request, context)
            if hasattr(answers, "__aiter__"):
                async for response in answers:
                    yield response
            else:  # a handler that writes with context.write
                await answers

    return streaming


class _Call:
    """One call on the server, from its first to its last byte."""

    def __init__(self, method: str, request_id: str | None, context: Context) -> None:
        self._method = method
        self._request_id = request_id
        self._context = context
        self._started = 0.0

    async def __aenter__(self) -> None:
        begin_request(self._request_id)
        self._started = time.perf_counter()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, ServiceError):
            status = to_status(error)
            self._finish(StatusCode[_code_name(status.code)], status.message)
            await self._context.abort_with_status(rpc_status.to_status(status))
        elif isinstance(error, asyncio.CancelledError | GeneratorExit):
            self._finish(StatusCode.CANCELLED, "the caller gave up")
        elif isinstance(error, grpc.aio.AbortError):
            self._finish(StatusCode.UNKNOWN, "aborted")
        elif isinstance(error, Exception):
            _log.exception("the call failed", method=self._method, exc_info=error)
            self._finish(StatusCode.INTERNAL, type(error).__name__)
            internal = Internal(f"The service failed. Its log says more under request id {current_request_id()}.")
            await self._context.abort_with_status(rpc_status.to_status(to_status(internal)))
        elif error is None:
            self._finish(StatusCode.OK, "")

    def _finish(self, code: StatusCode, message: str) -> None:
        seconds = time.perf_counter() - self._started
        metrics.HANDLED.labels(self._method, code.name).inc()
        metrics.HANDLING_SECONDS.labels(self._method).observe(seconds)
        polled = self._method.startswith(_POLLED) or self._method.endswith(_POLLED_METHODS)
        level = logging.DEBUG if polled and code is StatusCode.OK else logging.INFO
        fields = {"message": message} if message else {}
        _log.log(level, "call", method=self._method, code=code.name, ms=round(seconds * 1000, 1), **fields)


def _code_name(number: int) -> str:
    return next(code.name for code in StatusCode if code.value[0] == number)


def client_interceptors(default_timeout: float) -> list[grpc.aio.ClientInterceptor]:
    """Pass the request id on, and give every unary call that has no deadline the default one (in seconds)."""
    # One class each: grpc takes an interceptor for one kind of call only, whatever it inherits from.
    return [_UnaryUnary(default_timeout), _UnaryStream(), _StreamStream()]


class _UnaryUnary(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, default_timeout: float) -> None:
        self._default_timeout = default_timeout

    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        timeout = client_call_details.timeout or self._default_timeout
        return await continuation(_with_request_id(client_call_details, timeout), request)


class _UnaryStream(grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await continuation(_with_request_id(client_call_details, client_call_details.timeout), request)


class _StreamStream(grpc.aio.StreamStreamClientInterceptor):
    async def intercept_stream_stream(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return await continuation(_with_request_id(client_call_details, client_call_details.timeout), request_iterator)


def _with_request_id(details: Any, timeout: float | None) -> grpc.aio.ClientCallDetails:
    metadata = grpc.aio.Metadata(*(details.metadata or ()))
    if (request_id := current_request_id()) and metadata.get(REQUEST_ID_HEADER) is None:
        metadata.add(REQUEST_ID_HEADER, request_id)
    return grpc.aio.ClientCallDetails(details.method, timeout, metadata, details.credentials, details.wait_for_ready)
