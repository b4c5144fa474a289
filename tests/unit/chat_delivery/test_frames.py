"""WebSocket frames, parsed by a foreign implementation of the standard."""

from hypothesis import example, given
from hypothesis import strategies as st
from websockets.frames import Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from emulator.chat_delivery.frames import FrameBatch, text_frame


@given(st.lists(st.binary(max_size=300), max_size=5))
@example([b"x" * 125, b"x" * 126, b"x" * 65_535, b"x" * 65_536])
def test_frames_joined_are_read_back_one_by_one(payloads: list[bytes]) -> None:
    reader = Protocol(CLIENT, state=OPEN, max_size=None)
    batch = FrameBatch(payloads)
    reader.receive_data(batch.joined)
    frames = reader.events_received()
    assert [bytes(frame.data) for frame in frames] == payloads  # type: ignore[union-attr]
    assert {frame.opcode for frame in frames} <= {Opcode.TEXT}  # type: ignore[union-attr]
    assert batch.joined == b"".join(map(text_frame, payloads))
