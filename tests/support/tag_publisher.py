"""A publisher that sends tag by tag, for input that no encoder can be made to send."""

import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from emulator.media.ingest.tag import Tag
from emulator.media.publisher.rtmp_client import Accepted, ClientEvent, Denied, RtmpClient
from tests.support.broadcast import flv_tags
from tests.support.live_server import PATIENCE_SECONDS


def tags_of(film: Path) -> list[Tag]:
    return list(flv_tags(film.read_bytes()))


class Replay:
    """One connection that publishes the tags of `send`, and stays open until `finish`."""

    def __init__(
        self,
        address: str,
        key: str,
        piece_bytes: int = 0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Connect, with TLS if there is a `context`. `piece_bytes` is the longest write."""
        where = urlsplit(address)
        assert where.hostname is not None
        self.plug = socket.create_connection((where.hostname, where.port or 1935), PATIENCE_SECONDS)
        self.plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            self.plug = context.wrap_socket(self.plug, server_hostname=where.hostname)
        self._piece_bytes = piece_bytes
        self._client = RtmpClient(where.path.strip("/"), address, key)

    def publish(self) -> ClientEvent:
        """Handshake, connect and publish. Returns the server's acceptance or refusal."""
        while True:
            self._say(self._client.to_send())
            for event in self._client.receive(self._hear()):
                return event

    def send(self, tags: Iterable[Tag]) -> None:
        for tag in tags:
            self._client.send(tag)
        self._say(self._client.to_send())

    def until_denied(self) -> Denied:
        """Read until the server ends the publish, and return its reason."""
        while True:
            for event in self._client.receive(self._hear()):
                if isinstance(event, Denied):
                    return event

    def finish(self) -> None:
        """Unpublish, as an encoder does when its user presses Stop."""
        self._client.close()
        self._say(self._client.to_send())

    def _say(self, octets: bytes) -> None:
        step = self._piece_bytes or len(octets) or 1
        for start in range(0, len(octets), step):
            self.plug.sendall(octets[start : start + step])

    def _hear(self) -> bytes:
        heard = self.plug.recv(65_536)
        if not heard:
            raise ConnectionError("the server closed the connection")
        return heard


@contextmanager
def replaying(address: str, key: str, piece_bytes: int = 0) -> Iterator[Replay]:
    """An accepted publish; its connection is closed at the end of the block."""
    replay = Replay(address, key, piece_bytes)
    with replay.plug:
        answer = replay.publish()
        assert isinstance(answer, Accepted), answer
        yield replay
