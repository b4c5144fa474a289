"""SimulcastConnection: one connection that publishes a live stream to another server.

It runs the client of the built-in publisher, which knows no socket, on an asyncio connection. The
key is removed from every text of a server before it is passed on.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from contextlib import suppress

from emulator.core.errors import ProtocolError, Refused
from emulator.core.hosts import Allowed
from emulator.media.ingest.tag import Tag
from emulator.media.packets import Packet, Track, VideoTrack
from emulator.media.publisher.link import parse_target, tls_context
from emulator.media.publisher.rtmp_client import Accepted, Denied, RtmpClient
from emulator.media.simulcast.config import SimulcastConfig
from emulator.media.simulcast.feed import Feed
from emulator.media.simulcast.tags import TagWriter

_READ_BYTES = 65_536
_GOODBYE_SECONDS = 1.0
_SENTENCE_LENGTH_MAX = 300


class SimulcastConnection:
    """One publish to one target (a `Tap`).

    `run` returns when the stream has ended, and raises `Refused`, with a message without the key,
    when the server does not accept it.
    """

    def __init__(self, url: str, key: str, feed: Feed, config: SimulcastConfig) -> None:
        self._target = parse_target(url)
        self._key = key
        self._feed = feed
        self._config = config
        self._allowed = Allowed(config.hosts)
        self._client = RtmpClient(self._target.app, self._target.tc_url, key)
        self._tags = TagWriter()
        self._writer: asyncio.StreamWriter | None = None
        self._is_begun = False
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, accepted: Callable[[], None]) -> None:
        """Publish until the stream ends. `accepted` is called when the server takes the publish."""
        try:
            reader, self._writer = await self._connect()
            try:
                await self._publish(reader, self._writer, accepted)
            finally:
                self._feed.leave(self)
                self._writer.transport.abort()
        except TimeoutError:
            raise Refused("unavailable", "The server did not answer the publish request.") from None
        except (OSError, ProtocolError) as failure:
            raise Refused("unavailable", self._plain(str(failure) or "it broke off")) from None

    def on_packet(self, packet: Packet, tracks: tuple[Track, ...]) -> None:
        writer = self._writer
        if writer is None or self._over.done():
            return
        if not self._is_begun and not (isinstance(packet.track, VideoTrack) and packet.is_key):
            return
        self._is_begun = True
        self._send(self._tags.write(packet, tracks))
        if writer.transport.get_write_buffer_size() > self._config.unsent_bytes_max:
            self._fail("The server is too slow: it has not read what was sent for a while.")

    def close(self) -> None:
        if not self._over.done():
            self._over.set_result(None)

    def _fail(self, message: str) -> None:
        if not self._over.done():
            self._over.set_exception(Refused("unavailable", message))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        target = self._target
        async with asyncio.timeout(self._config.answer_ms / 1000):
            address = await self._address()
            if target.scheme != "rtmps":
                return await asyncio.open_connection(address, target.port)
            # Reading the system's certificates takes a while.
            trust = await asyncio.to_thread(tls_context, target.host, "")
            return await asyncio.open_connection(
                address, target.port, ssl=trust, server_hostname=target.host
            )

    async def _address(self) -> str:
        """An address that may be pushed to.

        The name is looked up once, so that the checked address is the one used.
        """
        host = self._target.host
        try:
            addresses = await asyncio.get_running_loop().getaddrinfo(
                host, self._target.port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError):  # UnicodeError: a label that is invalid in DNS.
            raise Refused("unavailable", f"The host {host[:100]!r} does not exist.") from None
        for *_, address in addresses:
            if self._allowed.allows(host, ipaddress.ip_address(address[0])):
                return str(address[0])
        message = f"Streams may not be pushed to {host[:100]}: see the setting simulcast_hosts."
        raise Refused("forbidden", message)

    async def _publish(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        accepted: Callable[[], None],
    ) -> None:
        async with asyncio.timeout(self._config.answer_ms / 1000):
            self._flush()
            while not await self._read(reader):
                self._flush()
        accepted()
        if self._feed.is_closed:
            return
        self._feed.join(self)
        listening = asyncio.create_task(self._listen(reader))
        try:
            await asyncio.wait({listening, self._over}, return_when=asyncio.FIRST_COMPLETED)
            if self._over.done():
                self._over.result()
                await self._say_goodbye(writer)
            else:
                listening.result()
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, OSError, Refused, ProtocolError):
                await listening

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Read until the server closes the connection or refuses; both raise."""
        while True:
            await self._read(reader)
            self._flush()

    async def _read(self, reader: asyncio.StreamReader) -> bool:
        """Read the server's next messages. Return whether it accepts the publish."""
        received = await reader.read(_READ_BYTES)
        if not received:
            raise ConnectionResetError("the server has closed the connection")
        events = self._client.receive(received)
        for event in events:
            if isinstance(event, Denied):
                raise Refused("forbidden", self._plain(event.message or "The server refused"))
        return any(isinstance(event, Accepted) for event in events)

    def _send(self, tags: list[Tag]) -> None:
        for tag in tags:
            self._client.send(tag)
        self._flush()

    def _flush(self) -> None:
        octets = self._client.to_send()
        if octets and self._writer is not None and not self._writer.is_closing():
            self._writer.write(octets)

    async def _say_goodbye(self, writer: asyncio.StreamWriter) -> None:
        """End the publish properly; a server that does not read it sees the connection close."""
        self._client.close()
        self._flush()
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await writer.drain()
                writer.close()
                await writer.wait_closed()

    def _plain(self, text: str) -> str:
        return text.replace(self._key, "***")[:_SENTENCE_LENGTH_MAX] if self._key else text
