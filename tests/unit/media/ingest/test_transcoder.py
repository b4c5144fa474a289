"""Transcoder: a worker's thread with a queue: order, end, and a worker that is late."""

import asyncio
import threading
from collections.abc import Callable
from fractions import Fraction
from functools import cache, partial

import av
import pytest

from emulator.core.errors import Refused
from emulator.media.ingest.transcoding.source_reader import (
    SourcePacket,
    SourceTrack,
    Transcoded,
)
from emulator.media.ingest.transcoding.transcoder import Transcoder
from emulator.media.ingest.transcoding.worker import TranscodeWorker
from emulator.media.packets import AudioTrack, Packet, VideoTrack
from emulator.media.track_set import NO_PROMISE

PICTURE = SourceTrack("picture", "Sorenson H.263", "flv")
SOUND = SourceTrack("sound", "PCM", "pcm_s16le", sample_rate=48_000, channels=1)
AAC = AudioTrack("aac", b"\x11\x90", "mp4a.40.2", 48_000, 2, 1024)
FRAME_TICKS = 3_000
GROUP = 10


@cache
def pictures(count: int) -> tuple[SourcePacket, ...]:
    """Frames at 30 per second, with a key frame every ten."""
    encoder = av.CodecContext.create("flv", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 320, 240, "yuv420p"
    encoder.time_base, encoder.gop_size = Fraction(1, 30), GROUP
    frame = av.VideoFrame(320, 240, "yuv420p")
    for plane in frame.planes:  # A new frame contains whatever was in that memory before.
        plane.update(bytes([128]) * plane.buffer_size)
    packets = []
    for number in range(count):
        frame.pts = number
        packets += encoder.encode(frame)
    assert [bool(coded.is_keyframe) for coded in packets] == [
        number % GROUP == 0 for number in range(count)
    ]
    return tuple(
        SourcePacket(
            PICTURE, at * FRAME_TICKS, at * FRAME_TICKS, bool(coded.is_keyframe), bytes(coded)
        )
        for at, coded in enumerate(packets)
    )


class Timer:
    """A timer that the test fires."""

    def __init__(self, act: Callable[[], None]) -> None:
        self.run_out = act
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class HeldWorker(TranscodeWorker):
    """A worker as slow as the test wants: before each packet it waits for permission."""

    def __init__(
        self, frame_rate: float, may_go_on: threading.Event, has_begun: threading.Event
    ) -> None:
        super().__init__(frame_rate)
        self._may_go_on, self._has_begun = may_go_on, has_begun

    def take(self, packet: SourcePacket) -> list[Packet]:
        self._has_begun.set()
        self._may_go_on.wait()
        return super().take(packet)


class Rig:
    """A transcoder, its output, and a steady clock that the test sets."""

    def __init__(self, behind_ms: int = 3_000, may_go_on: threading.Event | None = None) -> None:
        self.seconds = 0.0
        self.timers: list[Timer] = []
        self.has_begun = threading.Event()
        self.delivered: list[Transcoded] = []
        self.failures: list[Refused] = []
        self.transcoder = Transcoder(
            self.delivered.append,
            self.failures.append,
            behind_ms=behind_ms,
            end_ms=5_000,
            frame_rate=30,
            seconds=lambda: self.seconds,
            call_later=self._call_later,
            make_worker=partial(HeldWorker, may_go_on=may_go_on, has_begun=self.has_begun)
            if may_go_on
            else TranscodeWorker,
        )

    def _call_later(self, seconds: float, act: Callable[[], None]) -> Timer:
        assert seconds == 5.0
        self.timers.append(Timer(act))
        return self.timers[-1]

    async def settle(self) -> None:
        is_settled = asyncio.Event()
        self.transcoder.settle(is_settled.set)
        await is_settled.wait()

    async def end(self) -> None:
        has_ended = asyncio.Event()
        self.transcoder.end(has_ended.set)
        await has_ended.wait()

    def push(self, *packets: Packet | SourcePacket) -> None:
        for packet in packets:
            self.transcoder.push(packet, (), NO_PROMISE, 0)

    def times(self, kind: type) -> list[int]:
        return [
            transcoded.packet.pts
            for transcoded in self.delivered
            if isinstance(transcoded.packet.track, kind)
        ]


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "transcode-ingest"]


