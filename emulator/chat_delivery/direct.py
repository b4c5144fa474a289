"""Direct: on uvicorn, write frames straight to a WebSocket's transport.

The ASGI extension `emulator.broadcast` in the scope is the connection itself, a `Sink`. Through
ASGI's `send`, a message to a reader costs several times as much as the write alone.
"""

import logging
import socket
from asyncio.transports import BaseTransport
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from emulator.chat_delivery.send_queue import DirectSendQueue, Sink

EXTENSION = "emulator.broadcast"

log = logging.getLogger(__name__)
# At "info", uvicorn logs each connection's URL, and a chat's URL has the token in its query.
_quiet = log.getChild("uvicorn")
_quiet.setLevel(logging.WARNING)


def _without_traceback(record: logging.LogRecord) -> bool:
    """Make a warning of text that is no UTF-8: it is the client's error, not one of this server."""
    if record.exc_info and isinstance(record.exc_info[1], UnicodeDecodeError):
        record.exc_info = None
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
    return True


_quiet.addFilter(_without_traceback)

# A reader counts as slow as soon as its kernel does not take all of a write. What comes then is
# held once for all; a transport would make objects of each write for each reader, which the
# collector has to look at. (A transport over TLS takes 0 for "always full".)
_BUFFER_BYTES_MAX = 1
# The kernel's limit of unsent bytes: without one, Linux buffers some 3 MB for each reader.
_UNSENT_BYTES_MAX = 128 * 1024
_GOODBYE_SECONDS = 10.0


class DirectProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, which also lends its transport (see `Sink`)."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = _quiet
        self._reader: DirectSendQueue | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=_BUFFER_BYTES_MAX)
        plug = transport.get_extra_info("socket")
        if hasattr(socket, "TCP_NOTSENT_LOWAT") and plug is not None:
            plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES_MAX)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._reader is not None:
            self._reader.lost()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._reader is not None:
            self._reader.paused()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._reader is not None:
            self._reader.resumed()

    def keepalive_timeout(self) -> None:
        """Cut a connection that did not answer a ping: a closing handshake would never end."""
        is_stuck = self.transport.get_write_buffer_size() > 0
        super().keepalive_timeout()
        if is_stuck:
            self.transport.abort()

    async def run_asgi(self) -> None:
        if not self.config.ws_per_message_deflate:
            extensions = cast(dict[str, Any], self.scope["extensions"])
            extensions[EXTENSION] = self
        await super().run_asgi()

    def attach(self, reader: DirectSendQueue) -> Callable[[bytes], None]:
        """Return the transport's own `write`: with a thousand readers, one more call is felt."""
        self._reader = reader
        return self.transport.write

    def end(self, code: int, reason: str) -> None:
        """Close with `code`; cut the connection if the peer does not answer."""
        if self.close_sent or self.transport.is_closing():
            return
        try:
            self.conn.send_close(code, reason)
        except InvalidState:
            # The close frame that the peer sent is being answered already.
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(_GOODBYE_SECONDS, self.transport.abort)


def sink_of(scope: Any) -> Sink | None:
    """The connection itself as a `Sink`; None on a server without the extension."""
    result = scope.get("extensions", {}).get(EXTENSION)
    return result if isinstance(result, DirectProtocol) else None
