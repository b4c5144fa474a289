"""The chunk stream: every chunk type, in pieces of every length, and every protocol error."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import ProtocolError
from emulator.media.ingest.wire.rtmp_chunks import (
    ABORT,
    SET_CHUNK_SIZE,
    ChunkReader,
    RtmpMessage,
    write,
)
from tests.support.tables import table

AUDIO, VIDEO = 8, 9
LIMIT = 1 << 20


def new_reader(message_bytes_max: int = LIMIT, chunk_streams_max: int = 64) -> ChunkReader:
    return ChunkReader(message_bytes_max, chunk_streams_max)


def read(*pieces: bytes) -> list[RtmpMessage]:
    reader = new_reader()
    return [message for piece in pieces for message in reader.receive(piece)]


def type_0(timestamp: int, length: int, type_id: int = VIDEO, chunk_stream_id: int = 6) -> bytes:
    return (
        bytes((chunk_stream_id,))
        + timestamp.to_bytes(3)
        + length.to_bytes(3)
        + bytes((type_id,))
        + (1).to_bytes(4, "little")
    )


def type_1(delta: int, length: int, type_id: int = VIDEO) -> bytes:
    return b"\x46" + delta.to_bytes(3) + length.to_bytes(3) + bytes((type_id,))


def type_2(delta: int) -> bytes:
    return b"\x86" + delta.to_bytes(3)


TYPE_3 = b"\xc6"


def set_chunk_size(size: int) -> bytes:
    return write(2, RtmpMessage(SET_CHUNK_SIZE, 0, 0, size.to_bytes(4)))


def abort(chunk_stream_id: int) -> bytes:
    return write(2, RtmpMessage(ABORT, 0, 0, chunk_stream_id.to_bytes(4)))


def media(messages: list[RtmpMessage]) -> list[RtmpMessage]:
    return [message for message in messages if message.type_id > ABORT]


def pieces_of(stream: bytes, sizes: list[int]) -> list[bytes]:
    pieces, start = [], 0
    for size in sizes:
        pieces.append(stream[start : start + size])
        start += size
    return [*pieces, stream[start:]]


# Chunk headers.


def test_rtmp_chunks_type_0_header_is_complete() -> None:
    assert read(type_0(1000, 3) + b"abc") == [RtmpMessage(VIDEO, 1, 1000, b"abc")]


def test_rtmp_chunks_types_1_and_2_count_from_the_last_message() -> None:
    stream = type_0(1000, 3) + b"abc" + type_1(40, 2, AUDIO) + b"de" + type_2(20) + b"fg"
    assert read(stream) == [
        RtmpMessage(VIDEO, 1, 1000, b"abc"),
        RtmpMessage(AUDIO, 1, 1040, b"de"),
        RtmpMessage(AUDIO, 1, 1060, b"fg"),
    ]


def test_rtmp_chunks_type_3_repeats_the_last_delta() -> None:
    messages = read(type_0(0, 1) + b"a" + type_2(40) + b"b" + TYPE_3 + b"c" + TYPE_3 + b"d")
    assert [message.timestamp_ms for message in messages] == [0, 40, 80, 120]


def test_rtmp_chunks_type_3_after_type_0_takes_its_timestamp_as_delta() -> None:
    messages = read(type_0(40, 1) + b"a" + TYPE_3 + b"b" + TYPE_3 + b"c")
    assert [message.timestamp_ms for message in messages] == [40, 80, 120]


def test_rtmp_chunks_message_without_a_payload_is_a_message() -> None:
    assert read(type_0(7, 0), TYPE_3) == [
        RtmpMessage(VIDEO, 1, 7, b""),
        RtmpMessage(VIDEO, 1, 14, b""),
    ]


@table("basic", [b"\x3f", b"\x00\x05", b"\x01\x05\x02", b"\x00\x00"])
def test_rtmp_chunks_chunk_stream_ids_take_one_to_three_bytes(basic: bytes) -> None:
    # Given a message of two chunks on such a chunk stream,
    stream = basic + type_0(5, 200)[1:] + bytes(128) + bytes((basic[0] | 0xC0,)) + basic[1:]

    # then one-byte pieces give the same message.
    expected = [RtmpMessage(VIDEO, 1, 5, bytes(200))]
    assert read(stream + bytes(72)) == expected
    assert read(*pieces_of(stream + bytes(72), [1] * len(stream))) == expected


def test_rtmp_chunks_id_in_two_and_in_three_bytes_is_one_chunk_stream() -> None:
    stream = b"\x00\x05" + type_0(5, 130)[1:] + bytes(128) + b"\xc1\x05\x00" + bytes(2)
    assert read(stream) == [RtmpMessage(VIDEO, 1, 5, bytes(130))]


# Extended timestamps.


@table("timestamp", [0xFFFFFF, 0x1000000, 0x7FFFFFFF, 0xFFFFFFFF])
@table("length", [1, 128, 129, 1000])
def test_rtmp_chunks_timestamp_from_16777215_is_repeated_in_every_chunk(
    timestamp: int, length: int
) -> None:
    message = RtmpMessage(VIDEO, 1, timestamp, (bytes(range(250)) * 4)[:length])
    stream = write(6, message)
    assert stream.count(timestamp.to_bytes(4)) >= -(-length // 128)
    assert read(stream) == [message]
    assert read(*pieces_of(stream, [1] * len(stream))) == [message]


def test_rtmp_chunks_extended_timestamp_may_be_left_out_of_type_3() -> None:
    payload = bytes(index % 100 for index in range(300))
    stream = type_0(0xFFFFFF, 300) + (0x1000000).to_bytes(4) + payload[:128]
    stream += TYPE_3 + payload[128:256] + TYPE_3 + payload[256:]
    assert read(stream) == [RtmpMessage(VIDEO, 1, 0x1000000, payload)]


def test_rtmp_chunks_new_message_by_type_3_repeats_an_extended_delta() -> None:
    far = (0x1000000).to_bytes(4)
    stream = type_0(0, 1) + b"a" + type_2(0xFFFFFF) + far + b"b" + TYPE_3 + far + b"c"
    messages = read(stream)
    assert [message.timestamp_ms for message in messages] == [0, 0x1000000, 0x2000000]


def test_rtmp_chunks_step_back_is_a_huge_delta_as_librtmp_sends_it() -> None:
    stream = type_0(1000, 1) + b"a" + type_2(0xFFFFFF) + (-80 % 2**32).to_bytes(4) + b"b"
    assert [message.timestamp_ms for message in read(stream)] == [1000, 920]


def test_rtmp_chunks_step_back_in_24_bits_is_no_jump_of_hours() -> None:
    stream = type_0(1000, 1) + b"a" + type_2(-43 % 2**24) + b"b" + type_2(76) + b"c"
    assert [message.timestamp_ms for message in read(stream)] == [1000, 957, 1033]
    # A first timestamp is absolute, even one after 2.3 hours.
    assert [message.timestamp_ms for message in read(type_0(0x900000, 1) + b"a")] == [0x900000]


def test_rtmp_chunks_timestamps_wrap_at_32_bits() -> None:
    stream = type_0(0xFFFFFF, 1) + (0xFFFFFFF0).to_bytes(4) + b"a" + type_2(0x20) + b"b"
    assert [message.timestamp_ms for message in read(stream)] == [0xFFFFFFF0, 0x10]


# Chunk sizes, interleaving, aborts.


@table("size", [1, 2, 127, 128, 129, 4096, 60_000, 0xFFFFFF, 0x7FFFFFFF])
@table("length", [1, 128, 129, 4096, 70_000])
def test_rtmp_chunks_chunk_sizes_are_obeyed(size: int, length: int) -> None:
    message = RtmpMessage(VIDEO, 1, 5, bytes(index % 251 for index in range(length)))
    stream = set_chunk_size(size) + write(6, message, size)
    assert media(read(stream)) == [message]
    assert media(read(*pieces_of(stream, [997] * 80))) == [message]


def test_rtmp_chunks_chunk_size_changes_in_the_middle_of_a_message() -> None:
    payload = bytes(index % 251 for index in range(1000))
    stream = type_0(5, 1000) + payload[:128] + set_chunk_size(300)
    stream += TYPE_3 + payload[128:428] + set_chunk_size(10_000) + TYPE_3 + payload[428:]
    assert media(read(stream)) == [RtmpMessage(VIDEO, 1, 5, payload)]


def test_rtmp_chunks_interleaved_messages_come_apart() -> None:
    # Given a long picture with sound between its chunks,
    picture = bytes(index % 251 for index in range(128 * 40))
    stream = type_0(5, len(picture)) + picture[:128]
    for index in range(1, 40):
        if index % 3 == 0:
            stream += type_0(index, 2, AUDIO, chunk_stream_id=4) + bytes((index, index))
        stream += TYPE_3 + picture[128 * index : 128 * (index + 1)]

    # then both are complete, in the order of their ends.
    messages = read(stream)
    assert messages[-1] == RtmpMessage(VIDEO, 1, 5, picture)
    assert [message.payload[0] for message in messages[:-1]] == list(range(3, 40, 3))


def test_rtmp_chunks_interleaving_costs_no_more_than_its_bytes() -> None:
    """The fast path for runs of chunks fails here each time, and must not scan the rest again."""
    pairs = 20_000
    stream = set_chunk_size(1) + type_0(5, pairs) + b"v" + type_0(5, pairs, AUDIO, 4) + b"a"
    stream += b"\xc6v\xc4a" * (pairs - 1)
    messages = media(read(stream))
    assert [message.payload for message in messages] == [b"v" * pairs, b"a" * pairs]


def test_rtmp_chunks_abort_drops_the_partial_message() -> None:
    stream = type_0(5, 200) + bytes(128) + abort(6) + type_2(5) + bytes(128) + TYPE_3 + bytes(72)
    assert media(read(stream)) == [RtmpMessage(VIDEO, 1, 10, bytes(200))]


def test_rtmp_chunks_abort_of_nothing_is_fine() -> None:
    assert media(read(abort(6), abort(99))) == []


# Protocol errors.


@table(
    ("stream", "message"),
    [
        (TYPE_3, "begins with a type 3"),
        (type_0(0, LIMIT + 1), "the limit is 1048576"),
        (type_0(0, 200) + bytes(128) + type_0(0, 1), "inside another"),
        (type_0(0, 200) + bytes(128) + type_2(0), "inside another"),
        (set_chunk_size(0), "chunk size of 0"),
        (set_chunk_size(0x80000000), "chunk size of 2147483648"),
        (write(2, RtmpMessage(SET_CHUNK_SIZE, 0, 0, b"\x01")), "wrong length"),
        (write(2, RtmpMessage(ABORT, 0, 0, b"")), "wrong length"),
    ],
)
def test_rtmp_chunks_peer_errors_are_named(stream: bytes, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        read(stream)


def test_rtmp_chunks_chunk_streams_are_bounded() -> None:
    reader = new_reader(chunk_streams_max=3)
    for chunk_stream_id in (3, 4, 5, 3, 4, 5):
        list(reader.receive(type_0(0, 0, chunk_stream_id=chunk_stream_id)))
    with pytest.raises(ProtocolError, match="more than 3 chunk streams"):
        list(reader.receive(type_0(0, 0, chunk_stream_id=6)))


def test_rtmp_chunks_unfinished_messages_together_are_bounded() -> None:
    # Given a limit of 1,000 bytes, and messages of 900 that never end,
    reader = new_reader(message_bytes_max=1000)
    streams = [type_0(0, 900, chunk_stream_id=3 + index) + bytes(128) for index in range(8)]
    for stream in streams[:7]:
        list(reader.receive(stream))

    # then a chunk that would make 1,024 of them is refused,
    with pytest.raises(ProtocolError, match="more than 1000 bytes"):
        list(reader.receive(streams[7]))


def test_rtmp_chunks_finished_and_aborted_messages_count_no_more() -> None:
    reader = new_reader(message_bytes_max=1000)
    for _ in range(50):
        assert list(reader.receive(write(6, RtmpMessage(VIDEO, 1, 0, bytes(1000)))))
        list(reader.receive(type_0(0, 900) + bytes(128) + abort(6)))


# In every chunking.

messages_strategy = st.lists(
    st.builds(
        RtmpMessage,
        type_id=st.sampled_from([AUDIO, VIDEO, 18, 20]),
        stream_id=st.integers(0, 3),
        timestamp_ms=st.integers(0, 0xFFFFFFFF) | st.integers(0xFFFFF0, 0x100000F),
        payload=st.integers(0, 700).map(lambda size: bytes(index % 253 for index in range(size))),
    ),
    max_size=6,
)


@given(messages_strategy, st.integers(1, 300), st.lists(st.integers(1, 400), max_size=20))
def test_rtmp_chunks_every_chunking_gives_equal_messages(
    messages: list[RtmpMessage], chunk_bytes: int, sizes: list[int]
) -> None:
    stream = set_chunk_size(chunk_bytes)
    for index, message in enumerate(messages):
        stream += write(3 + index % 3, message, chunk_bytes)
    assert media(read(stream)) == messages
    assert media(read(*pieces_of(stream, sizes))) == messages
    assert media(read(*pieces_of(stream, [1] * len(stream)))) == messages


@given(st.lists(st.binary(max_size=300), max_size=4))
def test_rtmp_chunks_any_bytes_are_chunks_or_a_peer_error(pieces: list[bytes]) -> None:
    with suppress(ProtocolError):
        read(*pieces)


def outcome(*pieces: bytes) -> tuple[list[RtmpMessage], str]:
    reader = new_reader(message_bytes_max=600, chunk_streams_max=4)
    messages = []
    try:
        for piece in pieces:
            for message in reader.receive(piece):
                messages.append(message)
    except ProtocolError as error:
        return messages, str(error)
    return messages, ""


@given(messages_strategy, st.lists(st.integers(1, 90), max_size=30), st.data())
def test_rtmp_chunks_damage_gives_one_result_in_every_chunking(
    messages: list[RtmpMessage], sizes: list[int], data: st.DataObject
) -> None:
    stream = bytearray(set_chunk_size(50) + b"".join(write(6, message, 50) for message in messages))
    for _ in range(data.draw(st.integers(1, 3))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(stream)
    assert outcome(damaged) == outcome(*pieces_of(damaged, sizes))
    assert outcome(damaged) == outcome(*pieces_of(damaged, [1] * len(damaged)))
