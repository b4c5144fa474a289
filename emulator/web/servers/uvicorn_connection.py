"""UvicornConnection: uvicorn's HTTP/1.1 connection, with timeouts and limits for requests.

Without them a request that never ends would keep its socket as long as its client likes, and a head
without an end would grow in memory. Hypercorn limits both by itself.
"""

import logging
from asyncio import AbstractEventLoop, TimerHandle, Transport
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from emulator.web.servers.config import BODY_BYTES_MIN, BODY_SECONDS, Seldom, SocketConfig

log = logging.getLogger(__name__)

# An interim answer (RFC 9110, 15.2.1), for which a client waits before it sends the body.
_CONTINUE = b"HTTP/1.1 100 "

# How long a refused client may take to read the reason and to close.
_LINGER_SECONDS = 1.0
# What belongs to an upgrade in a request's head (RFC 9110, 7.8; RFC 7540, 3.2.1).
_OF_UPGRADE = frozenset({b"upgrade", b"http2-settings"})

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)


class JoinedResponse:
    """A transport for one response: its head is sent with the first part of its body, in one write.

    uvloop makes a system call for each write, which is a fifth of the cost of a small answer. A
    head without a body yet, such as that of an event stream, is sent in the loop's next turn.
    """

    __slots__ = ("_has_begun", "_head", "_loop", "_transport")

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""
        self._has_begun = False

    def write(self, data: bytes) -> None:
        if not data:
            # In Python 3.12 and 3.13, asyncio's `writelines` never gets rid of empty bytes.
            self._flush()
        elif self._head:
            head, self._head = self._head, b""
            self._transport.writelines((head, data))
        elif self._has_begun or data.startswith(_CONTINUE):
            self._transport.write(data)
        else:
            self._head, self._has_begun = data, True
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def _flush(self) -> None:
        head, self._head = self._head, b""
        if head and not self._transport.is_closing():
            self._transport.write(head)


