"""RTMP chunk stream (RTMP 1.0, 5.3): bytes to messages and back. The hot path of every publisher.

The reader keeps at most an incomplete header unread: payload of an unfinished message is appended
to that message at once, so that even one-byte pieces cost little.
"""

from collections.abc import Iterator
from struct import Struct as Layout
from typing import Final

from msgspec import Struct

from emulator.core.errors import ProtocolError

SET_CHUNK_SIZE: Final = 1
ABORT: Final = 2

CHUNK_BYTES_DEFAULT: Final = 128
CHUNK_BYTES_MAX: Final = 0xFFFFFF
"""The largest chunk size. No message is longer, so larger sizes mean the same (RTMP 1.0, 5.4.1)."""

_EXTENDED: Final = 0xFFFFFF
# A 24 bit delta from this value on is negative.
_NEGATIVE: Final = 0x800000
_BURST_MAX: Final = 1 << 20
# A message with more chunks than this after its first one is split faster in another way.
_FEW_CHUNKS: Final = 16
_HEADER_BYTES: Final = (11, 7, 3, 0)
"""The length of a message header by chunk type (RTMP 1.0, 5.3.1.2)."""
# The timestamp field and the message length, 24 bits each, and the type.
_TIME_AND_LENGTH: Final = Layout(">HBHBB")
_TIME: Final = Layout(">HB")


class RtmpMessage(Struct, frozen=True, gc=False):
    """One complete message. `timestamp_ms` is absolute, modulo 2^32."""

    type_id: int
    stream_id: int
    timestamp_ms: int
    payload: bytes


class _ChunkStream:
    """The state of one chunk stream: its last header, and its unfinished message."""

    __slots__ = (
        "basic_header",
        "body",
        "continuation",
        "field",
        "is_extended",
        "length",
        "missing",
        "stream_id",
        "timestamp_ms",
        "type_id",
    )

    def __init__(self, basic_header: bytes) -> None:
        self.basic_header = bytes((0xC0 | basic_header[0],)) + basic_header[1:]
        self.continuation = b""  # The complete header of the message's next chunks.
        self.timestamp_ms = 0
        self.field = 0  # The last timestamp field: absolute in type 0, a delta in types 1 and 2.
        self.is_extended = False
        self.length = 0
        self.type_id = 0
        self.stream_id = 0
        self.body = bytearray()
        self.missing = 0


