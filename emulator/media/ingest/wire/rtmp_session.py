"""One publisher's RTMP session, server side, without I/O: bytes in, events out, bytes to send.

Feed `receive` and take its events one by one. `ConnectRequested` and `PublishRequested` are
questions: answer each (`accept_...`, `refuse_...`) before you take the next event. Then send what
`to_send` returns. `ProtocolError` means that the peer broke the protocol and the session is over;
`Refused`, that it publishes something other than FLV.
"""

from collections.abc import Callable, Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

from msgspec import Struct

from emulator.core.errors import ProtocolError, Refused
from emulator.media.ingest.tag import Tag, TagKind
from emulator.media.ingest.wire import amf0, rtmp_chunks
from emulator.media.ingest.wire.amf3 import Value
from emulator.media.ingest.wire.rtmp_address import locate
from emulator.media.ingest.wire.rtmp_chunks import ChunkReader, RtmpMessage
from emulator.media.ingest.wire.rtmp_handshake import Handshake

ACKNOWLEDGEMENT: Final = 3
USER_CONTROL: Final = 4
WINDOW_SIZE: Final = 5
PEER_BANDWIDTH: Final = 6
AUDIO: Final = 8
VIDEO: Final = 9
DATA_AMF3: Final = 15
COMMAND_AMF3: Final = 17
DATA: Final = 18
COMMAND: Final = 20
AGGREGATE: Final = 22

STREAM_BEGIN: Final = 0
PING_REQUEST: Final = 6
PING_RESPONSE: Final = 7

COMMAND_BYTES_MAX: Final = 64 * 1024
"""The longest command.

To decode 8 MiB of AMF would block the server for seconds; real ones have 500 bytes.
"""

STREAMS_MAX: Final = 16
ENCODER_CHARS_MAX: Final = 100

_WINDOW_BYTES: Final = 2_500_000
_SERVER_CHUNK_BYTES: Final = 4096

_CAN_FORWARD: Final[Value] = 4
_ENHANCED: Final[dict[str, Value]] = {
    # Enhanced RTMP v1 and v2, "Enhancing NetConnection connect Command": a server names its own
    # capabilities in the result's properties. capsEx: ModEx (4) and TimestampNanoOffset (8).
    "capsEx": 12,
    "fourCcList": ["avc1", "hvc1", "av01", "vp09", "mp4a", "Opus"],
    "videoFourCcInfoMap": dict.fromkeys(("avc1", "hvc1", "av01", "vp09"), _CAN_FORWARD),
    "audioFourCcInfoMap": dict.fromkeys(("mp4a", "Opus"), _CAN_FORWARD),
}
# The message types of RTMP 1.0 (5.4, 6.2, 7.1), including the shared objects, 16 and 19.
_TYPES: Final = frozenset({1, 2, 3, 4, 5, 6, 8, 9, 15, 16, 17, 18, 19, 20, 22})
# The length of two AMF0 numbers, a selector, and the name.
_METADATA_NAME_BYTES: Final = 48
_TAG_KINDS: Final[dict[int, TagKind]] = {AUDIO: "audio", VIDEO: "video", DATA: "script"}


class ConnectRequested(Struct, frozen=True):
    """A `connect`. `app` is the application alone, without a key that may be in it."""

    app: str
    tc_url: str
    encoder: str


class PublishRequested(Struct, frozen=True):
    """A `publish`. `key` may be empty; `query` is the text after a `?` in the name."""

    app: str
    key: str
    tc_url: str
    query: str


class PublishEnded(Struct, frozen=True):
    """The publisher ended its stream in good order. The connection may be used again."""

    reason: str


class Finished(Struct, frozen=True):
    """The session is over: send the remaining bytes, then close."""

    reason: str


SessionEvent: TypeAlias = ConnectRequested | PublishRequested | PublishEnded | Finished | Tag
Phase = Literal["handshake", "connecting", "connected", "publishing", "over"]


class _Command(NamedTuple):
    """A command message. `arguments` come after the command object, which is {} without one."""

    name: str
    transaction_id: float
    command_object: dict[str, Value]
    arguments: list[Value]
    stream_id: int


