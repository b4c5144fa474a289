"""Listening: the sockets that an HTTP server is given, made before it so that failures are ours."""

import errno
import socket
import sys
from contextlib import ExitStack

from msgspec import Struct

# Another port is tried so often when the system chose one whose UDP twin is taken.
_TRIES = 20


class Listening(Struct, frozen=True):
    """`quic` is bound to the same number as `tcp`, for HTTP/3; None where that is not served."""

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
    """Listen on a port (0: any that is free). Raises `OSError` for one that cannot be had."""
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
    """Let this socket have its port for itself, also just after another that listened there.

    Windows means something else by SO_REUSEADDR: that two programs may have the port at a time.
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
        # On UDP this would let two servers take the same port, and only one of them hear anything.
        if kind == socket.SOCK_STREAM:
            claim(bound)
            # Accepted sockets have it from here. asyncio sets it for none whose protocol is 0, and
            # an answer's body would wait 40 ms for the acknowledgement of its head.
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
