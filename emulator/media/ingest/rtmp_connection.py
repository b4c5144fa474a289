"""One RTMP connection on its socket: feeds the session, asks the authorizer, keeps the time limits.

Any error here ends this connection with one log line and does not affect others.
"""

import asyncio
import logging
import socket
import sys
from collections.abc import Callable
from typing import Literal, Protocol, assert_never, cast

from emulator.core.errors import ProtocolError, Refused
from emulator.media.ingest import encoders, rtmp_rounds
from emulator.media.ingest.authorizer import MediaSink, PublishRequest, log_refusal
from emulator.media.ingest.config import RtmpConfig
from emulator.media.ingest.rtmp_rounds import Rounds
from emulator.media.ingest.tag import Tag
from emulator.media.ingest.wire.rtmp_session import (
    ConnectRequested,
    Finished,
    PublishEnded,
    PublishRequested,
    RtmpSession,
)
from emulator.media.ingest.wire.rtmp_tls import TlsLayer, is_tls

log = logging.getLogger(__name__)

# Without TCP_QUICKACK, Linux acknowledges received data within this time (TCP_DELACK_MIN).
_ACKNOWLEDGED_MS = 40


class Listener(Protocol):
    """The interface of the server that a connection uses."""

    config: RtmpConfig
    rounds: Rounds

    def opened(self, connection: "RtmpConnection") -> None:
        """Count a connection, or raise `Refused`."""

    def closed(self, connection: "RtmpConnection") -> None: ...

    def authorize(self, publish_request: PublishRequest, drop: Callable[[str], None]) -> MediaSink:
        """Check the server's own limit, then ask the `PublishAuthorizer`."""

    def left(self) -> None:
        """Count that an accepted publisher has left."""