class RtmpSession:
    """The state of one connection."""

    def __init__(self, message_bytes_max: int, chunk_streams_max: int) -> None:
        self.phase: Phase = "handshake"
        self._handshake = Handshake()
        self._chunks = ChunkReader(message_bytes_max, chunk_streams_max)
        self._out = bytearray()
        self._question: _Command | None = None
        self._app = ""
        self._tc_url = ""
        self._stream_count = 0
        self._stream_ids: set[float] = set()
        self._publish_stream_id = 0
        self.has_media = False
        self._received_bytes = 0
        self._acknowledged_bytes = 0
        self._window_bytes = _WINDOW_BYTES
        self._chunk_bytes = rtmp_chunks.CHUNK_BYTES_DEFAULT
        self._answers: dict[str, Callable[[_Command], SessionEvent | None]] = {
            "connect": self._connect,
            "createStream": self._create_stream,
            "releaseStream": self._agree,
            "FCPublish": self._fc_publish,
            "publish": self._publish,
            "FCUnpublish": self._unpublish,
            "deleteStream": self._delete_stream,
            "closeStream": self._close_stream,
            "play": self._play,
            "play2": self._play,
            "_checkbw": self._agree,
            # Responses to requests that this server never makes.
            "_result": _ignore,
            "_error": _ignore,
            "onStatus": _ignore,
        }

    def receive(self, received: bytes) -> Iterator[SessionEvent]:
        """Yield the events that `received` causes. Take all of them before the next call."""
        self._received_bytes += len(received)
        if self.phase == "handshake":
            try:
                self._out += self._handshake.receive(received)
            finally:
                self._out += self._handshake.last_reply
            if not self._handshake.done:
                return
            received = self._handshake.rest
            self.phase = "connecting"
        if self._received_bytes - self._acknowledged_bytes >= self._window_bytes:
            self._acknowledged_bytes = self._received_bytes
            self._control(ACKNOWLEDGEMENT, (self._received_bytes & 0xFFFFFFFF).to_bytes(4))
        for message in self._chunks.receive(received):
            if self.phase == "publishing" and (kind := _TAG_KINDS.get(message.type_id)):
                self.has_media = True
                yield Tag(kind, message.timestamp_ms, message.payload)
            elif self.phase != "over":
                yield from self._events_of(message)

    def to_send(self) -> bytes:
        """Return the bytes to send now. Each byte is returned once."""
        if not self._out:
            return b""
        out = bytes(self._out)
        self._out.clear()
        return out

    def accept_connect(self) -> None:
        """Answer `ConnectRequested`: windows first, then the result (RTMP 1.0, 7.2.1.1)."""
        asked = self._answered()
        self.phase = "connected"
        self._control(WINDOW_SIZE, _WINDOW_BYTES.to_bytes(4))
        self._control(PEER_BANDWIDTH, _WINDOW_BYTES.to_bytes(4) + b"\x02")
        self._control(rtmp_chunks.SET_CHUNK_SIZE, _SERVER_CHUNK_BYTES.to_bytes(4))
        self._chunk_bytes = _SERVER_CHUNK_BYTES
        properties: dict[str, Value] = {"fmsVer": "FMS/3,5,1,1", "capabilities": 31, "mode": 1}
        encoding = asked.command_object.get("objectEncoding", 0)
        verdict = _verdict("status", "NetConnection.Connect.Success", "Connected.")
        verdict["objectEncoding"] = encoding if isinstance(encoding, int | float) else 0
        self._command("_result", asked.transaction_id, properties | _ENHANCED, verdict)

    def refuse_connect(self, message: str) -> None:
        """Answer `ConnectRequested` for a wrong application. The session is over."""
        asked = self._answered()
        self.phase = "over"
        verdict = _verdict("error", "NetConnection.Connect.Rejected", message)
        self._command("_error", asked.transaction_id, None, verdict)
        # OBS (librtmp) does not show an _error to its user, but it shows this status.
        self._status(0, "error", "NetConnection.Connect.InvalidApp", message)

    def accept_publish(self) -> None:
        """Answer `PublishRequested`: tags are events from now on."""
        asked = self._answered()
        self.phase = "publishing"
        self.has_media = False
        self._publish_stream_id = asked.stream_id
        self._control(USER_CONTROL, STREAM_BEGIN.to_bytes(2) + asked.stream_id.to_bytes(4))
        self._status(asked.stream_id, "status", "NetStream.Publish.Start", "Publishing.")

    def refuse_publish(self, message: str) -> None:
        """Answer `PublishRequested` for a key that is refused. The session is over."""
        asked = self._answered()
        self.phase = "over"
        self._status(asked.stream_id, "error", "NetStream.Publish.BadName", message)

    def end_publish(self, message: str, code: str = "NetStream.Publish.Denied") -> None:
        """Tell the peer, at any time, that the session is over and why.

        A peer that does not publish gets it too, as soon as it has begun to speak RTMP.
        """
        if self.phase == "publishing":
            self._status(self._publish_stream_id, "error", code, message)
        elif self.phase in ("connecting", "connected"):
            self._status(0, "error", "NetConnection.Connect.Closed", message)
        self.phase = "over"

    def _answered(self) -> _Command:
        if self._question is None:
            raise RuntimeError("an answer without a question")
        asked = self._question
        self._question = None
        return asked

    def _events_of(self, message: RtmpMessage) -> Iterator[SessionEvent]:
        if self._question is not None:
            raise RuntimeError("the next event was taken before the question was answered")
        match message.type_id:
            case rtmp_chunks.SET_CHUNK_SIZE | rtmp_chunks.ABORT:
                pass  # The chunk reader has applied it.
            case _ if message.type_id in (WINDOW_SIZE, USER_CONTROL):
                self._obey(message)
            case _ if message.type_id in (COMMAND, COMMAND_AMF3):
                event = self._command_event(message)
                if event is not None:
                    yield event
            case _ if self.phase == "publishing":
                yield from self._rare_tags(message)

    def _command_event(self, message: RtmpMessage) -> SessionEvent | None:
        if self.phase == "publishing" and _is_metadata(message.payload):
            return Tag("script", message.timestamp_ms, _without_selector(message))
        return self._answer(_parsed(message))

    def _rare_tags(self, message: RtmpMessage) -> Iterator[Tag]:
        if not self.has_media and message.type_id not in _TYPES:
            raise Refused(
                "unsupported",
                f"This is not FLV: the first message has the type {message.type_id}, which is "
                "unknown in RTMP.",
                topic="container",
            )
        yield from _tags_of(message)

    def _obey(self, message: RtmpMessage) -> None:
        if message.type_id == WINDOW_SIZE:
            if len(message.payload) != 4:
                raise ProtocolError("a window size message has the wrong length")
            self._window_bytes = max(1, int.from_bytes(message.payload))
        elif message.payload[:2] == PING_REQUEST.to_bytes(2):
            self._control(USER_CONTROL, PING_RESPONSE.to_bytes(2) + message.payload[2:6])

    def _answer(self, command: _Command) -> SessionEvent | None:
        if (command.name == "connect") != (self.phase == "connecting"):
            raise ProtocolError("a command came before connect, or a second connect came")
        answer = self._answers.get(command.name)
        if answer is not None:
            return answer(command)
        if command.transaction_id:
            verdict = _verdict("error", "NetConnection.Call.Failed", "Unknown command.")
            self._command("_error", command.transaction_id, None, verdict)
        return None

    def _connect(self, command: _Command) -> ConnectRequested:
        self._app = _text(command.command_object.get("app"))
        self._tc_url = _text(command.command_object.get("tcUrl"))
        self._question = command
        flash_version = _text(command.command_object.get("flashVer"))
        encoder = "".join(char for char in flash_version if char.isprintable())
        return ConnectRequested(
            locate(self._app, self._tc_url).app, self._tc_url, encoder[:ENCODER_CHARS_MAX]
        )

    def _create_stream(self, command: _Command) -> None:
        if len(self._stream_ids) == STREAMS_MAX:
            raise ProtocolError(f"more than {STREAMS_MAX} streams on one connection")
        self._stream_count += 1
        self._stream_ids.add(self._stream_count)
        self._command("_result", command.transaction_id, None, self._stream_count)

    def _agree(self, command: _Command) -> None:
        if command.transaction_id:
            self._command("_result", command.transaction_id, None, None)

    def _fc_publish(self, command: _Command) -> None:
        """Answer FCPublish: Flash Media Live Encoder waits for `onFCPublish`.

        The key is checked only at `publish`.
        """
        self._agree(command)
        verdict = _verdict("status", "NetStream.Publish.Start", "Go on.")
        self._command("onFCPublish", 0, None, verdict)

    def _publish(self, command: _Command) -> PublishRequested | None:
        if self.phase == "publishing":
            self._status(
                command.stream_id,
                "error",
                "NetStream.Publish.BadName",
                "This connection publishes already.",
            )
            return None
        name = _text(command.arguments[0]) if command.arguments else ""
        address = locate(self._app, self._tc_url, name)
        self._question = command
        return PublishRequested(address.app, address.key, self._tc_url, address.query)

    def _delete_stream(self, command: _Command) -> PublishEnded | None:
        """End the stream that an argument names (RTMP 1.0, 7.2.2.3)."""
        stream_id = command.arguments[0] if command.arguments else None
        if not isinstance(stream_id, int | float):
            return self._unpublish(command)
        event = self._end_stream(command, stream_id)
        self._stream_ids.discard(stream_id)
        return event

    def _close_stream(self, command: _Command) -> PublishEnded | None:
        """End the message's stream, which may be used again."""
        return self._end_stream(command, command.stream_id)

    def _end_stream(self, command: _Command, stream_id: float) -> PublishEnded | None:
        """End a stream; its end is that of the publish, unless another stream has this number.

        An encoder that sends a number which it never got wants to end its publish.
        """
        if stream_id in self._stream_ids and stream_id != self._publish_stream_id:
            self._agree(command)
            return None
        return self._unpublish(command)

    def _unpublish(self, command: _Command) -> PublishEnded | None:
        self._agree(command)
        if self.phase != "publishing":
            return None
        self.phase = "connected"
        self._status(
            self._publish_stream_id, "status", "NetStream.Unpublish.Success", "Unpublished."
        )
        return PublishEnded("the publisher stopped")

    def _play(self, command: _Command) -> Finished | None:
        if self.phase == "publishing":
            return None
        self.phase = "over"
        message = "Streams are not played over RTMP here: watch over HLS."
        self._status(command.stream_id, "error", "NetStream.Play.StreamNotFound", message)
        return Finished("the client asked to play, which is possible over HLS only")

    def _control(self, type_id: int, payload: bytes) -> None:
        self._write(2, RtmpMessage(type_id, 0, 0, payload))

    def _command(self, name: str, transaction_id: float, *values: Value) -> None:
        payload = amf0.encode(name, transaction_id, *values)
        self._write(3, RtmpMessage(COMMAND, 0, 0, payload))

    def _status(self, stream_id: int, level: str, code: str, message: str) -> None:
        payload = amf0.encode("onStatus", 0, None, _verdict(level, code, message))
        self._write(5, RtmpMessage(COMMAND, stream_id, 0, payload))

    def _write(self, chunk_stream_id: int, message: RtmpMessage) -> None:
        self._out += rtmp_chunks.write(chunk_stream_id, message, self._chunk_bytes)


