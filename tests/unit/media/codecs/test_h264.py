"""H.264 records that x264 writes for real streams, and invalid records."""

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


def ue(number: int) -> str:
    """ue(v) of H.264, 9.1, in binary digits."""
    code = f"{number + 1:b}"
    return "0" * (len(code) - 1) + code


def se(number: int) -> str:
    """se(v) of H.264, 9.1.1, in binary digits."""
    return ue(2 * number - 1 if number > 0 else -2 * number)


def sps_of(
    *,
    profile: int = 77,
    chroma: str = "",
    order: str = ue(2),
    width: int = 1280,
    height: int = 720,
    fields: str = "1",
    cropping: str = "0",
) -> bytes:
    """A sequence parameter set by the table of H.264, 7.3.2.1.1, with the given values.

    `height` is in lines of a frame map unit: of a field where `fields` begins with 0.
    """
    digits = f"{profile:08b}" + "0" * 8 + f"{31:08b}" + ue(0) + chroma + ue(4) + order + ue(1) + "0"
    digits += ue(width // 16 - 1) + ue(height // 16 - 1) + fields + "1"
    digits += cropping + "0" + "1"
    digits += "0" * (-len(digits) % 8)
    payload = int(digits, 2).to_bytes(len(digits) // 8, "big")
    escaped, zeros = bytearray(b"\x67"), 0
    for octet in payload:
        if zeros == 2 and octet <= 3:
            escaped.append(3)
            zeros = 0
        escaped.append(octet)
        zeros = zeros + 1 if octet == 0 else 0
    return bytes(escaped)


def size_of(sps: bytes) -> tuple[int, int]:
    track = h264.track(h264.record(sps, b"\x68\xce"))
    return track.width, track.height


PLAIN_CHROMA = ue(1) + ue(0) + ue(0) + "0" + "0"


@table("profile", [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])
def test_h264_high_profiles_say_their_chroma_format(profile: int) -> None:
    """H.264, 7.3.2.1.1: these thirteen."""
    assert size_of(sps_of(profile=profile, chroma=PLAIN_CHROMA)) == (1280, 720)


@table("profile", [66, 77, 88, 45, 84, 87, 101, 111, 119, 123, 129, 136, 140, 245])
def test_h264_other_profiles_say_no_chroma_format(profile: int) -> None:
    assert size_of(sps_of(profile=profile)) == (1280, 720)


# Each scaling list as its deltas: complete, ended by a delta that makes the next factor 0, or 0
# modulo 256, and absent.
FLAT_16, FLAT_64 = se(0) * 16, se(0) * 64
ENDED = se(-8)
WRAPPED = se(127) + se(65) + se(56)


@table(
    "lists",
    [
        ["1" + FLAT_16] * 6 + ["1" + FLAT_64] * 2,
        ["1" + ENDED] * 8,
        ["1" + WRAPPED] * 8,
        ["0"] * 8,
        ["0"] * 5 + ["1" + FLAT_16, "1" + FLAT_64, "0"],
        ["1" + se(3) + se(-11)] + ["0"] * 7,
    ],
)
def test_h264_scaling_lists_are_skipped_to_their_ends(lists: list[str]) -> None:
    chroma = ue(1) + ue(0) + ue(0) + "0" + "1" + "".join(lists)
    assert size_of(sps_of(profile=100, chroma=chroma)) == (1280, 720)


@table("chroma", [ue(0), ue(2), ue(3) + "0", ue(1) + ue(2) + ue(0), ue(1) + ue(0) + ue(2)])
def test_h264_other_chroma_or_depth_is_refused(chroma: str) -> None:
    depths = "" if chroma.startswith(ue(1)) else ue(0) + ue(0)
    with pytest.raises(Refused, match="4:2:0 with 8 bits"):
        size_of(sps_of(profile=100, chroma=chroma + depths + "0" + "0"))


@table(
    "order",
    [
        ue(0) + ue(4),
        ue(1) + "0" + se(-3) + se(700) + ue(0),
        ue(1) + "1" + se(5) + se(-1) + ue(3) + se(1) + se(-200) + se(9),
        ue(1) + "1" + se(0) + se(0) + ue(255) + se(2) * 255,
        ue(2),
    ],
)
def test_h264_every_picture_order_is_skipped(order: str) -> None:
    assert size_of(sps_of(order=order)) == (1280, 720)


@table(
    ("fields", "cropping", "size"),
    [
        ("1", "0", (1280, 720)),
        ("1", "1" + ue(1) + ue(2) + ue(3) + ue(5), (1280 - 2 * 3, 720 - 2 * 8)),
        ("00", "0", (1280, 1440)),
        ("01", "1" + ue(4) + ue(0) + ue(0) + ue(6), (1280 - 2 * 4, 1440 - 4 * 6)),
    ],
)
def test_h264_cropping_counts_pairs_of_samples_and_of_fields_lines(
    fields: str, cropping: str, size: tuple[int, int]
) -> None:
    assert size_of(sps_of(fields=fields, cropping=cropping)) == size


def test_h264_record_of_parameter_sets_is_byte_exact() -> None:
    sps, pps = sps_of(), b"\x68\xce\x3c\x80"
    sets = len(sps).to_bytes(2, "big") + sps + b"\x01\x00\x04" + pps
    assert h264.record(sps, pps) == bytes([1, *sps[1:4], 0xFF, 0xE1]) + sets
    assert (
        h264.record(sps[:4], b"") == bytes([1, *sps[1:4], 0xFF, 0xE1, 0, 4]) + sps[:4] + b"\1\0\0"
    )
    assert h264.record(bytes(0xFFFF), bytes(0xFFFF))
    for broken in ((sps[:3], pps), (bytes(0x10000), pps), (sps, bytes(0x10000))):
        with pytest.raises(ProtocolError, match="parameter sets"):
            h264.record(*broken)


def test_h264_start_codes_in_a_record_are_left_out() -> None:
    sps, pps = sps_of(), b"\x68\xce\x3c\x80"
    code = b"\x00\x00\x00\x01"
    record = h264.record(sps, pps)
    for written in (
        code + b"\x09\xf0" + code + sps + code[1:] + pps,
        h264.record(code + sps, code + pps),
    ):
        assert h264.track(written).config == record


def test_h264_broken_record_error_names_the_missing_part() -> None:
    record = h264.record(sps_of(), b"\x68\xce")
    for broken, why in (
        (record[:6], "record is broken"),
        (b"\x00" + record[1:], "record is broken"),
        (record[:7], "has no SPS"),
        (record[:5] + b"\xe0" + record[6:], "has no SPS"),
        (record[:6] + b"\x00\x03" + record[8:], "has no SPS"),
        (record[:8] + record[8:12], "has no SPS"),
        (record[:6] + b"\x00\x04" + record[8:], "cut off"),
    ):
        with pytest.raises(ProtocolError, match=why):
            h264.track(broken)


@table("length_size", [1, 2, 4])
def test_h264_lengths_have_the_size_that_the_record_says(length_size: int) -> None:
    record = bytearray(h264.record(sps_of(), b"\x68\xce"))
    record[4] = 0xFC | length_size - 1
    unit = b"\x65\x88\x84"
    prefixed = len(unit).to_bytes(length_size, "big") + unit
    sample = h264.sampler(h264.track(bytes(record)))
    assert sample(prefixed) == prefixed
    assert sample(b"\x00\x00\x01" + unit) == prefixed
    sets = h264.self_contained(bytes(record), prefixed)
    assert bytes(sets).endswith(prefixed)
    assert bytes(sets).startswith(len(sps_of()).to_bytes(length_size, "big") + sps_of())


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
