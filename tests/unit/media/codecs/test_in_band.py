"""Parameter sets in key frames: only in streams whose video configuration has changed."""

from msgspec.structs import replace

from emulator.media.codecs.in_band import InBand
from emulator.media.packets import AudioTrack, Packet, Track, VideoTrack
from emulator.media.timeline import Epoch, Sequenced

SMALL = VideoTrack("h264", bytes.fromhex("0142c01fffe1 0002 6701 01 0002 6801"), "avc1", 320, 180)
LARGE = VideoTrack("h264", bytes.fromhex("0142c01fffe1 0002 6702 01 0002 6802"), "avc1", 640, 360)
SOUND = AudioTrack("aac", b"\x11\x90", "mp4a.40.2", 48_000, 2, 1024)
IDR = bytes.fromhex("00000002 65b8")
SETS = {
    track: bytes.fromhex(f"00000002 670{digit} 00000002 680{digit}")
    for track, digit in ((SMALL, 1), (LARGE, 2))
}


def sent(in_band: InBand, track: Track, *, is_key: bool = True) -> bytes:
    return bytes(completed(in_band, Packet(track, 0, 0, 3000, is_key, IDR)).data)


def completed(in_band: InBand, packet: Packet) -> Packet:
    (complete,) = in_band.complete(Sequenced([packet], Epoch(1, (packet.track,)), 0)).packets
    return complete


def test_in_band_unchanged_stream_stays_as_sent() -> None:
    in_band = InBand()
    # A publisher that comes back with the same encoder sends an equal record.
    again = VideoTrack("h264", bytes(SMALL.config), "avc1", 320, 180)
    assert [sent(in_band, track) for track in (SMALL, SMALL, again, again)] == [IDR] * 4


def test_in_band_every_key_frame_is_complete_after_the_first_change() -> None:
    in_band = InBand()
    assert sent(in_band, SMALL) == IDR
    for track in (LARGE, LARGE, SMALL, SMALL):
        assert sent(in_band, track) == SETS[track] + IDR


def test_in_band_other_frames_and_audio_stay_as_sent() -> None:
    in_band = InBand()
    sent(in_band, SMALL)
    sent(in_band, LARGE)
    assert sent(in_band, LARGE, is_key=False) == IDR
    assert sent(in_band, SOUND) == IDR


def test_in_band_other_packet_fields_are_kept() -> None:
    in_band = InBand()
    completed(in_band, Packet(SMALL, 0, 0, 3000, True, IDR))
    packet = Packet(LARGE, 3000, 6000, 1500, True, IDR)
    complete = completed(in_band, packet)
    assert complete == replace(packet, data=complete.data)
