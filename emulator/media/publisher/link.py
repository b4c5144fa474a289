"""PublishLink: one blocking TCP or TLS connection that can be stopped at any time.

It has all I/O of the publisher. It checks `stop` at least every fraction of a second.
"""

import os
import select
import socket
import ssl
import threading
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from emulator.core.clock import monotonic_ms
from emulator.core.errors import Refused
from emulator.core.hosts import is_loopback

CONNECT_TIMEOUT_MS: Final = 5_000
# A server that reads nothing for this long counts as gone.
SEND_TIMEOUT_MS: Final = 10_000
_LAST_WORD_MS: Final = 300
_LOOK_SECONDS: Final = 0.1
_READ_BYTES: Final = 64 * 1024
_PORTS: Final = {"rtmp": 1935, "rtmps": 443}


class Stopped(Exception):
    """Raised when `stop` is set during a wait."""


class PushTarget(Struct, frozen=True):
    """The address of a server, without the key."""

    scheme: str
    host: str
    port: int
    app: str

    @property
    def tc_url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}/{self.app}"


def parse_target(url: str) -> PushTarget:
    """Parse `rtmp://host[:port]/app` or `rtmps://`. Refuses (`ValueError`) anything else."""
    try:
        parts = urlsplit(url)
        host, port, app = parts.hostname, parts.port, parts.path.strip("/")
    except ValueError:
        raise _no_address(url) from None
    if parts.scheme not in _PORTS or not host or not app:
        raise _no_address(url)
    return PushTarget(parts.scheme, host, _PORTS[parts.scheme] if port is None else port, app)


def _no_address(url: str) -> ValueError:
    return ValueError(f"invalid publish address {url!r}: it must look like rtmp://host[:port]/app")


