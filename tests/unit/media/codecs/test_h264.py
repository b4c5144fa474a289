"""H.264 records as x264 writes them for real streams, and records that nobody should write."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import ProtocolError, Refused
from emulator.media.codecs import h264
from tests.support.tables import table

BASELINE_720P = bytes.fromhex(
    "0142c01fffe100196742c01fd9005005bb011000000300100000030320f18324800100"
    "0568cb83cb20"
)  # fmt: skip
MAIN_1080P = bytes.fromhex(
    "014d4028ffe1001a674d4028eca03c0113f2e02200000300020000030064"
    "1e30632c01000568ebe3cb20"
)  # fmt: skip
INTERLACED_1080 = bytes.fromhex(
    "01640028ffe1001a67640028acd94078044fde02200000030020000006"
    "43e2c5b2c001000668fba3cb22c0fdf8f800"
)  # fmt: skip
SCALING_LISTS_638X358 = bytes.fromhex(
    "0164001effe1001a6764001eacd940a02fea6c0440000003004000000c"
    "83c58b658001000768ebe3cb3002c0fdf8f800"
)  # fmt: skip
TWO_BY_TWO = bytes.fromhex(
    "0164000affe100196764000aacd95f8888c04400000300040000030"
    "0c83c48965801000668ebe3cb22c0fdf8f800"
)  # fmt: skip
FOUR_TWO_TWO = bytes.fromhex(
    "017a000cffe1001a677a000cbcd941419f8dc0440000030004000003"
    "00c83c50a65801000668ebe3cb22c0fef8f800"
)  # fmt: skip
TEN_BITS = bytes.fromhex(
    "016e000cffe1001a676e000ca6cd941419f9f0110000030001000003"
    "00320f14299601000668ebe3cb22c0fdfafa00"
)  # fmt: skip


@table(
    ("record", "codecs", "size"),
    [
        (BASELINE_720P, "avc1.42c01f", (1280, 720)),
        (MAIN_1080P, "avc1.4d4028", (1920, 1080)),
        (INTERLACED_1080, "avc1.640028", (1920, 1080)),
        (SCALING_LISTS_638X358, "avc1.64001e", (638, 358)),
        (TWO_BY_TWO, "avc1.64000a", (2, 2)),
    ],
)
def test_h264_record_gives_profile_and_cropped_size(
    record: bytes, codecs: str, size: tuple[int, int]
) -> None:
    track = h264.track(record)
    assert (track.codecs, (track.width, track.height)) == (codecs, size)
    assert track.config == record


@table("record", [FOUR_TWO_TWO, TEN_BITS])
def test_h264_undisplayable_formats_are_refused_by_topic(record: bytes) -> None:
    with pytest.raises(Refused, match="4:2:0") as refused:
        h264.track(record)
    assert refused.value.code == "unsupported"
    assert refused.value.details == {"topic": "pixel_format", "is_transcodable": True}


@table("size", range(len(BASELINE_720P) - 16))
def test_h264_record_cut_off_in_its_sps_is_a_protocol_error(size: int) -> None:
    with pytest.raises(ProtocolError):
        h264.track(BASELINE_720P[:size])


def test_h264_record_of_another_version_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError):
        h264.track(b"\x02" + BASELINE_720P[1:])


def test_h264_sample_entry_has_the_size_and_the_record_unchanged() -> None:
    entry = h264.sample_entry(h264.track(MAIN_1080P))
    assert entry[4:8] == b"avc1"
    assert (int.from_bytes(entry[32:34], "big"), int.from_bytes(entry[34:36], "big")) == (
        1920,
        1080,
    )
    assert entry.endswith(b"avcC" + MAIN_1080P)


@given(st.data())
def test_h264_damaged_records_raise_nothing_unexpected(data: st.DataObject) -> None:
    record = bytearray(data.draw(st.sampled_from([MAIN_1080P, SCALING_LISTS_638X358, TEN_BITS])))
    for index, octet in data.draw(
        st.lists(st.tuples(st.integers(0, len(record) - 1), st.integers(0, 255)), max_size=6)
    ):
        record[index] = octet
    record += data.draw(st.binary(max_size=40))
    with contextlib.suppress(ProtocolError, Refused):
        h264.track(bytes(record[: data.draw(st.integers(0, len(record)))]))


@given(st.binary(max_size=200))
def test_h264_any_bytes_raise_nothing_unexpected(octets: bytes) -> None:
    with contextlib.suppress(ProtocolError, Refused):
        h264.track(octets)
    with contextlib.suppress(ProtocolError, Refused):
        h264.track(b"\x01\x64\x00\x1f\xff\xe1\x00\x60\x67" + octets)