async def test_transcoder_every_frame_keeps_its_presentation_time() -> None:
    rig = Rig()
    rig.push(*pictures(25))
    await rig.end()
    assert rig.times(VideoTrack) == [number * FRAME_TICKS for number in range(25)]
    keys = [transcoded.packet.pts for transcoded in rig.delivered if transcoded.packet.is_key]
    assert keys == [0, GROUP * FRAME_TICKS, 2 * GROUP * FRAME_TICKS]
    first = rig.delivered[0]
    assert first.tracks == (first.packet.track,)
    assert first.promise.has_picture


async def test_transcoder_passed_through_media_keeps_its_place() -> None:
    rig = Rig()
    # Given audio that is passed through, each packet after a picture,
    for picture in pictures(12):
        sound = picture.dts * 48 // 90
        rig.push(picture, Packet(AAC, sound, sound, 1024, True, b"sound"))

    # then it arrives unchanged, and after that picture.
    await rig.end()
    kinds = [type(transcoded.packet.track) for transcoded in rig.delivered]
    assert kinds == [VideoTrack, AudioTrack] * 12
    assert all(transcoded.packet.data == b"sound" for transcoded in rig.delivered[1::2])


async def test_transcoder_audio_is_timed_by_its_samples_without_loss() -> None:
    rig = Rig()
    for number in range(10):
        at = 90_000 + number * 1_800  # 20 ms
        rig.push(SourcePacket(SOUND, at, at, True, bytes(2 * 960)))
    await rig.end()
    times = rig.times(AudioTrack)
    # 1024 samples before it make up for the encoder's delay.
    assert times[0] == 48_000 - 1_024
    assert times == list(range(times[0], times[0] + 1_024 * len(times), 1_024))
    assert times[-1] + 1_024 >= 48_000 + 10 * 960


async def test_transcoder_late_frames_are_dropped_up_to_a_key_frame() -> None:
    # Given a machine that has processed nothing within 0.3 s,
    rig = Rig(behind_ms=100)
    frames = pictures(40)
    rig.seconds = 10.0
    rig.push(*frames[:9])

    # then the waiting pictures are left out, and others up to the next key frame.
    await rig.settle()
    for frame in frames[9:13]:
        rig.push(frame)
        await rig.settle()
    await rig.end()
    times = rig.times(VideoTrack)
    assert times[-3:] == [number * FRAME_TICKS for number in (10, 11, 12)]
    (report,) = rig.transcoder.reports
    assert report.frames_dropped == 13 - len(times)
    assert report.frames_dropped >= 6
    assert f"{report.frames_dropped} frames were dropped" in rig.transcoder.warnings[0]


async def test_transcoder_file_sent_too_fast_is_read_slower_without_loss() -> None:
    rig = Rig(behind_ms=100)
    rig.push(*pictures(40))
    assert rig.transcoder.pause_ms > 0
    await rig.end()
    assert len(rig.times(VideoTrack)) == 40
    assert rig.transcoder.pause_ms == 0


async def test_transcoder_publisher_is_refused_where_the_machine_never_catches_up() -> None:
    rig = Rig(behind_ms=100)
    rig.seconds = 10.0
    with pytest.raises(Refused, match="too slow to transcode"):
        rig.push(*pictures(40))
    rig.transcoder.discard()


