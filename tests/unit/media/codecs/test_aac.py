"""AAC: AudioSpecificConfigs with and without SBR, and those that are refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import ProtocolError, Refused
from emulator.media.codecs import aac
from tests.support.tables import table


@table(
    ("config", "codecs", "rate", "channels", "samples"),
    [
        ("1190", "mp4a.40.2", 48_000, 2, 1024),
        ("119056e500", "mp4a.40.2", 48_000, 2, 1024),  # ffmpeg: signals that there is no SBR
        ("120856e500", "mp4a.40.2", 44_100, 1, 1024),
        ("140856e500", "mp4a.40.2", 16_000, 1, 1024),
        ("11b056e500", "mp4a.40.2", 48_000, 6, 1024),
        ("1194", "mp4a.40.2", 48_000, 2, 960),
        ("2b118800", "mp4a.40.5", 48_000, 2, 2048),  # SBR said first
        ("131056e598", "mp4a.40.5", 48_000, 2, 2048),  # SBR said behind
        ("eb098800", "mp4a.40.29", 48_000, 2, 2048),  # PS makes two channels of one
        ("17805dc010", "mp4a.40.2", 48_000, 2, 1024),  # the rate as a number
    ],
)
def test_aac_config_gives_output_rate_channels_and_samples_per_frame(
    config: str, codecs: str, rate: int, channels: int, samples: int
) -> None:
    track = aac.track(bytes.fromhex(config))
    assert (track.codecs, track.sample_rate, track.channels, track.samples_per_frame) == (
        codecs,
        rate,
        channels,
        samples,
    )
    assert track.timescale == rate


@table("config", ["0990", "1980", "1180"])  # AAC Main, AAC SSR, PCE channels
def test_aac_unplayable_in_browsers_is_refused_by_topic(config: str) -> None:
    with pytest.raises(Refused) as refused:
        aac.track(bytes.fromhex(config))
    assert refused.value.details["topic"] in {"aac_profile", "channels"}


@table("config", ["", "11", "17", "1690"])
def test_aac_broken_config_is_a_protocol_error(config: str) -> None:
    with pytest.raises(ProtocolError):
        aac.track(bytes.fromhex(config))


def test_aac_sample_entry_has_the_config_in_its_esds() -> None:
    entry = aac.sample_entry(aac.track(bytes.fromhex("1190")))
    assert entry[4:8] == b"mp4a"
    assert b"\x05\x80\x80\x80\x02\x11\x90" in entry


@given(st.binary(max_size=24))
def test_aac_any_bytes_raise_nothing_unexpected(octets: bytes) -> None:
    for config in (octets, b"\x11\x90" + octets, b"\x2b\x11" + octets):
        with contextlib.suppress(ProtocolError, Refused):
            aac.sample_entry(aac.track(config))