class UvicornConnection(HttpToolsProtocol):
    """A request's head may take `head_seconds` and `head_bytes_max` in all.

    A body has to bring `body_bytes_min` in each `body_seconds`, unless the server itself does not
    read. At most `connections_max` connections are open at once; a further one gets 503 and is
    closed. What is no HTTP/1.1 request gets 400, with a sentence on what it looks like. An offer to
    go on in another protocol than WebSocket is ignored, as it may be (RFC 9110, 7.8): Java's own
    client offers HTTP/2 in each first request, and Apache's TLS.
    """

    head_seconds: float = 10
    head_bytes_max = 64 * 1024
    body_seconds: float = BODY_SECONDS
    body_bytes_min = BODY_BYTES_MIN
    connections_max = SocketConfig().connections_max
    refusals = Seldom()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The part of a request in progress that is still missing: "head", "body" or nothing.
        self._lacks = ""
        self._is_handed_over = False
        self._is_refused = False
        self._head_bytes = 0
        self._body_bytes = 0
        self._patience: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # uvicorn narrows it
        super().connection_made(transport)
        if len(self.connections) > self.connections_max:
            if self.refusals.is_due(self.loop.time()):
                log.warning("connections refused reason=%d are open", self.connections_max)
            transport.write(_FULL)
            transport.close()
            return
        # Browsers open connections in advance: those get the timeout of idle connections.
        self._keep_a_while()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unset_keepalive_if_required()
        self._have_all()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing() or self._is_refused:
            return
        self._unset_keepalive_if_required()
        try:
            self._parse(data)
        except httptools.HttpParserError as error:
            self._refuse(b"400 Bad Request", _reason_of(data, error))
            return
        if self._lacks:
            self._wait(len(data))
        elif self._is_idle():
            self._keep_a_while()

    def _parse(self, data: bytes) -> None:
        """Give `data` to the parser. It stops after the head of each request with an upgrade."""
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                if self._should_upgrade():
                    self.handle_websocket_upgrade()
                if not self._ignores_upgrade():
                    return
                (end,) = upgrade.args
                data = self._head_without_upgrade() + data[end:]
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def _head_without_upgrade(self) -> bytes:
        """Return the head of the request that was just parsed, without its upgrade."""
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        for name, value in self.headers:
            if name == b"connection":
                options = (option.strip() for option in value.split(b","))
                value = b", ".join(item for item in options if item.lower() not in _OF_UPGRADE)
            if name not in _OF_UPGRADE:
                lines.append(b"%b: %b" % (name, value))
        return b"\r\n".join([*lines, b"", b""])

    def handle_websocket_upgrade(self) -> None:
        self._is_handed_over = True
        super().handle_websocket_upgrade()

    # Called by the parser.

    def on_message_begin(self) -> None:
        self._lacks = "head"
        super().on_message_begin()

    def _should_upgrade(self) -> bool:
        """Whether the request opens a WebSocket, which only GET does (RFC 6455, 4.1)."""
        return bool(self.parser.get_method() == b"GET" and super()._should_upgrade())

    def _ignores_upgrade(self) -> bool:
        """Whether the request offers another protocol than WebSocket. CONNECT is no offer."""
        if not self.parser.should_upgrade() or self._should_upgrade():
            return False
        return bool(self.parser.get_method() != b"CONNECT")

    def on_headers_complete(self) -> None:
        self._have_all()
        if self._ignores_upgrade():
            return  # The request is parsed again without it.
        self._lacks = "body"
        before = self.cycle
        super().on_headers_complete()
        cycle = self.cycle
        # The answer to `HEAD` has no body to wait for.
        if cycle is not before and cycle.scope["method"] != "HEAD":
            cycle.transport = cast(Transport, JoinedResponse(self.transport, self.loop))

    def on_message_complete(self) -> None:
        self._have_all()
        if not self._ignores_upgrade():
            super().on_message_complete()

    # Patience.

    def _is_idle(self) -> bool:
        """Whether no request is in progress. Empty lines between requests do not count as one."""
        is_between = self.cycle is None or self.cycle.response_complete
        return is_between and not self._is_handed_over and not self.transport.is_closing()

    def _keep_a_while(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _wait(self, received_bytes: int) -> None:
        """Limit the wait for more data.

        The first piece of a head is not counted: it may contain other data.
        """
        if self.transport.is_closing():
            return
        self._body_bytes += received_bytes
        if self._patience is None:
            self._head_bytes = self._body_bytes = 0
            seconds = self.body_seconds if self._lacks == "body" else self.head_seconds
            self._patience = self.loop.call_later(seconds, self._look)
        elif self._lacks != "body":
            self._head_bytes += received_bytes
            if self._head_bytes > self.head_bytes_max:
                reason = f"a request's head of more than {self.head_bytes_max} bytes"
                self._refuse(b"431 Request Header Fields Too Large", reason)

    def _have_all(self) -> None:
        self._lacks = ""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _look(self) -> None:
        self._patience = None
        if self._lacks != "body":
            self._give_up(f"no whole request for {self.head_seconds:g} s")
            return
        came_bytes, self._body_bytes = self._body_bytes, 0
        # If reading is paused, the server itself makes the client wait.
        if self.flow.read_paused or came_bytes >= self.body_bytes_min:
            self._patience = self.loop.call_later(self.body_seconds, self._look)
        elif came_bytes:
            self._give_up(f"{came_bytes} bytes of a request's body in {self.body_seconds:g} s")
        else:
            self._give_up(f"nothing of a request's body for {self.body_seconds:g} s")

    def _refuse(self, status: bytes, reason: str) -> None:
        """Answer with the reason, and close.

        The rest of what the client sends is still read for a while: closing with unread data would
        reset the connection, and the answer would be lost.
        """
        self._log_close(reason)
        self._have_all()
        self._is_refused = True
        body = reason.encode()
        self.transport.write(
            b"HTTP/1.1 %b\r\nContent-Type: text/plain; charset=utf-8\r\n"
            b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)
        )
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self._patience = self.loop.call_later(_LINGER_SECONDS, self.transport.abort)
        else:
            self.transport.close()

    def _give_up(self, reason: str) -> None:
        self._log_close(reason)
        self.transport.abort()

    def _log_close(self, reason: str) -> None:
        host, port = self.client or ("unknown", 0)
        log.warning("connection closed peer=%s:%s reason=%s", host, port, reason)


def _reason_of(received: bytes, error: Exception) -> str:
    # Late: a start does not need it.
    from emulator.web.servers.foreign_protocols import name_protocol

    return name_protocol(received) or f"This is no HTTP/1.1 request: {error}."
