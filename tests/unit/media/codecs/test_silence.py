"""Silence: the filler for missing sound is decoded to silence by a real decoder."""

import struct
from array import array
from typing import Any

import av
import pytest

from emulator.media import codecs
from emulator.media.codecs import aac, opus
from emulator.media.packets import AudioTrack
from tests.support.tables import table

HE_AAC = b"\x2b\x11\x88"  # SBR to 48 kHz over LC at 24 kHz, stereo.


def head(channels: int, mapping: bytes = b"\x00") -> bytes:
    return b"OpusHead\x01" + struct.pack("<BHIH", channels, 312, 48_000, 0) + mapping


@table(
    "track",
    [
        *(pytest.param(aac.track(aac.config(48_000, n)), id=f"aac {n}") for n in range(1, 7)),
        pytest.param(aac.track(b"\x11\xb8"), id="aac 7.1"),
        pytest.param(aac.track(aac.config(44_100, 2)), id="aac 44.1"),
        pytest.param(aac.track(HE_AAC), id="he-aac"),
        pytest.param(opus.track(head(1)), id="opus mono"),
        pytest.param(opus.track(head(2)), id="opus stereo"),
        pytest.param(opus.track(head(6, b"\x01\x04\x02\x00\x04\x01\x02\x03\x05")), id="opus 5.1"),
    ],
)
def test_silence_decodes_to_silence_in_every_channel(track: AudioTrack) -> None:
    data, samples = codecs.silence(track)
    decoder: Any = av.CodecContext.create(track.codec, "r")
    decoder.extradata = track.config
    frames = [frame for _ in range(8) for frame in decoder.decode(av.Packet(data))]
    assert len(frames) >= 7
    assert {frame.samples for frame in frames[1:]} == {samples}
    assert frames[-1].sample_rate == track.sample_rate
    assert frames[-1].layout.nb_channels == track.channels
    # PyAV 18 reports one plane too many for eight channels, and PyAV 19 fails to report any.
    mono = av.AudioResampler(format="flt", layout="mono")
    for plane in (plane for frame in mono.resample(frames[-1]) for plane in frame.planes):
        assert max(map(abs, array("f", bytes(plane)))) < 1e-4
