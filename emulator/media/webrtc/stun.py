"""STUN: tells a peer the address at which it is seen (RFC 8489), so that ICE needs no network.

It answers binding requests only. An answer is at most twice as large as its request, so that
requests with a forged sender gain nothing.
"""

import asyncio
import ipaddress
import struct
from typing import cast

_HEAD = struct.Struct(">HHI12s")
_COOKIE = 0x2112A442
_BINDING_REQUEST, _BINDING_SUCCESS = 0x0001, 0x0101
_XOR_MAPPED_ADDRESS = 0x0020
_REQUEST_SIZE_MAX = 548


def answer(request: bytes, host: str, port: int) -> bytes | None:
    """The answer to a datagram from this address; None unless it is a binding request."""
    if not _HEAD.size <= len(request) <= _REQUEST_SIZE_MAX:
        return None
    kind, size, cookie, transaction = _HEAD.unpack_from(request)
    if kind != _BINDING_REQUEST or cookie != _COOKIE or size != len(request) - _HEAD.size:
        return None
    address = ipaddress.ip_address(host.partition("%")[0]).packed
    mask = struct.pack(">I", _COOKIE) + transaction
    family = 1 if len(address) == 4 else 2
    value = struct.pack(">BBH", 0, family, port ^ _COOKIE >> 16)
    value += bytes(a ^ b for a, b in zip(address, mask, strict=False))
    attribute = struct.pack(">HH", _XOR_MAPPED_ADDRESS, len(value)) + value
    return _HEAD.pack(_BINDING_SUCCESS, len(attribute), _COOKIE, transaction) + attribute


class StunServer(asyncio.DatagramProtocol):
    """One UDP socket. `start` returns the port that was bound."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self, host: str, port: int) -> int:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))
        bound: int = transport.get_extra_info("sockname")[1]
        return bound

    def stop(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        response = answer(data, str(addr[0]), int(addr[1]))
        if response is not None and self._transport is not None:
            self._transport.sendto(response, cast("tuple[str, int]", addr))