class ChunkReader:
    """Assembles the messages of all chunk streams, and applies chunk sizes and aborts by itself.

    Refuses (`ProtocolError`) more than `chunk_streams_max` chunk streams, a message longer than
    `message_bytes_max`, and unfinished messages that are longer than that together.
    """

    def __init__(self, message_bytes_max: int, chunk_streams_max: int) -> None:
        self._message_bytes_max = message_bytes_max
        self._chunk_streams_max = chunk_streams_max
        self._chunk_bytes = CHUNK_BYTES_DEFAULT
        self._streams: dict[int, _ChunkStream] = {}
        self._unfinished_bytes = 0
        self._unread = b""
        self._open: _ChunkStream | None = None  # The stream whose chunk is not complete yet.
        self._chunk_missing = 0
        self._burst = 1

    def receive(self, received: bytes) -> Iterator[RtmpMessage]:
        """Yield each message that `received` completes. Take them all before the next call."""
        received = self._unread + received
        self._unread = b""
        pos = 0
        end = len(received)
        while pos < end:
            stream = self._open
            if stream is None:
                stream, payload_pos = self._header(received, pos)
                if stream is None:
                    self._unread = received[pos:]
                    return
                pos = payload_pos
                missing = stream.missing
                self._chunk_missing = missing if missing < self._chunk_bytes else self._chunk_bytes
            whole_pos = pos + stream.missing
            if not stream.body and stream.missing == self._chunk_missing and whole_pos <= end:
                payload = received[pos:whole_pos]  # One complete chunk.
                pos = whole_pos
            elif not stream.body and (payload := self._few_chunks(stream, received, pos)):
                pos += len(payload) + (len(payload) - 1) // self._chunk_bytes
            else:
                pos = self._take(stream, received, pos)
                if stream.missing:
                    continue
                payload = self._assembled(stream)
            stream.missing = 0
            self._open = None
            message = RtmpMessage(stream.type_id, stream.stream_id, stream.timestamp_ms, payload)
            if SET_CHUNK_SIZE <= message.type_id <= ABORT:
                self._apply_control(message)
            yield message

    def _take(self, stream: _ChunkStream, received: bytes, pos: int) -> int:
        """Move received payload of a message to its body, chunk by chunk or many chunks at once.

        Returns the position after it. Leaves the stream open if its chunk is not complete.
        """
        first = self._chunk_missing
        available = len(received) - pos
        if available < first:
            stream.body += memoryview(received)[pos:]
            self._chunk_missing -= available
            self._open = stream
            self._note_taken(stream, available)
            return len(received)
        self._open = None
        self._chunk_missing = 0
        step = self._chunk_bytes + len(stream.continuation)
        run = self._run_bytes(stream, available - first, stream.missing - first)
        run_pos = pos + first
        if run and self._has_headers(received[run_pos : run_pos + run], stream.continuation, step):
            self._burst = min(2 * self._burst, _BURST_MAX)
            chunks = bytearray(memoryview(received)[pos : run_pos + run])
            # The headers are removed: their first bytes all at once, then their second bytes and so
            # on. That is 40 times as fast at chunks of 128 bytes as a slice for each chunk.
            for removed in range(len(stream.continuation)):
                del chunks[first :: step - removed]
            if stream.body:
                stream.body += chunks
            else:
                stream.body = chunks
            self._note_taken(stream, len(chunks))
            return run_pos + run
        if run:
            self._burst = max(1, self._burst // 2)
        stream.body += memoryview(received)[pos:run_pos]
        self._note_taken(stream, first)
        return run_pos

    def _few_chunks(self, stream: _ChunkStream, received: bytes, pos: int) -> bytes:
        """Return the payload of a message of a few chunks that are all received, as most pictures.

        Empty if the message is not like that.
        """
        size, header = self._chunk_bytes, stream.continuation
        count = (stream.missing - 1) // size
        end = pos + stream.missing + count
        if count > _FEW_CHUNKS or end > len(received) or len(header) > 1:
            return b""
        step = size + 1
        if received[pos + size : end : step] != header * count:
            return b""
        whole = memoryview(received)[pos:end]
        return b"".join([whole[at : at + size] for at in range(0, len(whole), step)])

    def _run_bytes(self, stream: _ChunkStream, available: int, missing: int) -> int:
        """The length of the further chunks, with headers, if all of them are of this message.

        These are the complete chunks in `available`, and the last one if it ends the message. At
        most `_burst` chunks: a guess that fails costs what it looked at, so guesses grow only by
        success, and interleaved chunk streams stay linear.
        """
        header = len(stream.continuation)
        full, tail = divmod(missing, self._chunk_bytes)
        count = min(full, available // (self._chunk_bytes + header), self._burst)
        run = count * (self._chunk_bytes + header)
        if count == full and tail and available - run >= header + tail:
            run += header + tail
        return run

    @staticmethod
    def _has_headers(run: bytes, continuation: bytes, step: int) -> bool:
        """Whether each chunk of a run has the same header, `step` bytes apart."""
        count = -(-len(run) // step)
        return all(
            run[index::step] == bytes((octet,)) * count for index, octet in enumerate(continuation)
        )

    def _note_taken(self, stream: _ChunkStream, taken: int) -> None:
        stream.missing -= taken
        self._unfinished_bytes += taken
        if self._unfinished_bytes > self._message_bytes_max:
            raise ProtocolError(
                f"unfinished messages hold more than {self._message_bytes_max} bytes"
            )

    def _assembled(self, stream: _ChunkStream) -> bytes:
        payload = bytes(stream.body)
        stream.body = bytearray()  # Not clear(): an emptied bytearray may keep its memory.
        self._unfinished_bytes -= len(payload)
        return payload

    def _header(self, received: bytes, pos: int) -> tuple[_ChunkStream | None, int]:
        """Read the chunk header at `pos`; return its stream, and where the payload begins.

        The stream is None if the header is not complete. Nothing is changed before that (RTMP 1.0,
        5.3.1.1 to 5.3.1.3).
        """
        chunk_type = received[pos] >> 6
        chunk_stream_id = received[pos] & 0x3F
        header_pos = pos + 1
        if chunk_stream_id < 2:
            header_pos += chunk_stream_id + 1
            if header_pos > len(received):
                return None, pos
            chunk_stream_id = 64 + int.from_bytes(received[pos + 1 : header_pos], "little")
        end = header_pos + _HEADER_BYTES[chunk_type]
        if end > len(received):
            return None, pos
        stream = self._streams.get(chunk_stream_id)
        if chunk_type == 3:
            return self._repeat(stream, received, header_pos)
        high, low = _TIME.unpack_from(received, header_pos)
        field = high << 8 | low
        extended = b""
        if field == _EXTENDED:
            extended = received[end : end + 4]
            end += 4
            if end > len(received):
                return None, pos
            field = int.from_bytes(extended)
        if stream is None:
            stream = self._new_stream(chunk_stream_id, received[pos:header_pos])
        self._begin(stream, chunk_type, received, header_pos, field, extended)
        return stream, end

    def _new_stream(self, chunk_stream_id: int, basic_header: bytes) -> _ChunkStream:
        if len(self._streams) >= self._chunk_streams_max:
            raise ProtocolError(f"more than {self._chunk_streams_max} chunk streams")
        stream = _ChunkStream(basic_header)
        self._streams[chunk_stream_id] = stream
        return stream

    def _begin(
        self,
        stream: _ChunkStream,
        chunk_type: int,
        received: bytes,
        header_pos: int,
        field: int,
        extended: bytes,
    ) -> None:
        """Begin a message by a header of type 0, 1 or 2, whose timestamp field is known."""
        if stream.missing:
            raise ProtocolError("a message begins inside another of its chunk stream")
        stream.is_extended = bool(extended)
        stream.continuation = stream.basic_header + extended
        if chunk_type < 2:
            _, _, high, low, stream.type_id = _TIME_AND_LENGTH.unpack_from(received, header_pos)
            stream.length = high << 8 | low
            if stream.length > self._message_bytes_max:
                raise ProtocolError(
                    f"a message of {stream.length} bytes: the limit is {self._message_bytes_max}"
                )
        if chunk_type == 0:
            stream.stream_id = int.from_bytes(received[header_pos + 7 : header_pos + 11], "little")
            stream.timestamp_ms = field
        else:
            # Modulo 2^32, since librtmp sends a step back as a huge delta. Others leave its sign in
            # the 24 bits: no message comes 2.3 hours after the one before it.
            if field >= _NEGATIVE and not extended:
                field |= 0xFF000000
            stream.timestamp_ms = (stream.timestamp_ms + field) & 0xFFFFFFFF
        stream.field = field
        stream.missing = stream.length

    def _repeat(
        self, stream: _ChunkStream | None, received: bytes, pos: int
    ) -> tuple[_ChunkStream | None, int]:
        """Read a chunk of type 3, which continues a message, or begins one like the last.

        If the last header had an extended timestamp, it is repeated here (5.3.1.3). Some encoders
        leave it out, so it is skipped only if it is there.
        """
        if stream is None:
            raise ProtocolError("a chunk stream begins with a type 3 chunk")
        if stream.is_extended:
            if pos + 4 > len(received):
                return None, pos
            if received[pos : pos + 4] == stream.continuation[-4:]:
                pos += 4
        if not stream.missing:
            # After type 0 the delta is that chunk's whole timestamp (RTMP 1.0, 5.3.1.2.4). ffmpeg
            # relies on this: it sends type 3 whenever its timestamp field would be the same again.
            stream.timestamp_ms = (stream.timestamp_ms + stream.field) & 0xFFFFFFFF
            stream.missing = stream.length
        return stream, pos

    def _apply_control(self, message: RtmpMessage) -> None:
        """Apply Set Chunk Size and Abort (RTMP 1.0, 5.4.1 and 5.4.2), from the next chunk on."""
        if len(message.payload) != 4:
            raise ProtocolError("a protocol control message has the wrong length")
        number = int.from_bytes(message.payload)
        if message.type_id == SET_CHUNK_SIZE:
            if not 1 <= number <= 0x7FFFFFFF:
                raise ProtocolError(f"a chunk size of {number} is invalid")
            self._chunk_bytes = min(number, CHUNK_BYTES_MAX)
        elif (stream := self._streams.get(number)) is not None:
            self._unfinished_bytes -= len(stream.body)
            stream.body = bytearray()
            stream.missing = 0


def write(
    chunk_stream_id: int, message: RtmpMessage, chunk_bytes: int = CHUNK_BYTES_DEFAULT
) -> bytes:
    """Encode a message as one chunk of type 0 and as many of type 3 as it needs.

    `chunk_stream_id` is 2 to 63, so that it takes one byte.
    """
    is_extended = message.timestamp_ms >= _EXTENDED
    extended = message.timestamp_ms.to_bytes(4) if is_extended else b""
    header = (
        bytes((chunk_stream_id,))
        + min(message.timestamp_ms, _EXTENDED).to_bytes(3)
        + len(message.payload).to_bytes(3)
        + bytes((message.type_id,))
        + message.stream_id.to_bytes(4, "little")
        + extended
    )
    continuation = bytes((0xC0 | chunk_stream_id,)) + extended
    view = memoryview(message.payload)
    pieces = [view[start : start + chunk_bytes] for start in range(0, len(view), chunk_bytes)]
    return header + continuation.join(pieces)
