"""Listening: the sockets of an HTTP server, opened before it, so that we report the errors."""

import errno
import socket
import sys
from contextlib import ExitStack

from msgspec import Struct

# The number of ports that are tried if the system's choice is taken for UDP.
_TRIES = 20


class Listening(Struct, frozen=True):
    """The sockets. `quic` has the same port as `tcp`, for HTTP/3; None without HTTP/3."""

    tcp: socket.socket
    quic: socket.socket | None

    @property
    def port(self) -> int:
        number: int = self.tcp.getsockname()[1]
        return number

    def close(self) -> None:
        self.tcp.close()
        if self.quic is not None:
            self.quic.close()


def listen(host: str, port: int, *, with_quic: bool) -> Listening:
    """Listen on a port (0: any free one). Raises `OSError` if that is not possible."""
    for _ in range(_TRIES):
        with ExitStack() as stack:
            tcp = stack.enter_context(_bound(host, port, socket.SOCK_STREAM))
            tcp.listen(2048)
            number = tcp.getsockname()[1]
            try:
                quic = _bound(host, number, socket.SOCK_DGRAM) if with_quic else None
            except OSError as failure:
                if failure.errno == errno.EADDRINUSE and not port:
                    continue
                text = f"UDP port {number}, which HTTP/3 needs: {failure.strerror}"
                raise OSError(failure.errno, text) from failure
            stack.pop_all()
            return Listening(tcp, quic)
    raise OSError(errno.EADDRINUSE, "no port is free for both TCP and UDP")


def claim(listener: socket.socket) -> None:
    """Claim a port for this socket alone, also right after another one listened there.

    On Windows SO_REUSEADDR means something else: that two programs may share the port.
    """
    if sys.platform == "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def _bound(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, kind)
    try:
        bound.setblocking(False)
        # On UDP this option would let two servers share the port, and only one would receive data.
        if kind == socket.SOCK_STREAM:
            claim(bound)
            # Accepted sockets inherit this. asyncio does not set it if the protocol is 0, and then
            # an answer's body would wait 40 ms for the acknowledgement of its head.
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
