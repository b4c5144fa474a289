"""Opus: heads of libopus, and the durations of packets."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import ProtocolError
from emulator.media.codecs import opus
from tests.support.tables import table

STEREO = b"OpusHead" + bytes.fromhex("0102380180bb0000000000")
SURROUND = b"OpusHead" + bytes.fromhex("0106380180bb00000000010402000401020305")


def test_opus_head_gives_channels_and_always_48_khz() -> None:
    track = opus.track(STEREO)
    assert (track.codecs, track.channels, track.timescale) == ("opus", 2, 48_000)
    assert track.samples_per_frame is None
    assert opus.track(SURROUND).channels == 6
    assert opus.track(STEREO[8:]) == track


@table(
    ("packet", "samples"),
    [
        (b"\xfc\x7e", 960),  # CELT, one frame of 20 ms
        (b"\x80", 120),  # CELT, one of 2.5 ms
        (b"\x18", 2880),  # SILK, one of 60 ms
        (b"\x61\x00", 960),  # hybrid, two of 10 ms
        (b"\x1b\x02", 5760),  # SILK, a counted two of 60 ms: as long as a packet may be
        (b"\x1b\x03", 0),
        (b"\x1b", 0),
        (b"", 0),
    ],
)
def test_opus_first_bytes_of_a_packet_give_its_samples(packet: bytes, samples: int) -> None:
    assert opus.samples(packet) == samples


@table("head", [b"", b"OpusHead", STEREO[:-1], b"OpusHead\x11" + STEREO[9:], SURROUND[:-1]])
def test_opus_broken_head_is_a_protocol_error(head: bytes) -> None:
    with pytest.raises(ProtocolError):
        opus.track(head)


def test_opus_sample_entry_has_the_head_in_big_endian() -> None:
    dops = bytes.fromhex("000201380000bb80000000")
    assert opus.sample_entry(opus.track(STEREO)).endswith(b"dOps" + dops)
    assert opus.sample_entry(opus.track(SURROUND)).endswith(SURROUND[19:])


@given(st.binary(max_size=40))
def test_opus_any_bytes_raise_nothing_unexpected(octets: bytes) -> None:
    assert 0 <= opus.samples(octets) <= 5760
    for head in (octets, STEREO[:9] + octets):
        with contextlib.suppress(ProtocolError):
            opus.sample_entry(opus.track(head))
