"""GapFiller: where one kind of media stops, it is filled up. Times are in milliseconds."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from emulator.media import codecs
from emulator.media.gap_filler import GapFiller
from emulator.media.packets import AudioTrack, Packet, VideoTrack
from emulator.media.timeline import Epoch, Sequenced

VIDEO = VideoTrack("h264", b"v", "avc1.42c01f", 1280, 720)
AUDIO = AudioTrack("aac", b"\x11\x90", "mp4a.40.2", 48_000, 2, 1024)
BOTH = Epoch(1, (VIDEO, AUDIO))
SILENT, _ = codecs.silence(AUDIO)
FRAME_MS = 1024 / 48


def frame(at_ms: float, *, is_key: bool = False) -> Packet:
    return Packet(VIDEO, round(90 * at_ms), round(90 * at_ms), 0, is_key, b"k" if is_key else b"p")


def sound(at_ms: float) -> Packet:
    dts = round(at_ms / FRAME_MS) * 1024
    return Packet(AUDIO, dts, dts, 1024, True, b"a")


def pictures(first_ms: int, last_ms: int, key_every_ms: int = 1000) -> list[Packet]:
    return [
        frame(at_ms, is_key=(at_ms - first_ms) % key_every_ms == 0)
        for at_ms in range(first_ms, last_ms, 40)
    ]


def sounds(first_ms: int, last_ms: int) -> list[Packet]:
    first, last = round(first_ms / FRAME_MS), round(last_ms / FRAME_MS)
    return [Packet(AUDIO, 1024 * n, 1024 * n, 1024, True, b"a") for n in range(first, last)]


def at(packet: Packet) -> float:
    return 1000 * packet.dts / packet.track.timescale


def pushed(filler: GapFiller, packet: Packet, epoch: Epoch = BOTH) -> list[Packet]:
    filled = filler.push(Sequenced([packet], epoch, 0))
    return [one for sequenced in filled for one in sequenced.packets]


def filled(packets: list[Packet], epoch: Epoch = BOTH, *, flushed: bool = False) -> list[Packet]:
    """The output for packets that come in the order of their times."""
    filler = GapFiller()
    out = [one for packet in sorted(packets, key=at) for one in pushed(filler, packet, epoch)]
    for sequenced in filler.flush() if flushed else []:
        assert sequenced.epoch is epoch
        out += sequenced.packets
    for track in (VIDEO, AUDIO):
        times = [packet.dts for packet in out if packet.track is track]
        assert times == sorted(set(times))
    return out


def lane(packets: list[Packet], track: VideoTrack | AudioTrack) -> list[Packet]:
    return [packet for packet in packets if packet.track is track]


def longest_hole_ms(packets: list[Packet]) -> float:
    return max(after - before for before, after in itertools.pairwise(map(at, packets)))


def test_gap_filler_stream_without_gaps_is_unchanged() -> None:
    packets = sorted([*pictures(0, 5000), *sounds(0, 5000)], key=at)
    assert filled(packets, flushed=True) == packets


def test_gap_filler_stream_with_one_track_is_unchanged() -> None:
    packets = [*pictures(0, 1000), *pictures(4000, 5000)]
    assert filled(packets, Epoch(1, (VIDEO,)), flushed=True) == packets


def test_gap_filler_audio_that_stops_continues_as_silence() -> None:
    out = filled([*pictures(0, 5000), *sounds(0, 2000)])
    heard = lane(out, AUDIO)
    assert at(heard[-1]) == pytest.approx(4860, abs=50)
    assert {packet.data for packet in heard if at(packet) > 2000} == {SILENT}
    assert longest_hole_ms(heard) < 22
    assert len(lane(out, VIDEO)) == 125


def test_gap_filler_audio_that_returns_is_at_its_time() -> None:
    out = filled([*pictures(0, 6000), *sounds(0, 2000), *sounds(4000, 6000)])
    real = [at(packet) for packet in lane(out, AUDIO) if packet.data == b"a"]
    assert real == [at(packet) for packet in [*sounds(0, 2000), *sounds(4000, 6000)]]
    assert longest_hole_ms(lane(out, AUDIO)) < 43


def test_gap_filler_gap_before_the_first_audio_is_filled() -> None:
    out = filled([*pictures(0, 1000), *sounds(100, 1000)])
    heard = lane(out, AUDIO)
    assert at(heard[0]) == 0
    assert heard[0].data == SILENT
    assert longest_hole_ms(heard) < 43


def test_gap_filler_audio_that_never_comes_is_silent_from_the_start() -> None:
    heard = lane(filled(pictures(0, 3000)), AUDIO)
    assert at(heard[0]) == 0
    assert longest_hole_ms(heard) < 22


def test_gap_filler_video_that_stops_repeats_its_frame() -> None:
    out = filled([*pictures(0, 2000), *sounds(0, 5000)])
    shown = lane(out, VIDEO)
    assert at(shown[-1]) > 4500
    assert longest_hole_ms(shown) <= 200
    assert {(packet.data, packet.is_key) for packet in shown if at(packet) >= 2000} == {
        (b"k", True)
    }


def test_gap_filler_video_that_returns_continues_with_a_key_frame() -> None:
    # Given a picture that stops for two seconds and comes back in the middle of a group,
    back = pictures(4000, 6000)[10:]
    out = filled([*pictures(0, 2000), *back, *sounds(0, 6000)])
    # then frames that depend on missing ones are left out.
    shown = lane(out, VIDEO)
    later = [packet for packet in shown if packet.data == b"p" and at(packet) >= 2000]
    assert at(later[0]) == 5040
    assert longest_hole_ms(shown) <= 240


def test_gap_filler_frame_every_two_seconds_is_no_stop() -> None:
    packets = [frame(2000 * n, is_key=n % 5 == 0) for n in range(10)]
    out = filled([*packets, *sounds(0, 20_000)])
    # Only before the second picture is their interval unknown.
    assert sum(packet.data == b"p" for packet in lane(out, VIDEO)) >= 4


def test_gap_filler_audio_far_behind_the_video_is_not_missing() -> None:
    filler = GapFiller()
    out = []
    for picture, heard in itertools.zip_longest(pictures(0, 6000), sounds(0, 3000)):
        for packet in (picture, heard):
            if packet is not None:
                out += pushed(filler, packet)
    assert all(packet.data == b"a" for packet in lane(out, AUDIO))


def test_gap_filler_alternating_tracks_lose_something_once_at_most() -> None:
    # Given a publisher that sends 800 ms of pictures, then the sound of the same time, and so on,
    filler = GapFiller()
    lost = []
    for start in range(0, 16_000, 800):
        out = [
            one
            for packet in [*pictures(start, start + 800, 800), *sounds(start, start + 800)]
            for one in pushed(filler, packet)
        ]
        heard = sum(packet.data == b"a" for packet in out)
        lost.append(heard < len(sounds(start, start + 800)))
    assert sum(lost) <= 1


def test_gap_filler_clock_that_stood_still_in_a_gap_is_followed() -> None:
    filler = GapFiller()
    out = [one for packet in pictures(0, 1000) for one in pushed(filler, packet)]
    for picture, heard in zip(pictures(6000, 9000), sounds(1000, 4000), strict=False):
        out += [*pushed(filler, picture), *pushed(filler, heard)]
    heard_at = [at(one) for one in out if one.data == b"a"]
    assert len(heard_at) >= 60
    assert heard_at[0] > 5000


def test_gap_filler_both_tracks_end_together() -> None:
    out = filled([*pictures(0, 5000), *sounds(0, 4700)], flushed=True)
    assert at(lane(out, AUDIO)[-1]) == pytest.approx(4980, abs=45)
    out = filled([*pictures(0, 3000), *sounds(0, 3560)], flushed=True)
    assert at(lane(out, VIDEO)[-1]) == pytest.approx(3300, abs=200)


def test_gap_filler_earlier_key_frame_replaces_missing_video() -> None:
    filler = GapFiller()
    for packet in pictures(0, 1000):
        pushed(filler, packet)
    again = Epoch(2, (VIDEO, AUDIO))
    out = [one for packet in sounds(1000, 3000) for one in pushed(filler, packet, again)]
    shown = [one for one in out if one.track is VIDEO]
    assert {packet.data for packet in shown} == {b"k"}
    assert at(shown[0]) == pytest.approx(1000, abs=40)
    assert at(shown[-1]) > 2600


def test_gap_filler_key_frame_of_another_configuration_replaces_nothing() -> None:
    filler = GapFiller()
    for packet in pictures(0, 1000):
        pushed(filler, packet)
    small = replace(VIDEO, config=b"w")
    out = [
        one
        for packet in sounds(1000, 3000)
        for one in pushed(filler, packet, Epoch(2, (small, AUDIO)))
    ]
    assert all(one.track is AUDIO for one in out)


@given(
    st.lists(
        st.tuples(st.sampled_from(["both", "picture", "sound"]), st.integers(1, 1500)), max_size=15
    )
)
def test_gap_filler_any_input_keeps_both_tracks_and_fills_once(
    stretches: list[tuple[str, int]],
) -> None:
    packets: list[Packet] = [frame(0, is_key=True), sound(0)]
    now = 40
    for kinds, length in stretches:
        if kinds != "sound":
            packets += pictures(now, now + length)
        if kinds != "picture":
            packets += sounds(now + 22, now + length)
        now += length + 40
    out = filled(packets, flushed=True)
    ends = [at(lane(out, track)[-1]) for track in (VIDEO, AUDIO)]
    assert abs(ends[0] - ends[1]) <= 750
    for track in (VIDEO, AUDIO):
        if len(lane(out, track)) > 1:
            assert longest_hole_ms(lane(out, track)) <= 1000
