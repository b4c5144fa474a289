"""VP9: a record without a size, completed by a key frame of libvpx."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import ProtocolError, Refused
from emulator.media.codecs import vp9
from tests.support.tables import table

RECORD = bytes.fromhex("01000000001f820202020000")
RECORD_TEN_BITS = bytes.fromhex("010000000215a20202020000")
KEY_FRAME_720P = bytes.fromhex("82498342004ff02cf60638241c184a1805785fc9")
KEY_FRAME_TEN_BITS_638X358 = bytes.fromhex("924983420013e80b2b031c120e0c2c0803f85f")
INTER_FRAME = bytes.fromhex("86004092f121400600f17fbc5fccfa1e")


@table(
    ("record", "frame", "codecs", "size"),
    [
        (RECORD, KEY_FRAME_720P, "vp09.00.31.08", (1280, 720)),
        (RECORD_TEN_BITS, KEY_FRAME_TEN_BITS_638X358, "vp09.02.21.10", (638, 358)),
    ],
)
def test_vp9_first_key_frame_gives_the_size(
    record: bytes, frame: bytes, codecs: str, size: tuple[int, int]
) -> None:
    track = vp9.sized(vp9.track(record), memoryview(frame))
    assert (track.codecs, (track.width, track.height)) == (codecs, size)


def test_vp9_bare_record_gets_the_version_that_the_box_needs() -> None:
    assert vp9.track(RECORD[4:]) == vp9.track(RECORD)


@table("frame", [b"", b"\x82", INTER_FRAME, b"\x00" * 24])
def test_vp9_frame_that_is_no_key_frame_completes_nothing(frame: bytes) -> None:
    with pytest.raises(ProtocolError):
        vp9.sized(vp9.track(RECORD), frame)


def test_vp9_sample_entry_has_the_record() -> None:
    track = vp9.sized(vp9.track(RECORD), KEY_FRAME_720P)
    assert vp9.sample_entry(track).endswith(b"vpcC" + RECORD)


@given(st.binary(max_size=40))
def test_vp9_any_bytes_raise_nothing_unexpected(octets: bytes) -> None:
    with contextlib.suppress(ProtocolError, Refused):
        vp9.track(octets)
    for frame in (octets, b"\x82\x49\x83\x42" + octets):
        with contextlib.suppress(ProtocolError, Refused):
            vp9.sized(vp9.track(RECORD), frame)
