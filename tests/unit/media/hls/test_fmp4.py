"""fMP4: the bytes of an init segment and of fragments, box by box."""

import struct
from collections.abc import Iterator

import pytest

from emulator.media.codecs import aac, h264
from emulator.media.hls.fmp4 import fragment, init_segment, trak
from emulator.media.hls.part import HlsPart
from emulator.media.packets import AudioTrack, Packet, Track, VideoTrack

AVCC = bytes.fromhex(
    "0142c01fffe100196742c01fd9005005bb011000000300100000030320f183248001000568cb83cb20"
)
VIDEO = h264.track(AVCC)
AUDIO = aac.track(b"\x11\x90")
_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex", b"moof", b"traf", b"dinf")


def boxes(octets: bytes, path: str = "") -> Iterator[tuple[str, bytes]]:
    """Each box with its path, containers before their content. Sizes must match exactly."""
    position = 0
    while position < len(octets):
        size, kind = struct.unpack_from(">I4s", octets, position)
        assert 8 <= size <= len(octets) - position
        content = octets[position + 8 : position + size]
        name = f"{path}/{kind.decode()}"
        yield name, content
        if kind in _CONTAINERS:
            yield from boxes(content, name)
        position += size


def part_of(*packets: Packet, tracks: tuple[Track, ...] = (VIDEO, AUDIO)) -> HlsPart:
    pictures = tuple(packet for packet in packets if isinstance(packet.track, VideoTrack))
    sounds = tuple(packet for packet in packets if isinstance(packet.track, AudioTrack))
    return HlsPart(pictures, sounds, tracks, 0, 18_000, True, True, True, 0)


def content(octets: bytes, path: str) -> list[bytes]:
    return [data for name, data in boxes(octets) if name == path]


def test_fmp4_init_segment_describes_each_track_and_announces_fragments() -> None:
    init = init_segment((VIDEO, AUDIO))
    names = [name for name, _ in boxes(init)]
    assert names[:2] == ["/ftyp", "/moov"]
    assert names.count("/moov/trak") == 2
    assert names.count("/moov/mvex/trex") == 2
    entries = content(init, "/moov/trak/mdia/minf/stbl/stsd")
    assert [entry[12:16] for entry in entries] == [b"avc1", b"mp4a"]
    timescales = [
        struct.unpack_from(">I", mdhd, 12)[0] for mdhd in content(init, "/moov/trak/mdia/mdhd")
    ]
    assert timescales == [90_000, 48_000]


def test_fmp4_track_of_many_hours_has_its_duration() -> None:
    for hours, form in ((1, ">16xI"), (14, ">24xQ")):
        octets = trak(VIDEO, (), hours * 3600 * VIDEO.timescale)
        (header,) = content(octets, "/trak/mdia/mdhd")
        assert struct.unpack_from(form, header)[0] == hours * 3600 * VIDEO.timescale
        (shown,) = content(octets, "/trak/tkhd")
        assert struct.unpack_from(">20xI", shown)[0] == hours * 3_600_000


def test_fmp4_init_segment_without_tracks_is_refused() -> None:
    with pytest.raises(ValueError, match="track"):
        init_segment(())


def test_fmp4_fragment_keeps_times_sizes_flags_and_content() -> None:
    part = part_of(
        Packet(VIDEO, 1 << 33, (1 << 33) + 6030, 3060, True, b"key"),
        Packet(VIDEO, (1 << 33) + 3060, (1 << 33) + 60, 2970, False, memoryview(b"inter")),
        Packet(AUDIO, 480, 480, 1024, True, b"sound"),
    )
    octets = fragment(part, 7)
    assert content(octets, "/moof/mfhd") == [struct.pack(">II", 0, 7)]
    assert content(octets, "/moof/traf/tfdt") == [
        struct.pack(">IQ", 1 << 24, 1 << 33),
        struct.pack(">IQ", 1 << 24, 480),
    ]
    video, audio = content(octets, "/moof/traf/trun")
    samples = struct.unpack_from(">IIi", video), list(struct.iter_unpack(">IIIi", video[12:]))
    assert samples[0][1] == 2
    assert samples[1] == [(3060, 3, 0x02000000, 6030), (2970, 5, 0x01010000, -3000)]
    assert list(struct.iter_unpack(">II", audio[12:])) == [(1024, 5)]
    # The data offsets count from the moof's first byte.
    video_at, audio_at = (struct.unpack_from(">I", run, 8)[0] for run in (video, audio))
    assert octets[video_at : video_at + 8] == b"keyinter"
    assert octets[audio_at:] == b"sound"


def test_fmp4_track_without_packets_has_no_run_and_keeps_its_number() -> None:
    octets = fragment(part_of(Packet(AUDIO, 0, 0, 1024, True, b"a")), 1)
    (head,) = content(octets, "/moof/traf/tfhd")
    assert struct.unpack(">II", head) == (0x020000, 2)


def test_fmp4_sequence_numbers_wrap() -> None:
    octets = fragment(part_of(Packet(AUDIO, 0, 0, 1024, True, b"a")), (1 << 32) + 1)
    assert content(octets, "/moof/mfhd") == [struct.pack(">II", 0, 1)]
