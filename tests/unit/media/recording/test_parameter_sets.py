"""Parameter sets out of decoder configuration records, and never more than is there."""

from hypothesis import given
from hypothesis import strategies as st

from emulator.media.recording.parameter_sets import parameter_sets

AVCC = bytes.fromhex("0142c01fffe1 0004 6742c01f 01 0003 68cb83")
HVCC = bytes(22) + bytes.fromhex("02 20 0001 0002 4001 21 0002 0001 42 0002 4301")


def test_sps_and_pps_come_out_of_an_avcc_record() -> None:
    assert parameter_sets("h264", AVCC) == bytes.fromhex("00000004 6742c01f 00000003 68cb83")


def test_all_arrays_come_out_of_an_hvcc_record() -> None:
    expected = bytes.fromhex("00000002 4001 00000001 42 00000002 4301")
    assert parameter_sets("hevc", HVCC) == expected


def test_other_codecs_need_none_and_broken_records_give_none() -> None:
    assert parameter_sets("av1", AVCC) == b""
    assert parameter_sets("h264", AVCC[:-1]) == b""
    assert parameter_sets("hevc", HVCC[:-3]) == b""


@given(codec=st.sampled_from(["h264", "hevc"]), config=st.binary(max_size=80))
def test_no_record_is_read_past_its_end(codec: str, config: bytes) -> None:
    units = parameter_sets(codec, config)
    assert len(units) <= 2 * len(config) * 2
