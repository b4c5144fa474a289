"""Key frames with their parameter sets: the position of the sets, and the unchanged rest."""

from hypothesis import given
from hypothesis import strategies as st

from emulator.media import codecs
from emulator.media.packets import VideoCodec
from tests.support.tables import table

AVCC = bytes.fromhex("0142c01fffe1 0004 6742c01f 01 0003 68cb83")
HVCC = bytes(21) + bytes.fromhex(
    "03 04"  # Lengths of four bytes; four arrays: VPS, SPS, PPS, SEI.
    "20 0001 0002 4001 21 0001 0003 420102 22 0001 0002 4401 27 0001 0002 4e01"
)
AVC_SETS = bytes.fromhex("00000004 6742c01f 00000003 68cb83")
HEVC_SETS = bytes.fromhex("00000002 4001 00000003 420102 00000002 4401")
IDR = bytes.fromhex("00000003 65b804")
HEVC_IDR = bytes.fromhex("00000003 2601af")


@table(
    ("codec", "config", "frame", "expected"),
    [
        ("h264", AVCC, IDR, AVC_SETS + IDR),
        ("hevc", HVCC, HEVC_IDR, HEVC_SETS + HEVC_IDR),
        ("av1", b"\x81", b"frame", b"frame"),
        ("vp9", b"\x01", b"frame", b"frame"),
    ],
)
def test_self_contained_parameter_sets_come_first(
    codec: VideoCodec, config: bytes, frame: bytes, expected: bytes
) -> None:
    assert codecs.self_contained(codec, config, frame) == expected
    assert codecs.self_contained(codec, config, memoryview(frame)) == expected


@table(
    ("codec", "config", "delimiter", "sets", "frame"),
    [
        ("h264", AVCC, "00000002 09f0", AVC_SETS, IDR),
        ("hevc", HVCC, "00000003 460150", HEVC_SETS, HEVC_IDR),
    ],
)
def test_self_contained_access_unit_delimiter_stays_before_the_sets(
    codec: VideoCodec, config: bytes, delimiter: str, sets: bytes, frame: bytes
) -> None:
    """H.264, 7.4.1.2.3, and H.265, 7.4.2.4.4: it is the first unit where there is one."""
    first = bytes.fromhex(delimiter)
    assert codecs.self_contained(codec, config, first + frame) == first + sets + frame


@table(
    ("codec", "config", "frame"),
    [
        ("h264", AVCC, AVC_SETS + IDR),
        ("h264", AVCC, bytes.fromhex("00000002 09f0 00000004 2742c01f") + IDR),
        ("hevc", HVCC, HEVC_SETS + HEVC_IDR),
    ],
)
def test_self_contained_frame_with_its_own_sets_is_left_alone(
    codec: VideoCodec, config: bytes, frame: bytes
) -> None:
    assert codecs.self_contained(codec, config, frame) is frame


@table(("length_size", "octet"), [(1, 0xFC), (2, 0xFD), (4, 0xFF)])
def test_self_contained_lengths_are_as_wide_as_the_record_declares(
    length_size: int, octet: int
) -> None:
    config = AVCC[:4] + bytes([octet]) + AVCC[5:]
    frame = (3).to_bytes(length_size) + IDR[4:]
    sets = (4).to_bytes(length_size) + AVC_SETS[4:8] + (3).to_bytes(length_size) + AVC_SETS[12:]
    assert codecs.self_contained("h264", config, frame) == sets + frame


def test_self_contained_set_too_long_for_its_length_leaves_all_sets_out() -> None:
    sps = b"\x67" + bytes(299)
    config = bytes.fromhex("0142c01ffce1 012c") + sps + b"\x00"
    assert codecs.self_contained("h264", config, b"\x03\x65\xb8\x04") == b"\x03\x65\xb8\x04"


@table(("codec", "config"), [("h264", AVCC[:-1]), ("h264", AVCC[:12]), ("hevc", HVCC[:-8])])
def test_self_contained_broken_record_leaves_the_frame_unchanged(
    codec: VideoCodec, config: bytes
) -> None:
    assert codecs.self_contained(codec, config, IDR) == IDR


@given(
    codec=st.sampled_from(["h264", "hevc"]),
    config=st.binary(max_size=80),
    frame=st.binary(max_size=80),
)
def test_self_contained_frame_loses_no_byte(codec: VideoCodec, config: bytes, frame: bytes) -> None:
    whole = bytes(codecs.self_contained(codec, config, frame))
    added = len(whole) - len(frame)
    assert 0 <= added <= 4 * len(config)
    assert any(whole[:at] + whole[at + added :] == frame for at in range(len(frame) + 1))
