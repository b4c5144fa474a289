"""From wire to parts: whatever a publisher's clock and tracks do, the stream's parts are valid."""

import itertools

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from emulator.media.hls.part import HlsPart
from emulator.media.hls.segmenter import Segmenter
from emulator.media.packets import AudioTrack, Packet, Track, VideoTrack
from emulator.media.sequencer import Sequencer
from emulator.media.timeline import Sequenced, Timeline

VIDEO = VideoTrack("h264", b"", "avc1.42c01f", 1280, 720)
AUDIO = AudioTrack("aac", b"", "mp4a.40.2", 44_100, 2, 1024)


class Publisher:
    """Sends frames whose content is their number, by a clock that the test changes."""

    def __init__(self) -> None:
        self.timeline = Timeline()
        self.segmenter = Segmenter()
        self.tracks: tuple[Track, ...] = (VIDEO, AUDIO)
        self.wire_ms = 5000
        self.parts: list[HlsPart] = []
        self.placed: list[Packet] = []

    def act(self, action: str, amount: int) -> None:
        if action == "frames":
            for index in range(amount % 40):
                self.wire_ms += 33
                self.send(self.tracks[0], 90, is_key=index == 0)
                self.send(self.tracks[1], 44.1, is_key=True)
        elif action == "sound":
            for _ in range(amount % 40):
                self.wire_ms += 23
                self.send(self.tracks[1], 44.1, is_key=True)
        elif action == "jump":
            self.wire_ms = (self.wire_ms + amount) % 2**32
        elif action == "resize":
            self.tracks = (replace(VIDEO, width=amount % 4096), self.tracks[1])
        else:
            self.parts += self.segmenter.flush()
            self.timeline.resume()
            self.tracks = (replace(VIDEO), replace(AUDIO))
            self.wire_ms = amount % 2**32

    def send(self, track: Track, per_ms: float, *, is_key: bool) -> None:
        dts = round(self.wire_ms * per_ms)
        duration = 1024 if isinstance(track, AudioTrack) else 0
        packet = Packet(track, dts, dts, duration, is_key, b"x")
        for placed in self.timeline.push([packet], self.tracks, at_ms=0):
            self.placed += placed.packets
            self.parts += self.segmenter.push(placed)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["frames", "frames", "frames", "sound", "jump", "resize", "return"]),
            st.integers(-20_000, 20_000)
            | st.integers(-1200, 1200)
            | st.sampled_from([2**31, -(2**31)]),
        ),
        max_size=25,
    )
)
def test_wire_to_parts_tiles_without_loss_and_begins_epochs_with_tracks(
    actions: list[tuple[str, int]],
) -> None:
    publisher = Publisher()
    for action, amount in actions:
        publisher.act(action, amount)
    parts = publisher.parts + publisher.segmenter.flush()
    # Parts follow without gaps except at discontinuities, none is over the target,
    for before, after in itertools.pairwise(parts):
        end = before.start + before.duration
        assert after.start == end or (after.starts_discontinuity and after.start > end)
    for number, part in enumerate(parts):
        assert 0 < part.duration <= publisher.segmenter.part_target
        assert part.packets
        # all of a part's packets are of its tracks, which change only at discontinuities,
        assert all(any(one.track is track for track in part.tracks) for one in part.packets)
        if number and not part.starts_discontinuity:
            assert part.tracks is parts[number - 1].tracks
    # every packet is in a part, in order,
    for kind in (VideoTrack, AudioTrack):
        counts = [one.dts for part in parts for one in part.packets if isinstance(one.track, kind)]
        assert counts == [one.dts for one in publisher.placed if isinstance(one.track, kind)]
    # and the parts are as long as the media, except for the last frame, whose end is unknown.
    if parts:
        end = parts[-1].start + parts[-1].duration
        assert abs(end - publisher.timeline.latest) <= 1000 * 90


class WholeChain:
    """A publisher of pictures and sound, or of one of them, through the whole pipeline.

    It is read `at_once` packets at a time.
    """

    def __init__(self, at_once: int = 1) -> None:
        self.at_once = at_once
        self.read: list[Packet] = []
        self.sequencer, self.segmenter = Sequencer(), Segmenter()
        self.parts: list[HlsPart] = []
        self.begin()

    def begin(self) -> None:
        self.wire_ms = 0
        self.tracks: tuple[Track, ...] = (replace(VIDEO), replace(AUDIO, config=b"\x12\x10"))

    def send(self, kinds: str, length_ms: int) -> None:
        for _ in range(length_ms // 25):
            for track in self.tracks:
                is_video = isinstance(track, VideoTrack)
                if kinds in ("both", "picture" if is_video else "sound"):
                    self._push(track, is_key=not is_video or self.wire_ms % 500 == 0)
            self.wire_ms += 25

    def leave(self) -> None:
        self._pass_on()
        self._cut(self.sequencer.flush(0))
        self.parts += self.segmenter.flush()
        self.sequencer.resume()
        self.begin()

    def _push(self, track: Track, *, is_key: bool) -> None:
        dts = self.wire_ms * track.timescale // 1000
        length = 1024 if isinstance(track, AudioTrack) else 0
        packet = Packet(track, dts, dts, length, is_key, b"x")
        self.read.append(packet)
        if len(self.read) == self.at_once:
            self._pass_on()

    def _pass_on(self) -> None:
        packets, self.read = self.read, []
        self._cut(self.sequencer.push(packets, self.tracks, 0))

    def _cut(self, sequence: list[Sequenced]) -> None:
        for one in sequence:
            self.parts += self.segmenter.push(one)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["both", "both", "picture", "sound", "return"]), st.integers(200, 3000)
        ),
        max_size=10,
    )
)
def test_wire_to_parts_stream_keeps_its_tracks_and_fills_their_gaps(
    stretches: list[tuple[str, int]],
) -> None:
    chain = WholeChain()
    for kinds, length_ms in [("both", 1000), *stretches, ("both", 1000)]:
        if kinds == "return":
            chain.leave()
        else:
            chain.send(kinds, length_ms)
    chain.leave()
    assert {tuple(map(type, part.tracks)) for part in chain.parts} == {(VideoTrack, AudioTrack)}
    for kind in (VideoTrack, AudioTrack):
        packets = [one for part in chain.parts for one in part.packets]
        times = [one.dts / one.track.timescale for one in packets if isinstance(one.track, kind)]
        assert times == sorted(set(times))
        assert max(after - before for before, after in itertools.pairwise(times)) < 1


@given(
    st.integers(2, 30),
    st.lists(
        st.tuples(
            st.sampled_from(["both", "both", "picture", "sound", "return"]), st.integers(200, 3000)
        ),
        max_size=6,
    ),
)
def test_wire_to_parts_packets_read_at_once_are_cut_like_those_read_alone(
    at_once: int, stretches: list[tuple[str, int]]
) -> None:
    alone, together = WholeChain(), WholeChain(at_once)
    for chain in (alone, together):
        for kinds, length_ms in stretches:
            if kinds == "return":
                chain.leave()
            else:
                chain.send(kinds, length_ms)
        chain.leave()
    assert together.parts == alone.parts
