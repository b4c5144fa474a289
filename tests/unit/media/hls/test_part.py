"""HlsPart: the properties of its pictures."""

from emulator.media.hls.part import HlsPart
from emulator.media.packets import AudioTrack, Packet, VideoTrack

VIDEO = VideoTrack("h264", b"", "avc1.64001f", 1280, 720)
AUDIO = AudioTrack("aac", b"", "mp4a.40.2", 48_000, 2, 1024)
PARAMETER_SETS = b"\x00\x00\x00\x20\x67" + bytes(31) + b"\x00\x00\x00\x04\x68\xee\x3c\x80"
# A message of the type 4 (ITU-T T.35) for the United States (ANSI/SCTE 128-1, 8.1).
CAPTIONS = b"\x00\x00\x00\x0e\x06\x04\x47\xb5\x00\x31GA94\x03\xc1\xff\x80"
PICTURE = b"\x00\x00\x08\x00\x65" + b"\x88" * 2047


def part_of(*frames: bytes) -> HlsPart:
    pictures = [Packet(VIDEO, 0, 0, 3000, True, memoryview(frame)) for frame in frames]
    sound = Packet(AUDIO, 0, 0, 1024, True, CAPTIONS)
    return HlsPart(tuple(pictures), (sound,), (VIDEO, AUDIO), 0, 18_000, True, True, False, 0)


def test_hls_part_finds_captions_before_a_picture() -> None:
    assert part_of(PICTURE, CAPTIONS + PICTURE).has_captions
    assert part_of(PARAMETER_SETS + CAPTIONS + PICTURE).has_captions
    assert not part_of(PARAMETER_SETS + PICTURE, PICTURE).has_captions
    assert not part_of().has_captions
