"""RtmpClient: the publishing side of RTMP, without I/O.

Feed it received bytes, send what it returns.

The order of commands is that of OBS and FFmpeg: connect, releaseStream, FCPublish, createStream,
publish (RTMP 1.0, 7.2).
"""

from typing import Final, Literal

from msgspec import Struct

from emulator.core.errors import ProtocolError
from emulator.media.ingest.tag import Tag, TagKind
from emulator.media.ingest.wire import amf0, rtmp_chunks
from emulator.media.ingest.wire.amf3 import Value
from emulator.media.ingest.wire.rtmp_chunks import ChunkReader, RtmpMessage
from emulator.version import __version__

_HANDSHAKE_BYTES: Final = 1536
_VERSION: Final = b"\x03"
# Large enough that few messages need a second chunk; FFmpeg's own is about as large.
_CHUNK_BYTES: Final = 60_000
_REPLY_BYTES_MAX: Final = 1 << 20

_ACKNOWLEDGEMENT: Final = 3
_USER_CONTROL: Final = 4
_WINDOW_SIZE: Final = 5
_PEER_BANDWIDTH: Final = 6
_COMMAND: Final = 20
_PING: Final = 6
_PONG: Final = 7
_TYPE_IDS: Final[dict[TagKind, int]] = {"audio": 8, "video": 9, "script": 18}

_CONTROL_CHUNKS: Final = 2
_COMMAND_CHUNKS: Final = 3
_MEDIA_CHUNKS: Final[dict[TagKind, int]] = {"audio": 4, "script": 5, "video": 6}

# A message stream's number has four bytes (RTMP 1.0, 5.3.1.2).
_STREAMS_END: Final = 1 << 32

_CONNECT: Final = 1
_RELEASE_STREAM: Final = 2
_FC_PUBLISH: Final = 3
_CREATE_STREAM: Final = 4
_PUBLISH: Final = 5
_CLOSE: Final = 6


class Accepted(Struct, frozen=True):
    """The server accepts the publish: send tags from now on."""


class Denied(Struct, frozen=True):
    """The server refused, before or during the publish, with this code and message."""

    code: str
    message: str


ClientEvent = Accepted | Denied
_State = Literal["handshake", "connecting", "creating", "publishing", "closed"]


