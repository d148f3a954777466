"""`python -m grpc_runtime.health_check HOST:PORT [SERVICE]`: asks a server's health service, for container engines.

Exit code 0: it serves. 1: it doesn't, or does not answer; stderr says which.
"""

import sys
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

_TIMEOUT_SECONDS = 3.0


def main() -> None:
    """Asks once."""
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    target, service = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    with grpc.insecure_channel(target) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)  # its type stubs leave the methods out
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=_TIMEOUT_SECONDS)
        except grpc.RpcError as error:
            sys.exit(f"{target} does not answer: {error.code().name}")
    if answer.status != health_pb2.HealthCheckResponse.SERVING:
        sys.exit(f"{target} is {health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)}")


if __name__ == "__main__":
    main()
