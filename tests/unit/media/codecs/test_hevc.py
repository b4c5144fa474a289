"""HEVC records that x265 writes for real streams, and damaged ones."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import ProtocolError, Refused
from emulator.media.codecs import hevc
from tests.support.tables import table

MAIN_1080P = bytes.fromhex(
    "01016000000090000000000078f000fcfdf8f800000f0320000100184001"
    "0c01ffff01600000030090000003000003007895980921000100"
    "2a42010101600000030090000003000003"
    "0078a003c08010e596566924caf016808000000300800000"
    "0c8422000100074401c172b46240"
)  # fmt: skip
MAIN10_SUB_LAYERS_638X358 = bytes.fromhex(
    "0102200000009000000000003ff000fcfdfafa00001b03200001001e4001"
    "0c04ffff02200000030090000003000003003f00009594aca5650240"
    "210001003042010402200000030090000003000003003f0000a00502016"
    "9d53659594aca565924caf0168080000003008000000c84"
    "22000100074401c172b46240"
)  # fmt: skip


@table(
    ("record", "codecs", "size"),
    [
        (MAIN_1080P, "hvc1.1.6.L120.90", (1920, 1080)),
        (MAIN10_SUB_LAYERS_638X358, "hvc1.2.4.L63.90", (638, 358)),
    ],
)
def test_hevc_record_gives_profile_and_cropped_size(
    record: bytes, codecs: str, size: tuple[int, int]
) -> None:
    track = hevc.track(record)
    assert (track.codecs, (track.width, track.height)) == (codecs, size)
    assert track.config == record


@table("size", [0, 1, 22, 23, 25, 40, 60, 75, 90])
def test_hevc_record_cut_off_in_its_sps_is_a_protocol_error(size: int) -> None:
    with pytest.raises(ProtocolError):
        hevc.track(MAIN_1080P[:size])


def test_hevc_record_without_an_sps_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError, match="SPS"):
        hevc.track(MAIN_1080P[:22] + b"\x00")


def test_hevc_sample_entry_has_the_record_unchanged() -> None:
    entry = hevc.sample_entry(hevc.track(MAIN_1080P))
    assert entry[4:8] == b"hvc1"
    assert entry.endswith(b"hvcC" + MAIN_1080P)


@given(st.data())
def test_hevc_damaged_records_raise_nothing_unexpected(data: st.DataObject) -> None:
    record = bytearray(data.draw(st.sampled_from([MAIN_1080P, MAIN10_SUB_LAYERS_638X358])))
    for index, octet in data.draw(
        st.lists(st.tuples(st.integers(0, len(record) - 1), st.integers(0, 255)), max_size=6)
    ):
        record[index] = octet
    record += data.draw(st.binary(max_size=40))
    with contextlib.suppress(ProtocolError, Refused):
        hevc.track(bytes(record[: data.draw(st.integers(0, len(record)))]))