class RtmpClient:
    """One publish of one key. `tc_url` is the address without the key."""

    def __init__(self, app: str, tc_url: str, key: str) -> None:
        self._app = app
        self._tc_url = tc_url
        self._key = key
        self._state: _State = "handshake"
        self._reader = ChunkReader(_REPLY_BYTES_MAX, chunk_streams_max=64)
        self._handshake = bytearray()
        # C1's bytes need not be random: they only tell the echo from any other (5.2.3).
        self._out = bytearray(_VERSION + bytes(8) + b"live-emulator "[:14] * 109 + b"  ")
        self._stream_id = 0
        self._received = 0
        self._acknowledged = 0
        self._window = 0

    def to_send(self) -> bytes:
        """Return the bytes to send now; each byte is returned once."""
        out = bytes(self._out)
        self._out.clear()
        return out

    def receive(self, received: bytes) -> list[ClientEvent]:
        """Take received bytes, split anywhere.

        Raises `ProtocolError` for bytes that are not RTMP.
        """
        if self._state == "handshake":
            received = self._shake(received)
        if self._state in {"handshake", "closed"}:
            return []
        self._received += len(received)
        events: list[ClientEvent] = []
        for message in self._reader.receive(received):
            event = self._handle(message)
            if event is not None:
                events.append(event)
        self._acknowledge()
        return events

    def send(self, tag: Tag) -> None:
        """Queue one tag of the accepted publish."""
        payload = tag.payload
        if tag.kind == "script":
            payload = amf0.encode("@setDataFrame") + payload
        message = RtmpMessage(_TYPE_IDS[tag.kind], self._stream_id, tag.timestamp_ms, payload)
        self._out += rtmp_chunks.write(_MEDIA_CHUNKS[tag.kind], message, _CHUNK_BYTES)

    def close(self) -> None:
        """End the publish. The server's answer no longer matters."""
        if self._state == "publishing":
            self._command("FCUnpublish", _CLOSE, None, self._key)
            self._command("deleteStream", _CLOSE, None, float(self._stream_id))
        self._state = "closed"

    def _shake(self, received: bytes) -> bytes:
        """Read S0, S1 and S2 (5.2); return the bytes after them."""
        self._handshake += received
        if not self._handshake.startswith(_VERSION):
            raise ProtocolError("This is not an RTMP server: its handshake has another version.")
        end = 1 + 2 * _HANDSHAKE_BYTES
        if len(self._handshake) < end:
            return b""
        self._out += self._handshake[1 : 1 + _HANDSHAKE_BYTES]
        remaining = bytes(self._handshake[end:])
        self._handshake.clear()
        self._state = "connecting"
        size = _CHUNK_BYTES.to_bytes(4)
        # This is Set Chunk Size, which counts for all later chunks (5.4.1).
        self._control(rtmp_chunks.SET_CHUNK_SIZE, size)
        self._command(
            "connect",
            _CONNECT,
            {
                "app": self._app,
                "type": "nonprivate",
                "flashVer": f"FMLE/3.0 (compatible; live-emulator/{__version__})",
                "tcUrl": self._tc_url,
            },
        )
        return remaining

    def _handle(self, message: RtmpMessage) -> ClientEvent | None:
        if message.type_id == _COMMAND:
            return self._handle_command(message.payload)
        if message.type_id == _USER_CONTROL and message.payload[:2] == _PING.to_bytes(2):
            self._control(_USER_CONTROL, _PONG.to_bytes(2) + message.payload[2:6])
        elif message.type_id in {_WINDOW_SIZE, _PEER_BANDWIDTH} and len(message.payload) >= 4:
            size = message.payload[:4]
            if message.type_id == _WINDOW_SIZE:
                self._window = int.from_bytes(size)
            else:
                self._control(_WINDOW_SIZE, size)
        return None

    def _handle_command(self, body: bytes) -> ClientEvent | None:
        values = amf0.decode(body)
        name = values[0] if values else None
        last = values[-1] if len(values) > 3 else None
        if name == "onStatus":
            return self._status(last)
        if name == "_error" and values[1:2] not in ([_RELEASE_STREAM], [_FC_PUBLISH]):
            # Servers that do not know these two commands of old encoders answer with an error,
            # which is harmless.
            return _denied(last)
        if name == "_result" and values[1:2] == [_CONNECT] and self._state == "connecting":
            self._state = "creating"
            self._command("releaseStream", _RELEASE_STREAM, None, self._key)
            self._command("FCPublish", _FC_PUBLISH, None, self._key)
            self._command("createStream", _CREATE_STREAM, None)
        elif name == "_result" and values[1:2] == [_CREATE_STREAM] and self._state == "creating":
            if not isinstance(last, float) or not 0 <= last < _STREAMS_END:
                raise ProtocolError("The server's answer to createStream has no stream number.")
            self._stream_id = int(last)
            self._command("publish", _PUBLISH, None, self._key, "live", stream_id=self._stream_id)
        return None

    def _status(self, payload: object) -> ClientEvent | None:
        status = payload if isinstance(payload, dict) else {}
        if status.get("level") == "error" or status.get("code") == "NetStream.Unpublish.Success":
            return _denied(status)
        if status.get("code") == "NetStream.Publish.Start" and self._state == "creating":
            self._state = "publishing"
            return Accepted()
        return None

    def _command(self, name: str, number: int, *values: Value, stream_id: int = 0) -> None:
        body = amf0.encode(name, float(number), *values)
        message = RtmpMessage(_COMMAND, stream_id, 0, body)
        self._out += rtmp_chunks.write(_COMMAND_CHUNKS, message, _CHUNK_BYTES)

    def _control(self, type_id: int, payload: bytes) -> None:
        self._out += rtmp_chunks.write(_CONTROL_CHUNKS, RtmpMessage(type_id, 0, 0, payload))

    def _acknowledge(self) -> None:
        """Acknowledge received bytes, each time half the server's window has come (5.4.3)."""
        if self._window and self._received - self._acknowledged >= self._window // 2:
            self._acknowledged = self._received
            self._control(_ACKNOWLEDGEMENT, (self._received & 0xFFFFFFFF).to_bytes(4))


def _denied(payload: object) -> Denied:
    words = payload if isinstance(payload, dict) else {}
    code = words.get("code")
    message = words.get("description")
    status_code = code if isinstance(code, str) else ""
    return Denied(status_code, message if isinstance(message, str) and message else status_code)