class RtmpConnection(asyncio.Protocol):
    """The socket of a session.

    Its transport reads commands as they come; while it publishes, it is read in rounds, where the
    event loop allows it.
    """

    def __init__(
        self, listener: Listener, protocol: Literal["rtmp", "rtmps"], tls: TlsLayer | None = None
    ) -> None:
        self._listener = listener
        self._config = listener.config
        self._protocol = protocol
        self._tls = tls
        self._has_begun = False
        self._lacks_tls = False
        self._session = RtmpSession(
            listener.config.message_bytes_max, listener.config.chunk_streams_max
        )
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._socket: socket.socket | None = None
        self._is_in_rounds = False
        self._peer = ""
        self._encoder = ""
        self._sink: MediaSink | None = None
        self._is_over = False
        self._end_reason = ""
        self._deadline = 0.0
        self._expected = (0, "", "")
        self._deadline_timer: asyncio.TimerHandle | None = None
        self._resume_timer: asyncio.TimerHandle | None = None
        self._allowance = float(self._config.bytes_per_second_max)
        self._allowance_at = self._loop.time()

    # Methods that asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # No isinstance check: uvloop's transports are of no asyncio class.
        self._transport = transport = cast("asyncio.Transport", transport)
        self._peer = _peer_text(transport.get_extra_info("peername"))
        self._socket = _socket_of(transport)
        transport.set_write_buffer_limits(high=self._config.unsent_bytes_max)
        try:
            self._listener.opened(self)
        except Refused as refusal:
            self._end(refusal.message, is_failure=True)
            return
        self._expect(self._config.handshake_ms, "no RTMP handshake")

    def data_received(self, data: bytes) -> None:
        self._acknowledge_quickly()
        if not self._is_over:  # Otherwise only unread bytes are drained.
            try:
                self._take(data)
            except ProtocolError as error:
                self._session.end_publish(str(error), "NetStream.Publish.Rejected")
                self._end(str(error), is_failure=True)
            except Refused as refused:
                refusal = encoders.advised(refused, encoders.recognize(self._encoder))
                self._session.end_publish(refusal.message, "NetStream.Publish.Rejected")
                self._end(refusal.message, is_failure=True)
            except Exception:  # A bug of the emulator: it ends this connection, not the server.
                log.exception("connection failed peer=%s", self._peer)
                self.drop("an internal error of the emulator: see its log")
            self._flush()
        self._meter(len(data))

    def pause_writing(self) -> None:
        self._end("the peer does not read its answers", is_failure=True)
        self._cut()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("the publisher disconnected" if exc is None else "the connection broke")
        for timer in (self._deadline_timer, self._resume_timer):
            if timer is not None:
                timer.cancel()
        if self._socket is not None:
            self._socket.detach()  # The transport closes it.
        self._transport = self._socket = None
        self._listener.closed(self)

    # What the rounds use, in addition to `data_received`.

    @property
    def patience_ms(self) -> int:
        return self._sink.patience_ms if self._sink is not None else 0

    def hung_up(self, error: OSError | None) -> None:
        self._is_in_rounds = False
        if error is not None:
            self._cut()
            self._end("the connection broke")
            return
        self._end("the publisher disconnected")
        if self._transport is not None:
            self._transport.resume_reading()  # It sees the end of the stream too, and closes.

    # Methods that the server and the authorizer call.

    def drop(self, reason: str) -> None:
        """Send the publisher the reason, and close. A second or late call does nothing."""
        if not self._is_over:
            self._session.end_publish(reason)
            self._end(reason)

    def abort(self) -> None:
        """Close without waiting for the peer to read anything more."""
        self._end("the server stopped")
        self._cut()

    # The session's side.

    def _take(self, data: bytes) -> None:
        if not self._has_begun:
            self._has_begun = True
            if self._tls is not None and not is_tls(data):
                # The peer could not read a TLS alert, but RTMP has messages for a refusal.
                self._tls, self._lacks_tls = None, True
        if self._tls is not None:
            data = self._tls.receive(data)
        self._read_session(data)
        if self._tls is not None and self._tls.is_closed_by_peer:
            self._end("the publisher disconnected")

    def _read_session(self, data: bytes) -> None:
        was_shaking_hands = self._session.phase == "handshake"
        tags: list[Tag] = []
        try:
            for event in self._session.receive(data):
                if isinstance(event, Tag):
                    tags.append(event)
                    continue
                self._hand_over(tags)
                if not self._is_over:
                    self._handle(event)
                if self._is_over:
                    return
        finally:  # Also what came before a broken message.
            self._hand_over(tags)
        if was_shaking_hands and self._session.phase in ("connecting", "connected"):
            self._expect(self._config.publish_ms, "no publish")

    def _hand_over(self, tags: list[Tag]) -> None:
        """Pass on the tags that have been read, and keep none."""
        ready = tags.copy()
        tags.clear()
        if ready and self._sink is not None:
            self._sink.receive(ready)
            if not self._is_over:
                self._expect(self._config.idle_ms, "nothing was sent")

    def _handle(self, event: ConnectRequested | PublishRequested | PublishEnded | Finished) -> None:
        match event:
            case ConnectRequested():
                self._encoder = event.encoder
                message = self._unfit(event.app)
                if message:
                    self._session.refuse_connect(message)
                    self._end(message, is_failure=True)
                else:
                    self._session.accept_connect()
            case PublishRequested():
                publish_request = PublishRequest(
                    event.key, self._protocol, self._peer, self._encoder
                )
                try:
                    self._publish(event.app, publish_request)
                except Refused as refusal:
                    log_refusal(publish_request, refusal)
                    self._session.refuse_publish(refusal.message)
                    self._end(refusal.message)
            case PublishEnded():
                self._leave(event.reason)
                self._expect(self._config.publish_ms, "no publish")
            case Finished():
                self._end(event.reason, is_failure=True)
            case _:
                assert_never(event)

    def _publish(self, app: str, publish_request: PublishRequest) -> None:
        """Ask the authorizer; raises `Refused`."""
        if app != self._config.application:
            raise Refused("not_found", self._wrong_application())
        if not publish_request.key:
            raise Refused("unauthorized", "The stream key is missing: put it in the encoder.")
        sink = self._listener.authorize(publish_request, self.drop)
        if self._is_over:  # It was dropped while the authorizer accepted it.
            self._listener.left()
            sink.close(self._end_reason)
            return
        self._sink = sink
        self._session.accept_publish()
        self._read_in_rounds(True)
        hint = encoders.advice("container", encoders.recognize(self._encoder))
        self._expect(self._config.first_media_ms, "nothing was sent after publish", hint)

    def _unfit(self, app: str) -> str:
        """The reason why this connection cannot lead to a publish; empty if it can."""
        if self._lacks_tls:
            return "The RTMPS port takes TLS only: use rtmps://, or the RTMP port."
        return "" if app in ("", self._config.application) else self._wrong_application()

    def _wrong_application(self) -> str:
        application = self._config.application
        return f"Unknown application: this server's address ends in /{application}."

    def _leave(self, reason: str, *, is_failure: bool = False) -> None:
        """Close the sink once, if there is one."""
        sink, self._sink = self._sink, None
        if sink is not None:
            if not self._session.has_media and not is_failure:
                log.warning(
                    "publisher left without media peer=%s hint=%s",
                    self._peer,
                    encoders.advice("container", encoders.recognize(self._encoder)),
                )
            self._read_in_rounds(False)
            self._listener.left()
            sink.close(reason)

    # The end of a connection, and its limits.

    def _end(self, reason: str, *, is_failure: bool = False) -> None:
        """Read no more media from this peer, send it the last messages, then close the socket."""
        if self._is_over:
            return
        self._is_over = True
        self._end_reason = reason
        if is_failure:
            log.warning("connection closed peer=%s reason=%s", self._peer, reason)
        self._leave(reason, is_failure=is_failure)
        self._flush()
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._tls is not None:
            self._tls.close()
            self._flush()
        # Closing with unread bytes in the socket would reset it, and the reason would be lost: so
        # only our half is closed, and the rest is read until the peer closes or `linger_ms` is
        # over.
        try:
            transport.write_eof()
        except OSError:  # The peer has closed, but the loop has not noticed yet.
            self._cut()
        else:
            self._expect(self._config.linger_ms, "")

    def _cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _flush(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        out = self._session.to_send()
        if self._tls is not None:
            self._tls.send(out)
            out = self._tls.to_send()
        if out:
            self._transport.write(out)

    def _expect(self, within_ms: int, reason: str, hint: str = "") -> None:
        """End the connection for `reason` unless another deadline is set within this time."""
        self._deadline = self._loop.time() + within_ms / 1000
        self._expected = (within_ms, reason, hint)
        timer = self._deadline_timer
        # Media moves the deadline with every read: a timer that fires too early may stay.
        if timer is None or timer.when() > self._deadline:
            if timer is not None:
                timer.cancel()
            self._deadline_timer = self._loop.call_at(self._deadline, self._look_at_deadline)

    def _look_at_deadline(self) -> None:
        self._deadline_timer = None
        if self._loop.time() < self._deadline:
            self._deadline_timer = self._loop.call_at(self._deadline, self._look_at_deadline)
        elif self._is_over:
            self._cut()
        else:
            within_ms, reason, hint = self._expected
            message = f"{reason} for {within_ms / 1000:g} s" + (f". {hint}" if hint else "")
            self._session.end_publish(message)
            self._end(message, is_failure=True)

    def _meter(self, received_bytes: int) -> None:
        """Stop reading while the peer is ahead of its rate, or its sink is full.

        One second's worth of data is free.
        """
        now = self._loop.time()
        rate, pause_ms = self._config.bytes_per_second_max, 0
        if self._sink is not None:
            rate = min(rate, self._sink.bytes_per_second_max or rate)
            pause_ms = self._sink.pause_ms
        earned = (now - self._allowance_at) * rate
        self._allowance = min(rate, self._allowance + earned) - received_bytes
        self._allowance_at = now
        pause_seconds = max(-self._allowance / rate, pause_ms / 1000)
        if pause_seconds > 0 and self._transport is not None and self._resume_timer is None:
            self._stop_reading()
            self._resume_timer = self._loop.call_later(pause_seconds, self._resume)

    def _resume(self) -> None:
        self._resume_timer = None
        pause_ms = self._sink.pause_ms if self._sink is not None else 0
        if pause_ms and self._transport is not None:
            self._resume_timer = self._loop.call_later(pause_ms / 1000, self._resume)
        else:
            self._go_on_reading()

    # Reading.

    def _read_in_rounds(self, is_in_rounds: bool) -> None:
        if is_in_rounds == self._is_in_rounds or not rtmp_rounds.is_possible(self._loop):
            return
        if self._resume_timer is not None:  # Reading is paused; it resumes in this way.
            self._is_in_rounds = is_in_rounds
            return
        self._stop_reading()
        self._is_in_rounds = is_in_rounds
        self._go_on_reading()

    def _stop_reading(self) -> None:
        if self._transport is None or self._socket is None:
            return
        if self._is_in_rounds:
            self._listener.rounds.leave(self._socket)
        else:
            self._transport.pause_reading()

    def _go_on_reading(self) -> None:
        if self._transport is None or self._socket is None or self._transport.is_closing():
            return
        if self._is_in_rounds:
            self._listener.rounds.join(self._socket, self)
        else:
            self._transport.resume_reading()

    def _acknowledge_quickly(self) -> None:
        """Acknowledge received data at once.

        Encoders write a command in two pieces, and Nagle's algorithm holds the second one until the
        first is acknowledged: 40 ms a turn by default, 135 ms from connect to publish. Media is
        delayed in the same way. Data that has waited for longer is acknowledged already.
        """
        is_late = self._is_in_rounds and self.patience_ms >= _ACKNOWLEDGED_MS
        if self._socket is not None and sys.platform == "linux" and not is_late:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _socket_of(transport: asyncio.Transport) -> socket.socket:
    """The transport's socket as one that can be read (`get_extra_info` returns a wrapper)."""
    shown = transport.get_extra_info("socket")
    return socket.socket(shown.family, shown.type, shown.proto, fileno=shown.fileno())


def _peer_text(address: object) -> str:
    """`ip:port`, or `[ip]:port` for IPv6."""
    match address:
        case (str(ip), int(port), *_):
            return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
    return "unknown"
