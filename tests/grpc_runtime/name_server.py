"""A DNS server for one name, whose addresses can change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from typing import cast

_QUERY_HEADER = 12
_TYPE_A = b"\x00\x01"
_POINTER_TO_NAME = b"\xc0\x0c"
_TTL_SECONDS = 0


class NameServer(asyncio.DatagramProtocol):
    """Answers every question for an IPv4 address with `addresses` (RFC 1035), and all others with nothing."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.port = 0
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        end = data.index(b"\x00", _QUERY_HEADER) + 1
        question, kind = data[_QUERY_HEADER : end + 4], data[end : end + 2]
        addresses = self.addresses if kind == _TYPE_A else []
        counts = b"\x00\x01" + len(addresses).to_bytes(2, "big") + b"\x00\x00\x00\x00"
        self._transport.sendto(data[:2] + b"\x81\x80" + counts + question + b"".join(map(_record, addresses)), addr)


@asynccontextmanager
async def serving_names() -> AsyncIterator[NameServer]:
    """A running name server."""
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        NameServer, local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()


def _record(address: str) -> bytes:
    packed = IPv4Address(address).packed
    return _POINTER_TO_NAME + _TYPE_A + b"\x00\x01" + _TTL_SECONDS.to_bytes(4, "big") + b"\x00\x04" + packed
