"""TrackSet: a stream's kinds of media are decided at its start, and stay."""

import pytest

from emulator.media.packets import AudioTrack, Packet, Track, VideoTrack
from emulator.media.track_set import Arrival, Promise, TrackSet
from emulator.media.track_waits import TrackWaits

VIDEO = VideoTrack("h264", b"v", "avc1.42c01f", 1280, 720)
AUDIO = AudioTrack("aac", b"\x11\x90\x56\xe5\x00", "mp4a.40.2", 48_000, 2, 1024)
GUESS = AudioTrack("aac", b"\x11\x90", "mp4a.40.2", 48_000, 2, 1024)
MONO = AudioTrack("aac", b"\x12\x08", "mp4a.40.2", 44_100, 1, 1024)
OPUS = AudioTrack("opus", b"OpusHead", "opus", 48_000, 2, None)
BOTH: tuple[Track, ...] = (VIDEO, AUDIO)


def frame(at_ms: int, *, is_key: bool = False) -> Packet:
    return Packet(VIDEO, 90 * at_ms, 90 * at_ms, 0, is_key, b"v")


def sound(at_ms: int, track: AudioTrack = AUDIO) -> Packet:
    at = at_ms * track.sample_rate // 1000
    return Packet(track, at, at, 1024, True, b"a")


class Publisher:
    """Sends packets that arrive at their time stamps; `out` is the output for them."""

    def __init__(self, track_set: TrackSet, promise: Promise) -> None:
        self.track_set = track_set
        self.promise = promise
        self.out: list[tuple[str, int, tuple[Track, ...]]] = []

    def send(self, packets: list[Packet], tracks: tuple[Track, ...]) -> "Publisher":
        for packet in packets:
            at_ms = packet.dts * 1000 // packet.track.timescale
            self._note(self.track_set.push([packet], tracks, at_ms, self.promise))
        return self

    def leave(self) -> "Publisher":
        self._note(self.track_set.release())
        self.track_set.resume()
        return self

    def _note(self, arrivals: list[Arrival]) -> None:
        for arrival in arrivals:
            for packet in arrival.packets:
                track = packet.track
                assert any(track is other for other in arrival.tracks)
                kind = "video" if isinstance(track, VideoTrack) else "audio"
                self.out.append((kind, arrival.at_ms, arrival.tracks))

    @property
    def tracks(self) -> list[tuple[Track, ...]]:
        """The track lists of the stream, each once, in their order."""
        return list(dict.fromkeys(tracks for _, _, tracks in self.out))


def publisher(track_set: TrackSet | None = None, promise: Promise | None = None) -> Publisher:
    return Publisher(track_set or TrackSet(), promise or Promise())


def pictures(first_ms: int, last_ms: int) -> list[Packet]:
    return [frame(at_ms, is_key=at_ms == first_ms) for at_ms in range(first_ms, last_ms, 33)]


def sounds(first_ms: int, last_ms: int, track: AudioTrack = AUDIO) -> list[Packet]:
    return [sound(at_ms, track) for at_ms in range(first_ms, last_ms, 21)]


def test_track_set_of_known_tracks_begins_with_the_first_key_frame() -> None:
    one = publisher().send([frame(0), sound(5), frame(33, is_key=True), sound(40)], BOTH)
    assert one.out == [("video", 33, BOTH), ("audio", 40, BOTH)]


def test_track_set_audio_shortly_after_the_video_is_included() -> None:
    one = publisher().send(pictures(0, 100), (VIDEO,))
    assert one.out == []
    one.send([sound(100)], BOTH)
    assert [kind for kind, _, _ in one.out] == ["video"] * 4 + ["audio"]
    assert one.tracks == [BOTH]


def test_track_set_held_packets_keep_their_arrival_time() -> None:
    one = publisher().send(pictures(0, 600), (VIDEO,))
    assert [at_ms for _, at_ms, _ in one.out][:3] == [0, 33, 66]


def test_track_set_video_without_audio_waits_half_a_second_for_it() -> None:
    one = publisher().send(pictures(0, 490), (VIDEO,))
    assert one.out == []
    one.send([frame(500)], (VIDEO,))
    assert one.tracks == [(VIDEO,)]


def test_track_set_announced_audio_is_a_track_before_its_header() -> None:
    # Given metadata that name both codecs, and three seconds of pictures only,
    one = publisher(promise=Promise(has_picture=True, has_sound=True, sound=GUESS))
    one.send(pictures(0, 1990), (VIDEO,))
    assert one.out == []
    one.send(pictures(2013, 3000), (VIDEO,))
    # then the sound, when it comes, belongs to the announced track.
    one.send([sound(3000), frame(3003)], BOTH)
    assert one.tracks == [(VIDEO, GUESS)]
    assert "audio" in [kind for kind, _, _ in one.out]