def _ignore(_command: _Command) -> None:
    return None


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _verdict(level: str, code: str, message: str) -> dict[str, Value]:
    return {"level": level, "code": code, "description": message}


def _parsed(message: RtmpMessage) -> _Command:
    """Parse a command message (RTMP 1.0, 7.1.1). Refuses another one, and one that is too long."""
    body = message.payload
    if len(body) > COMMAND_BYTES_MAX:
        raise ProtocolError(f"a command of {len(body)} bytes: the limit is {COMMAND_BYTES_MAX}")
    match amf0.decode(_without_selector(message)):
        case [str(name), float(transaction_id), dict(command_object), *arguments]:
            return _Command(name, transaction_id, command_object, arguments, message.stream_id)
        case [str(name), float(transaction_id), _, *arguments]:
            return _Command(name, transaction_id, {}, arguments, message.stream_id)
        case [str(name), float(transaction_id)]:
            return _Command(name, transaction_id, {}, [], message.stream_id)
    raise ProtocolError("a command message contains no command")


def _without_selector(message: RtmpMessage) -> bytes:
    """Return the body after the format selector of an AMF3 message.

    It is AMF0 until a marker switches to AMF3.
    """
    body = message.payload
    is_selected = message.type_id in (COMMAND_AMF3, DATA_AMF3) and body[:1] == b"\x00"
    return body[1:] if is_selected else body