def tls_context(host: str, ca: str) -> ssl.SSLContext:
    """A TLS context that verifies against the file `ca`, or the system's CAs.

    Without `ca`, the emulator's certificate on a loopback address is not verified, as FFmpeg does
    everywhere. Refuses (`invalid`) a file without certificates.
    """
    try:
        context = ssl.create_default_context(cafile=ca or None)
    except OSError as error:
        message = f"{ca} cannot be used as a CA: {_plain(error)}."
        raise Refused("invalid", message) from None
    if not ca and is_loopback(host):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class PublishLink:
    """A connection, opened at construction.

    Raises `Refused` where no server answers, `Stopped` on `stop`.
    """

    def __init__(self, target: PushTarget, ca: str, stop: threading.Event) -> None:
        self._stop = stop
        self._target = target
        self._is_torn = False
        self._socket = self._connect()
        try:
            # Nagle's algorithm would delay each small packet until the one before is acknowledged.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if target.scheme == "rtmps":
                self._socket = self._wrap(ca)
        except BaseException:
            self._socket.close()
            raise

    def close(self) -> None:
        self._socket.close()

    def finish(self, octets: bytes) -> None:
        """Send last bytes if the server still listens, and let it read all of them first."""
        if self._is_torn:
            return
        with suppress(OSError, Stopped):
            self.send(octets)
            self._socket.shutdown(socket.SHUT_WR)
            # Closing with unread data would make the system discard the bytes that we sent.
            until_ms = monotonic_ms() + _LAST_WORD_MS
            while monotonic_ms() < until_ms:
                self._await_end(until_ms)

    def send(self, octets: bytes) -> None:
        """Send all of it, or raise: `Stopped`, or `OSError` for a server that is gone or stuck."""
        unsent = memoryview(octets)
        deadline_ms = monotonic_ms() + SEND_TIMEOUT_MS
        self._is_torn = True
        while unsent:
            try:
                sent = self._socket.send(unsent)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError) as wanted:
                self._wait(deadline_ms, is_write=not isinstance(wanted, ssl.SSLWantReadError))
                continue
            unsent = unsent[sent:]
            deadline_ms = monotonic_ms() + SEND_TIMEOUT_MS
        self._is_torn = False

    def receive(self, until_ms: int) -> bytes | None:
        """Return what arrives before the monotonic time `until_ms`; None if nothing does.

        Raises `Stopped`, or `ConnectionError` when the server has closed.
        """
        while True:
            try:
                received = self._socket.recv(_READ_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError):
                if monotonic_ms() >= until_ms:
                    return None
                self._look(until_ms, is_write=False)
                continue
            if not received:
                raise ConnectionResetError("The server has closed the connection.")
            return received

    def _await_end(self, until_ms: int) -> None:
        """Discard received data; raises `ConnectionError` at the server's end of file."""
        try:
            if not self._socket.recv(_READ_BYTES):
                raise ConnectionResetError
        except (BlockingIOError, ssl.SSLWantReadError):
            select.select([self._socket], [], [], max(0.0, (until_ms - monotonic_ms()) / 1000))

    def _connect(self) -> socket.socket:
        target = self._target
        where = f"{target.host}:{target.port}"
        try:
            addresses = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except OSError:
            raise Refused("unavailable", f"The host {target.host!r} does not exist.") from None
        failure: OSError | None = None
        for family, kind, protocol, _, address in addresses:
            connecting = socket.socket(family, kind, protocol)
            try:
                self._reach(connecting, address)
            except OSError as error:
                connecting.close()
                failure = error
            except BaseException:
                connecting.close()
                raise
            else:
                return connecting
        raise Refused("unavailable", f"No server answers at {where}: {_plain(failure)}.")

    def _reach(self, connecting: socket.socket, address: tuple[str | int | bytes, ...]) -> None:
        connecting.setblocking(False)
        deadline_ms = monotonic_ms() + CONNECT_TIMEOUT_MS
        self._socket = connecting
        try:
            connecting.connect(address)
        except BlockingIOError:
            self._wait(deadline_ms, is_write=True)
            code = connecting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, os.strerror(code)) from None

    def _wrap(self, ca: str) -> ssl.SSLSocket:
        target = self._target
        context = tls_context(target.host, ca)
        wrapped = context.wrap_socket(
            self._socket, server_hostname=target.host, do_handshake_on_connect=False
        )
        self._socket = wrapped
        deadline_ms = monotonic_ms() + CONNECT_TIMEOUT_MS
        while True:
            try:
                wrapped.do_handshake()
            except ssl.SSLWantReadError:
                self._wait(deadline_ms, is_write=False)
            except ssl.SSLWantWriteError:
                self._wait(deadline_ms, is_write=True)
            except OSError as error:
                where = f"{target.host}:{target.port}"
                message = f"No TLS connection to {where}: {_plain(error)}."
                raise Refused("unavailable", message) from None
            else:
                return wrapped

    def _wait(self, deadline_ms: int, *, is_write: bool) -> None:
        """Wait until the socket is ready. Raises `TimeoutError` after `deadline_ms`."""
        while not self._look(deadline_ms, is_write=is_write):
            if monotonic_ms() >= deadline_ms:
                raise TimeoutError("the server does not answer")

    def _look(self, until_ms: int, *, is_write: bool) -> bool:
        """Wait for a short time at most; return whether the socket is ready by then."""
        if self._stop.is_set():
            raise Stopped
        seconds = max(0.0, min(_LOOK_SECONDS, (until_ms - monotonic_ms()) / 1000))
        watched = [self._socket]
        readable, writable, _ = select.select(
            [] if is_write else watched, watched if is_write else [], [], seconds
        )
        return bool(readable or writable)


def _plain(error: OSError | None) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError) and error.reason == "NO_CERTIFICATE_OR_CRL_FOUND":
        return "it contains no certificate"
    if isinstance(error, ssl.SSLError):
        return f"the TLS handshake failed ({error.reason})"
    if error is None:
        return "no address"
    return (error.strerror or str(error)).lower()
