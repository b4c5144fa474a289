"""Repairs of errors in Hypercorn 0.18, from outside. For HTTP/2 and HTTP/3.

Hypercorn forgets a request as soon as it is answered. If the client then sends more of it, be it
the empty end of a body or the close of a chat, a `KeyError` ends the whole connection, and on
HTTP/3 all connections. After a WebSocket message that is too big it checks each further piece
again, which fails and leaves the connection open for ever. It sends pings, but does not wait for
answers, and keeps a closed connection until the next ping.
"""

import asyncio
import logging
from contextvars import ContextVar
from typing import Any

from aioquic.quic.events import (
    ConnectionTerminated,
    QuicEvent,
    StopSendingReceived,
    StreamReset,
)
from hypercorn import protocol
from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.udp_server import UDPServer
from hypercorn.events import Event as IOEvent
from hypercorn.protocol import h2, h3, h11, quic
from hypercorn.protocol.events import Body, Data, EndData, Event, StreamClosed
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.h3 import H3Protocol
from hypercorn.protocol.quic import QuicProtocol
from hypercorn.protocol.ws_stream import ASGIWebsocketState, WSStream
from hypercorn.typing import ASGISendEvent, ConnectionState, WebsocketAcceptEvent
from hypercorn.utils import parse_socket_addr
from wsproto.connection import ConnectionState as WireState
from wsproto.events import CloseConnection, Ping
from wsproto.frame_protocol import CloseReason

log = logging.getLogger(__name__)

# The TCP connection of the current context. HTTP/3 has none, and detects missing peers itself.
tcp_connection: ContextVar[asyncio.StreamWriter | None] = ContextVar("tcp", default=None)


class _Gone:
    """Stands in for a request that was answered. Further data of it is dropped."""

    idle = True

    async def handle(self, _: object) -> None:
        return


class _Streams(dict[int, Any]):
    def __missing__(self, _: int) -> _Gone:
        return _Gone()


class _PatientH2(H2Protocol):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.streams = _Streams()


class _PatientH3(H3Protocol):
    """Tells the application too if a client cancels its request or disconnects."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.streams = _Streams()

    async def handle(self, quic_event: QuicEvent) -> None:
        if isinstance(quic_event, StreamReset | StopSendingReceived):
            await self._forget(quic_event.stream_id)
        elif isinstance(quic_event, ConnectionTerminated):
            for stream_id in tuple(self.streams):
                await self._forget(stream_id)
        await super().handle(quic_event)

    async def stream_send(self, event: Event) -> None:
        # Answers to a client that has left are dropped.
        if event.stream_id in self.streams:
            await super().stream_send(event)

    async def _forget(self, stream_id: int) -> None:
        stream = self.streams.pop(stream_id, None)
        # A request that could not be parsed has not reached the application.
        if stream is not None and getattr(stream, "app_put", None) is not None:
            await stream.handle(StreamClosed(stream_id=stream_id))


class _PatientWebSocket(WSStream):
    """A message that is too big ends its connection, and further data is dropped.

    A connection without any data between two pings ends as well: a live peer answers them. Nothing
    is compressed.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._is_cut = False
        self._is_heard = True
        self._is_over = asyncio.Event()

    async def handle(self, event: Event) -> None:
        if isinstance(event, StreamClosed):
            self._is_over.set()
        elif isinstance(event, Body | Data):
            self._is_heard = True
        await super().handle(event)

    async def _accept(self, message: WebsocketAcceptEvent) -> None:
        # Compressing each line for each reader would cost more than all else
        # (chat_delivery/direct).
        self.handshake.extensions = None
        await super()._accept(message)

    async def _send_pings(self) -> None:
        """Send pings until the socket is closed, which ends this at once."""
        while self._is_heard:
            self._is_heard = False
            try:
                async with asyncio.timeout(self.config.websocket_ping_interval):
                    await self._send_wsproto_event(Ping())
                    await self._is_over.wait()
                    return
            except TimeoutError:
                continue
        writer = tcp_connection.get()
        if writer is not None:
            # An orderly close would wait until the peer has taken all data, which it does not.
            writer.transport.abort()
        else:
            await self.send(StreamClosed(stream_id=self.stream_id))

    async def _handle_events(self) -> None:
        if self._is_cut:
            for event in self.connection.events():
                if isinstance(event, CloseConnection):
                    await self.send(StreamClosed(stream_id=self.stream_id))
            return
        await super()._handle_events()
        is_closing = self.connection.state is WireState.LOCAL_CLOSING
        if is_closing and self.state is ASGIWebsocketState.CONNECTED and self.app_put is not None:
            self._is_cut = True
            self.state = ASGIWebsocketState.CLOSED
            code = CloseReason.MESSAGE_TOO_BIG.value
            await self.app_put({"type": "websocket.disconnect", "code": code, "reason": None})
            await self.send(EndData(stream_id=self.stream_id))

    async def app_send(self, message: ASGISendEvent | None) -> None:
        if message is None or not self._is_cut:
            await super().app_send(message)


class _PatientConnections(QuicProtocol):
    """Keeps the error of one connection, also one of its timer, from ending the others."""

    async def handle(self, event: IOEvent) -> None:
        try:
            await super().handle(event)
        except Exception as failure:
            # The message is not logged: it quotes what the client sent.
            log.warning("http/3 datagram dropped reason=%s", type(failure).__name__)

    async def _handle_timer(self, timer: float, connection: Any) -> None:
        try:
            await super()._handle_timer(timer, connection)
        except Exception as failure:
            log.warning("http/3 connection failed reason=%s", type(failure).__name__)


class PatientQuic(UDPServer):
    """All HTTP/3 connections of one socket; `protocol.connections` are the open ones."""

    async def run(self) -> None:
        """Run until cancelled."""
        assert self.transport is not None
        plug = self.transport.get_extra_info("socket")
        async with TaskGroup(self.loop) as tasks:
            self.protocol = _PatientConnections(
                self.app,
                self.config,
                self.context,
                tasks,
                ConnectionState(self.state.copy()),
                parse_socket_addr(plug.family, plug.getsockname()),
                self.protocol_send,
            )
            while True:
                await self.protocol.handle(await self.protocol_queue.get())


def repair() -> None:
    """Use the repaired classes for new connections."""
    setattr(protocol, H2Protocol.__name__, _PatientH2)
    setattr(quic, H3Protocol.__name__, _PatientH3)
    for module in (h11, h2, h3):
        setattr(module, WSStream.__name__, _PatientWebSocket)
