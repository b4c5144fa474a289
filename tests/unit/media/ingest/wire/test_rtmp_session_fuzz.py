"""The session with input that no encoder sends: it is accepted, or it is a protocol error."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import ProtocolError, Refused
from emulator.media.ingest.wire import rtmp_chunks
from emulator.media.ingest.wire.rtmp_chunks import RtmpMessage
from emulator.media.ingest.wire.rtmp_session import (
    AGGREGATE,
    COMMAND,
    COMMAND_AMF3,
    DATA,
    DATA_AMF3,
)
from tests.support.rtmp_wire import HANDSHAKE, command, connect, drive, new_session, publish, video

WHOLE = HANDSHAKE + connect() + publish() + video(0) + video(33)
STOPPED = command("FCUnpublish", 4, None, "KEY") + command("deleteStream", 5, None, 1)


@given(st.lists(st.binary(max_size=400), max_size=4))
def test_rtmp_session_fuzz_any_bytes_are_a_session_or_a_peer_error(pieces: list[bytes]) -> None:
    with suppress(ProtocolError, Refused):
        drive(new_session(), [HANDSHAKE + connect(), *pieces])


MESSAGE_TYPES = [*range(10), DATA_AMF3, 16, COMMAND_AMF3, DATA, 19, COMMAND, AGGREGATE, 255]


@given(st.lists(st.tuples(st.sampled_from(MESSAGE_TYPES), st.binary(max_size=150)), max_size=5))
def test_rtmp_session_fuzz_any_message_is_accepted_or_a_peer_error(
    messages: list[tuple[int, bytes]],
) -> None:
    stream = b"".join(
        rtmp_chunks.write(3, RtmpMessage(type_id, 1, 0, payload)) for type_id, payload in messages
    )
    with suppress(ProtocolError, Refused):
        drive(new_session(), [HANDSHAKE + connect() + publish(), stream])


@given(st.data())
def test_rtmp_session_fuzz_damaged_session_is_accepted_or_a_peer_error(data: st.DataObject) -> None:
    damaged = bytearray(WHOLE + STOPPED)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(len(HANDSHAKE), len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    with suppress(ProtocolError, Refused):
        drive(new_session(), [bytes(damaged)])