async def test_transcoder_delivers_nothing_after_the_end_and_leaves_no_thread() -> None:
    rig = Rig()
    rig.push(*pictures(5))
    await rig.end()
    count = len(rig.delivered)
    rig.push(*pictures(5))
    await rig.end()

    another = Rig()
    another.push(*pictures(5))
    another.transcoder.discard()
    for thread in threads():
        await asyncio.to_thread(thread.join)
    await asyncio.sleep(0)
    assert (len(rig.delivered), another.delivered) == (count, [])
    assert threads() == []


async def test_transcoder_refusal_of_its_output_is_reported() -> None:
    # Given a stream that accepts nothing since its disk is full,
    refusals: asyncio.Queue[Refused] = asyncio.Queue()

    def refuse(_: Transcoded) -> None:
        raise Refused("unavailable", "The disk is full.")

    transcoder = Transcoder(
        refuse, refusals.put_nowait, behind_ms=3_000, end_ms=5_000, frame_rate=30
    )
    transcoder.push(pictures(1)[0], (), NO_PROMISE, 0)
    assert (await refusals.get()).message == "The disk is full."
    transcoder.discard()


def sounds(count: int) -> list[SourcePacket]:
    """Audio packets of 20 ms each."""
    times = [number * 1_800 for number in range(count)]
    return [SourcePacket(SOUND, time, time, True, bytes(2 * 960)) for time in times]


async def test_transcoder_slow_machine_delivers_all_accepted_packets() -> None:
    # Given a machine that has processed nothing when the publisher leaves,
    may_go_on = threading.Event()
    rig = Rig(may_go_on=may_go_on)
    rig.push(*pictures(40))
    has_ended = asyncio.Event()

    # then nothing waits for it,
    rig.transcoder.end(has_ended.set)
    assert (rig.delivered, has_ended.is_set()) == ([], False)

    # and all of it arrives later.
    may_go_on.set()
    await has_ended.wait()
    assert len(rig.times(VideoTrack)) == 40
    assert rig.transcoder.warnings == []
    assert [timer.is_cancelled for timer in rig.timers] == [True]


async def test_transcoder_slow_end_drops_video_and_warns() -> None:
    may_go_on = threading.Event()
    rig = Rig(may_go_on=may_go_on)
    rig.push(*pictures(20), *sounds(20))
    has_ended = asyncio.Event()
    rig.transcoder.end(has_ended.set)

    rig.timers[0].run_out()
    may_go_on.set()
    await has_ended.wait()

    times = rig.times(AudioTrack)
    assert times[-1] + 1_024 >= 20 * 960
    (picture, _) = rig.transcoder.reports
    assert picture.frames_dropped == 20 - len(rig.times(VideoTrack)) >= 19
    assert f"{picture.frames_dropped} frames were dropped" in rig.transcoder.warnings[0]


async def test_transcoder_endless_end_times_out_and_reports_the_loss() -> None:
    may_go_on = threading.Event()
    rig = Rig(may_go_on=may_go_on)
    rig.push(*pictures(31))
    await asyncio.to_thread(rig.has_begun.wait)
    has_ended = asyncio.Event()
    rig.transcoder.end(has_ended.set)

    rig.timers[0].run_out()
    rig.timers[1].run_out()

    assert has_ended.is_set()
    assert "The last 1000 ms of the publisher's media are lost" in rig.transcoder.warnings[0]
    may_go_on.set()


async def test_transcoder_failing_worker_ends_its_waiters() -> None:
    class FailingWorker(TranscodeWorker):
        def take(self, packet: SourcePacket) -> list[Packet]:  # noqa: ARG002
            raise RuntimeError("a bug")

    failures: list[Refused] = []
    transcoder = Transcoder(
        lambda _: None,
        failures.append,
        behind_ms=3_000,
        end_ms=5_000,
        frame_rate=30,
        make_worker=FailingWorker,
    )
    transcoder.push(pictures(1)[0], (), NO_PROMISE, 0)
    has_ended = asyncio.Event()
    transcoder.end(has_ended.set)
    await has_ended.wait()
    assert [failure.message for failure in failures] == ["This stream could not be transcoded."]
