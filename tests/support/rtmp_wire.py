"""The bytes of an RTMP client, and fakes of the objects that an RTMP server calls."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from emulator.core.errors import Refused
from emulator.media.ingest.authorizer import MediaSink, PublishRequest
from emulator.media.ingest.tag import Tag
from emulator.media.ingest.wire import amf0, rtmp_chunks
from emulator.media.ingest.wire.amf3 import Value
from emulator.media.ingest.wire.rtmp_chunks import ChunkReader, RtmpMessage
from emulator.media.ingest.wire.rtmp_handshake import BLOCK
from emulator.media.ingest.wire.rtmp_session import (
    COMMAND,
    VIDEO,
    ConnectRequested,
    PublishRequested,
    RtmpSession,
    SessionEvent,
)

HANDSHAKE = b"\x03" + bytes(2 * BLOCK)


def command(name: str, transaction_id: float, *values: Value, stream_id: int = 0) -> bytes:
    """One command message in chunks."""
    payload = amf0.encode(name, transaction_id, *values)
    return rtmp_chunks.write(3, RtmpMessage(COMMAND, stream_id, 0, payload))


def connect(app: str = "live", tc_url: str = "rtmp://127.0.0.1/live", **more: Value) -> bytes:
    return command("connect", 1, {"app": app, "tcUrl": tc_url, "flashVer": "test", **more})


def publish(key: str = "KEY") -> bytes:
    return command("createStream", 2, None) + command("publish", 3, None, key, "live", stream_id=1)


def video(timestamp_ms: int, payload: bytes = b"\x17\x01frame") -> bytes:
    return rtmp_chunks.write(6, RtmpMessage(VIDEO, 1, timestamp_ms, payload))


def new_session() -> RtmpSession:
    return RtmpSession(message_bytes_max=8 * 1024 * 1024, chunk_streams_max=64)


def drive(session: RtmpSession, pieces: Iterable[bytes]) -> list[SessionEvent]:
    """Feed `pieces` to a session, and accept everything that it asks for."""
    events: list[SessionEvent] = []
    for piece in pieces:
        for event in session.receive(piece):
            events.append(event)
            match event:
                case ConnectRequested():
                    session.accept_connect()
                case PublishRequested():
                    session.accept_publish()
    return events


def answers(sent: bytes) -> list[RtmpMessage]:
    """The messages in a server's output; a handshake is left out."""
    if sent[:1] == b"\x03" and len(sent) >= len(HANDSHAKE):
        sent = sent[len(HANDSHAKE) :]
    return list(ChunkReader(1 << 20, 64).receive(sent))


def commands(sent: bytes) -> list[list[Value]]:
    """The commands in a server's output, each as name, transaction and values."""
    return [amf0.decode(answer.payload) for answer in answers(sent) if answer.type_id == COMMAND]


@dataclass
class RecordingSink:
    """A media sink that records its input; `closed_for` has the reason of its end."""

    publish_request: PublishRequest
    drop: Callable[[str], None]
    tags: list[Tag] = field(default_factory=list)
    closed_for: list[str] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    refuses: Refused | None = None
    bytes_per_second_max: int = 0
    pause_ms: int = 0
    patience_ms: int = 0

    def receive(self, tags: Sequence[Tag]) -> None:
        assert not self.closed_for
        for tag in tags:
            self.tags.append(tag)
            if self.refuses is not None:
                raise self.refuses

    def close(self, reason: str) -> None:
        self.closed_for.append(reason)
        self.closed.set()


@dataclass
class RecordingAuthorizer:
    """Accepts publishers whose key begins with `good`, and records all sinks by key."""

    sinks: dict[str, RecordingSink] = field(default_factory=dict)
    refuses_media: Refused | None = None
    admitted: asyncio.Event = field(default_factory=asyncio.Event)

    def authorize(self, publish_request: PublishRequest, drop: Callable[[str], None]) -> MediaSink:
        if not publish_request.key.startswith("good"):
            raise Refused("not_found", "No stream has this key.")
        sink = RecordingSink(publish_request, drop, refuses=self.refuses_media)
        self.sinks[publish_request.key] = sink
        self.admitted.set()
        return sink
