"""Failed gRPC calls as the gateway's errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from grpc import StatusCode

from gateway.errors import CallFailed, Timeout
from grpc_runtime.errors import RemoteError, ServiceError, read_rpc_error

# CANCELLED is what a call gets that reached a server in the moment of its end.
_CONNECTION_LOST = {StatusCode.UNAVAILABLE, StatusCode.CANCELLED}
_NOT_CONNECTED = {grpc.ChannelConnectivity.CONNECTING, grpc.ChannelConnectivity.TRANSIENT_FAILURE}


@contextmanager
def failures_of(
    service: str, setting: str, target: str, unreachable: type[ServiceError], channel: grpc.aio.Channel
) -> Iterator[None]:
    """Turns what a call by `channel` to `service` at `target` raises into CallFailed, Timeout or `unreachable`.

    A service that answered says so by a reason; where there is none, the connection or the deadline is to blame.
    """
    try:
        yield
    except grpc.RpcError as error:
        remote = read_rpc_error(error)
        if remote.reason:
            raise CallFailed(remote) from error
        waited_in_vain = remote.code is StatusCode.DEADLINE_EXCEEDED and channel.get_state() in _NOT_CONNECTED
        if remote.code in _CONNECTION_LOST or waited_in_vain:
            raise unreachable(
                f"The {service} service can't be reached at {target}. Start it, or set {setting} to where it runs."
            ) from error
        if remote.code is StatusCode.DEADLINE_EXCEEDED:
            raise Timeout(f"The {service} service did not answer in time. Try again.") from error
        detail = f"The {service} service failed: {remote.code.name}. The logs say more under this request id."
        raise CallFailed(RemoteError(remote.code, detail)) from error