def test_track_set_audio_unlike_its_announcement_changes_its_track() -> None:
    one = publisher(promise=Promise(has_sound=True, sound=GUESS)).send(pictures(0, 2100), (VIDEO,))
    one.send([sound(3000, MONO)], (VIDEO, MONO))
    assert one.tracks == [(VIDEO, GUESS), (VIDEO, MONO)]


def test_track_set_video_three_seconds_after_the_audio_begins_the_stream() -> None:
    one = publisher().send(sounds(0, 3000), (AUDIO,))
    assert one.out == []
    one.send([frame(3000, is_key=True), sound(3005)], BOTH)
    assert one.out == [("video", 3000, BOTH), ("audio", 3005, BOTH)]


def test_track_set_audio_ahead_of_the_first_frame_is_kept() -> None:
    one = publisher().send([sound(0), sound(900), frame(500, is_key=True)], BOTH)
    assert [(kind, at_ms) for kind, at_ms, _ in one.out] == [("video", 500), ("audio", 900)]


def test_track_set_audio_only_waits_four_or_ten_seconds_for_video() -> None:
    assert publisher().send(sounds(0, 4000), (AUDIO,)).out == []
    assert publisher().send(sounds(0, 4040), (AUDIO,)).tracks == [(AUDIO,)]
    promised = publisher(promise=Promise(has_picture=True))
    assert promised.send(sounds(0, 10_000), (AUDIO,)).out == []
    assert promised.send(sounds(10_000, 10_100), (AUDIO,)).tracks == [(AUDIO,)]


def test_track_set_short_stream_is_not_lost_while_it_waits() -> None:
    assert len(publisher().send(pictures(0, 300), (VIDEO,)).leave().out) == 10
    assert publisher().send(sounds(0, 900), (AUDIO,)).leave().out == []
    assert publisher().send(sounds(0, 1100), (AUDIO,)).leave().tracks == [(AUDIO,)]


def test_track_set_publisher_returning_without_audio_keeps_the_track() -> None:
    one = publisher().send([frame(0, is_key=True), sound(0)], BOTH).leave()
    one.send(pictures(0, 600), (VIDEO,))
    assert one.tracks == [BOTH]


def test_track_set_publisher_returning_without_video_keeps_the_track() -> None:
    one = publisher().send([frame(0, is_key=True), sound(0)], BOTH).leave()
    one.send(sounds(0, 5000), (AUDIO,))
    assert one.tracks == [BOTH]
    assert one.out[-1][0] == "audio"


def test_track_set_later_audio_is_left_out() -> None:
    track_set = TrackSet()
    one = publisher(track_set).send(pictures(0, 600), (VIDEO,)).leave()
    one.send([frame(0, is_key=True), sound(0)], BOTH)
    assert one.tracks == [(VIDEO,)]
    assert track_set.left_out == {"sound"}
    # The next publisher is judged only by its own media.
    one.leave()
    assert track_set.left_out == set()


def test_track_set_later_video_is_left_out() -> None:
    track_set = TrackSet()
    one = publisher(track_set).send(sounds(0, 4100), (AUDIO,))
    one.send([frame(4200, is_key=True), sound(4200)], BOTH)
    assert one.tracks == [(AUDIO,)]
    assert track_set.left_out == {"picture"}


def test_track_set_audio_in_another_codec_changes_its_track_and_not_the_set() -> None:
    one = publisher().send([frame(0, is_key=True), sound(0)], BOTH).leave()
    one.send([frame(0, is_key=True), sound(0, OPUS)], (VIDEO, OPUS))
    assert one.tracks == [BOTH, (VIDEO, OPUS)]


def test_track_set_clock_that_never_moves_does_not_hold_packets_forever() -> None:
    assert len(publisher().send([sound(0)] * 600, (AUDIO,)).out) == 600


@pytest.mark.parametrize(
    ("promise", "begins_at_ms"), [(Promise(), 330), (Promise(has_sound=True), 660)]
)
def test_track_set_waits_for_sound_for_the_configured_time(
    promise: Promise, begins_at_ms: int
) -> None:
    waits = TrackWaits(sound_wait_ms=330, promised_sound_wait_ms=660)
    one = publisher(TrackSet(waits), promise)
    assert one.send(pictures(0, begins_at_ms), (VIDEO,)).out == []
    assert len(one.send([frame(begins_at_ms)], (VIDEO,)).out) == begins_at_ms // 33 + 1


@pytest.mark.parametrize(
    ("promise", "begins_at_ms"), [(Promise(), 210), (Promise(has_picture=True), 420)]
)
def test_track_set_waits_for_a_picture_for_the_configured_time(
    promise: Promise, begins_at_ms: int
) -> None:
    waits = TrackWaits(picture_wait_ms=210, promised_picture_wait_ms=420)
    one = publisher(TrackSet(waits), promise)
    assert one.send(sounds(0, begins_at_ms), (AUDIO,)).out == []
    assert len(one.send([sound(begins_at_ms)], (AUDIO,)).out) == begins_at_ms // 21 + 1
