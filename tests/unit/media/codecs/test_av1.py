"""AV1 records of three encoders: with a sequence header, without one, and damaged."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import ProtocolError, Refused
from emulator.media.codecs import av1
from tests.support.tables import table

SVT_1080P = bytes.fromhex("81080c000a0c02000042955dfe1b805f0008")
AOM_TEN_BITS_638X358 = bytes.fromhex("81014c000a0b0000000cc4fb6536be5010")
RAV1E_WITHOUT_HEADER = bytes.fromhex("811f0c00")
RAV1E_KEY_FRAME_720P = bytes.fromhex("12000a0e000000faa67fd9e210a88101010a32d0b50210021023")


@table(
    ("record", "codecs", "size"),
    [
        (SVT_1080P, "av01.0.08M.08", (1920, 1080)),
        (AOM_TEN_BITS_638X358, "av01.0.01M.10", (638, 358)),
    ],
)
def test_av1_record_gives_level_depth_and_size(
    record: bytes, codecs: str, size: tuple[int, int]
) -> None:
    track = av1.track(record)
    assert (track.codecs, (track.width, track.height)) == (codecs, size)


def test_av1_record_without_sequence_header_is_completed_by_first_key_frame() -> None:
    track = av1.track(RAV1E_WITHOUT_HEADER)
    assert track.width == 0
    sized = av1.sized(track, memoryview(RAV1E_KEY_FRAME_720P))
    assert (sized.width, sized.height) == (1280, 720)
    assert sized.config == RAV1E_WITHOUT_HEADER + RAV1E_KEY_FRAME_720P[2:18]
    assert av1.track(sized.config) == sized


def test_av1_key_frame_without_sequence_header_completes_nothing() -> None:
    with pytest.raises(ProtocolError):
        av1.sized(av1.track(RAV1E_WITHOUT_HEADER), b"\x12\x00\x32\x01\x00")


def test_av1_temporal_delimiter_is_left_out_of_mp4() -> None:
    assert av1.sample(b"\x12\x00\x32\x01\x10") == b"\x32\x01\x10"
    assert av1.sample(b"\x32\x01\x10") == b"\x32\x01\x10"


@table("record", [b"", b"\x81", b"\x01" + SVT_1080P[1:], SVT_1080P[:10]])
def test_av1_broken_record_is_a_protocol_error(record: bytes) -> None:
    with pytest.raises(ProtocolError):
        av1.track(record)


def test_av1_sample_entry_has_the_record_unchanged() -> None:
    assert av1.sample_entry(av1.track(SVT_1080P)).endswith(b"av1C" + SVT_1080P)


@given(st.binary(max_size=60))
def test_av1_any_bytes_raise_nothing_unexpected(octets: bytes) -> None:
    for record in (octets, SVT_1080P[:4] + octets, SVT_1080P[:6] + octets, SVT_1080P + octets):
        with contextlib.suppress(ProtocolError, Refused):
            av1.track(record)
    with contextlib.suppress(ProtocolError, Refused):
        av1.sized(av1.track(RAV1E_WITHOUT_HEADER), octets)
