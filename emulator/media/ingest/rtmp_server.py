"""The RTMP and RTMPS listeners. They pass every key to the authorizer and know none of them."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from emulator.core.errors import Refused
from emulator.media.ingest.authorizer import MediaSink, PublishAuthorizer, PublishRequest
from emulator.media.ingest.config import RtmpConfig
from emulator.media.ingest.rtmp_rounds import Rounds
from emulator.media.ingest.wire.rtmp_tls import TlsLayer

if TYPE_CHECKING:
    from emulator.media.ingest.rtmp_connection import RtmpConnection

_BACKLOG = 512


class RtmpServer:
    """Listens on one plain and one TLS port; either may be left out."""

    def __init__(self, authorizer: PublishAuthorizer, config: RtmpConfig | None = None) -> None:
        self.config = config or RtmpConfig()
        self.rounds = Rounds()
        self._authorizer = authorizer
        self._listeners: list[asyncio.Server] = []
        self._connections: set[RtmpConnection] = set()
        self._publishers = 0
        self._all_closed = asyncio.Event()

    @property
    def connection_count(self) -> int:
        """The number of open sockets, also those that have sent nothing."""
        return len(self._connections)

    @property
    def publisher_count(self) -> int:
        return self._publishers

    async def start(self, host: str, port: int) -> int:
        """Listen for RTMP. Port 0 lets the system choose; returns the port that was bound."""
        return await self._listen(host, port, lambda: self._connection("rtmp"))

    async def start_tls(self, host: str, port: int, context: Callable[[], ssl.SSLContext]) -> int:
        """Listen for RTMPS with the certificate that `context` gives. Port 0 as for `start`."""
        return await self._listen(
            host, port, lambda: self._connection("rtmps", TlsLayer(context()))
        )

    async def stop(self, reason: str) -> None:
        """Send every publisher the reason, and close everything.

        A peer that does not read is cut off.
        """
        for listener in self._listeners:
            listener.close()
        for connection in tuple(self._connections):
            connection.drop(reason)
        with suppress(TimeoutError):
            async with asyncio.timeout(self.config.linger_ms / 1000):
                await self._none_left()
        for connection in tuple(self._connections):
            connection.abort()
        await self._none_left()
        for listener in self._listeners:
            await listener.wait_closed()
        self._listeners.clear()

    def _connection(
        self, protocol: Literal["rtmp", "rtmps"], tls: TlsLayer | None = None
    ) -> "RtmpConnection":
        # Imported late: only a publisher needs it, and the server starts sooner without it.
        from emulator.media.ingest.rtmp_connection import RtmpConnection

        return RtmpConnection(self, protocol, tls)

    async def _listen(
        self, host: str, port: int, connection: "Callable[[], RtmpConnection]"
    ) -> int:
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(connection, host, port, backlog=_BACKLOG)
        self._listeners.append(listener)
        bound: int = listener.sockets[0].getsockname()[1]
        return bound

    async def _none_left(self) -> None:
        while self._connections:
            self._all_closed.clear()
            await self._all_closed.wait()

    # The methods of `Listener`, for its connections.

    def opened(self, connection: "RtmpConnection") -> None:
        self._connections.add(connection)
        if len(self._connections) > self.config.connections_max:
            raise Refused(
                "unavailable", f"more than {self.config.connections_max} connections are open"
            )

    def closed(self, connection: "RtmpConnection") -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._all_closed.set()

    def authorize(self, publish_request: PublishRequest, drop: Callable[[str], None]) -> MediaSink:
        self.rounds.catch_up()
        if self._publishers >= self.config.publishers_max:
            raise Refused(
                "unavailable",
                f"The server is full: its limit of {self._publishers} publishers is reached.",
            )
        sink = self._authorizer.authorize(publish_request, drop)
        self._publishers += 1
        return sink

    def left(self) -> None:
        self._publishers -= 1