def _is_metadata(body: bytes) -> bool:
    """Whether a command is metadata: some encoders send it so, or with numbers before its name."""
    head = body[:_METADATA_NAME_BYTES]
    return b"@setDataFrame" in head or b"onMetaData" in head


def _tags_of(message: RtmpMessage) -> Iterator[Tag]:
    """Yield the tags in rarer messages: data after AMF3's selector, and aggregates."""
    if message.type_id == DATA_AMF3:
        yield Tag("script", message.timestamp_ms, _without_selector(message))
    elif message.type_id == AGGREGATE:
        yield from _parts_of(message)


def _parts_of(aggregate: RtmpMessage) -> Iterator[Tag]:
    """Yield the FLV tags of an aggregate; its timestamp is the first tag's (RTMP 1.0, 7.1.6)."""
    body = aggregate.payload
    pos = 0
    shift_ms: int | None = None
    while pos < len(body):
        end = pos + 11 + int.from_bytes(body[pos + 1 : pos + 4])
        if end > len(body):
            raise ProtocolError("an aggregate message ends inside a tag")
        timestamp_ms = body[pos + 7] << 24 | int.from_bytes(body[pos + 4 : pos + 7])
        if shift_ms is None:
            shift_ms = aggregate.timestamp_ms - timestamp_ms
        if kind := _TAG_KINDS.get(body[pos]):
            yield Tag(kind, (timestamp_ms + shift_ms) & 0xFFFFFFFF, body[pos + 11 : end])
        pos = end + 4  # Skips the tag's length, which is repeated here.
