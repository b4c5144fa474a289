"""Transcoder: sends one publisher's packets through a worker thread, in the order of their arrival.

Packets that need no transcoding queue between the others, so the stream's tracks stay as close to
each other as they were sent. When the thread falls behind, pictures are dropped up to the next key
frame; audio is never dropped (docs/decisions/0025).
"""

import asyncio
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from msgspec import Struct

from emulator.core.clock import busy_us
from emulator.core.errors import Refused
from emulator.media.ingest.transcoding.source_reader import SourcePacket, SourceTrack, Transcoded
from emulator.media.ingest.transcoding.worker import TranscodeWorker
from emulator.media.packets import Packet, Track, VideoTrack
from emulator.media.ticks import TICKS_PER_MS, TICKS_PER_SECOND
from emulator.media.track_set import Kind, Promise

log = logging.getLogger(__name__)

# The length of media over which the cost is measured.
_WINDOW = 2 * TICKS_PER_SECOND
_STEP_MAX = TICKS_PER_SECOND
# A publisher that is further ahead of real time than this is read only as fast as its media is
# transcoded.
_AHEAD_MAX = TICKS_PER_SECOND
_PAUSE_MS = 20
# If the thread is still this many times too late with all pictures dropped, the machine is too
# slow.
_BEHIND_TIMES_MAX = 4


class TranscodeReport(Struct, frozen=True):
    """One transcoded track.

    `cpu_ms_per_second` is the worker thread's CPU time for a second of media. `behind_ms` is how
    much media waits for the thread; `source` and `target` are codec names for people.
    """

    track: Kind
    source: str
    target: str
    encoder: str
    cpu_ms_per_second: int | None
    behind_ms: int
    frames_dropped: int

    @property
    def as_json(self) -> dict[str, object]:
        return {
            "track": self.track,
            "from": self.source,
            "to": self.target,
            "encoder": self.encoder,
            "cpu_ms_per_second": self.cpu_ms_per_second,
            "behind_ms": self.behind_ms,
            "frames_dropped": self.frames_dropped,
        }


class _Timer(Protocol):
    def cancel(self) -> None: ...


class _Job(NamedTuple):
    """A packet for the thread. `position` is how much media (ticks) had come with it.

    `is_dropped`: it is not transcoded.
    """

    number: int
    is_dropped: bool
    packet: Packet | SourcePacket
    tracks: tuple[Track, ...]
    promise: Promise
    at_ms: int
    position: int


class _Barrier(NamedTuple):
    """A call, `then`, made on the loop once all earlier jobs are done. `is_end`: it is the last."""

    then: Callable[[], None]
    is_end: bool


class _Done(NamedTuple):
    job: _Job
    packet: Packet
    outputs: dict[Kind, Track]


class _Cost:
    """The thread's CPU time for one kind of media. Written by the thread, read by the loop."""

    def __init__(self) -> None:
        self.ms_per_second: int | None = None
        self._us = 0
        self._length = 0
        self._newest: int | None = None

    def add(self, us: int, position: int) -> None:
        """Count the time of one packet. Media that was dropped before it is not counted."""
        step = position - (position if self._newest is None else self._newest)
        self._newest = position
        self._length += step if step < _STEP_MAX // 2 else 0
        self._us += us
        if self._length >= _WINDOW:
            self.ms_per_second = round(self._us * TICKS_PER_SECOND / self._length / 1000)
            self._us = self._length = 0


class Transcoder:
    """The transcoder of one publisher, for the loop's thread.

    `deliver` and `fail` are called on it, and not after the end. `fail` gets the refusals of
    `deliver`, and a failure of the worker. `end_ms` is how long `end` lets pictures take, and after
    that the same time for the rest. `seconds` and `call_later` are a monotonic clock: mostly the
    loop's.
    """

    def __init__(
        self,
        deliver: Callable[[Transcoded], None],
        fail: Callable[[Refused], None],
        *,
        behind_ms: int,
        end_ms: int,
        frame_rate: float,
        seconds: Callable[[], float] | None = None,
        call_later: Callable[[float, Callable[[], None]], _Timer] | None = None,
        make_worker: Callable[[float], TranscodeWorker] = TranscodeWorker,
    ) -> None:
        self._deliver = deliver
        self._fail = fail
        self._behind_max = behind_ms * TICKS_PER_MS
        self._end_seconds = end_ms / 1000
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | _Barrier] = queue.SimpleQueue()
        self._results: deque[_Done] = deque()
        self._sources: dict[Kind, SourceTrack] = {}
        self._outputs: dict[Kind, Track] = {}
        self._costs: dict[Kind, _Cost] = {"picture": _Cost(), "sound": _Cost()}
        self._number = self._done_number = 0
        self._position = self._done_position = 0
        self._newest: int | None = None
        self._seconds = seconds or self._loop.time
        self._call_later = call_later or self._loop.call_later
        self._began = self._seconds()
        self._skip_before = 0
        self._is_skipping = False
        # The number of pictures dropped because the machine did not keep up.
        self.frames_dropped = 0
        self._is_over = False
        self._when_ended: Callable[[], None] | None = None
        self._limit: _Timer | None = None
        # The length of the last media that was lost because its end took too long.
        self._lost_ms = 0
        self._thread = threading.Thread(
            target=self._work, args=(make_worker, frame_rate), name="transcode-ingest", daemon=True
        )
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether no more media will come out."""
        return self._is_over

    @property
    def behind_ms(self) -> int:
        """The milliseconds of the publisher's media that wait for the worker."""
        return max(0, self._position - self._done_position) // TICKS_PER_MS

    @property
    def pause_ms(self) -> int:
        """The milliseconds not to read a publisher that sends a file faster than in real time."""
        waiting = self._position - self._done_position
        is_full = waiting > self._behind_max // 2 and self._ahead > _AHEAD_MAX
        return _PAUSE_MS if is_full else 0

    @property
    def _ahead(self) -> int:
        """The ticks by which the publisher is ahead of real time."""
        elapsed = round((self._seconds() - self._began) * TICKS_PER_SECOND)
        return max(0, self._position - elapsed)

    @property
    def reports(self) -> list[TranscodeReport]:
        """The report of each transcoded track, video first."""
        return [
            TranscodeReport(
                track=kind,
                source=source.codecs,
                target=output.codecs if (output := self._outputs.get(kind)) else "",
                encoder="aac" if kind == "sound" else _encoder_name(),
                cpu_ms_per_second=self._costs[kind].ms_per_second,
                behind_ms=self.behind_ms,
                frames_dropped=self.frames_dropped if kind == "picture" else 0,
            )
            for kind, source in sorted(self._sources.items())
        ]

    @property
    def warnings(self) -> list[str]:
        warnings = []
        if self._lost_ms:
            warnings.append(
                f"The last {self._lost_ms} ms of the publisher's media are lost: this machine "
                "could not transcode them in time (transcode_end_ms). Send H.264 and AAC."
            )
        if not self.frames_dropped or "picture" not in self._sources:
            return warnings
        return [
            *warnings,
            f"This machine is too slow to transcode the picture "
            f"({self._sources['picture'].codecs}): {self.frames_dropped} frames were dropped, each"
            " time up to the next key frame. Send H.264, or a smaller picture or fewer frames.",
        ]

    def push(
        self,
        packet: Packet | SourcePacket,
        tracks: tuple[Track, ...],
        promise: Promise,
        at_ms: int,
    ) -> None:
        """Take the publisher's next packet. `tracks` are the passed-through tracks so far.

        Refuses (`unavailable`) if not even audio alone is transcoded in time.
        """
        if self._is_over or self._when_ended is not None:
            return
        self._advance(packet)
        is_picture = isinstance(packet, SourcePacket) and packet.track.kind == "picture"
        if isinstance(packet, SourcePacket):
            self._sources[packet.track.kind] = packet.track
        else:
            self._sources.pop(_kind(packet.track), None)
        behind = self._position - self._done_position
        if behind > self._behind_max and behind - self._ahead > self._behind_max:
            self._catch_up(behind - self._ahead)
        if is_picture and packet.is_key:
            self._is_skipping = False
        self._number += 1
        is_dropped = is_picture and self._is_skipping
        job = _Job(self._number, is_dropped, packet, tracks, promise, at_ms, self._position)
        self._jobs.put(job)

    def settle(self, then: Callable[[], None]) -> None:
        """Call `then` once all pushed packets are delivered, as far as they can be encoded yet.

        This does not block. It is not called if the end comes first.
        """
        if not self._is_over:
            self._jobs.put(_Barrier(lambda: self._settled(then), is_end=False))

    def end(self, then: Callable[[], None]) -> None:
        """Deliver all pushed packets, and those that codecs hold back; then stop, and call `then`.

        `then` is called once: now if the transcoder has stopped already, otherwise later, as this
        does not block. After `end_ms` the pictures that still wait are dropped (`frames_dropped`
        counts them), and after the same time again the rest is lost. Both are in `warnings`. Call
        `end` only once.
        """
        if self._is_over:
            then()
            return
        self._when_ended = then
        self._jobs.put(_Barrier(self._finish, is_end=True))
        self._limit = self._call_later(self._end_seconds, self._drop_pictures)

    def discard(self) -> None:
        """Stop, and deliver no more packets."""
        if not self._is_over:
            self._is_over = True
            self._skip_before = self._number
            self._jobs.put(_Barrier(lambda: None, is_end=True))

    def _advance(self, packet: Packet | SourcePacket) -> None:
        """Count how much media has come; jumps of the publisher's clock do not count."""
        wire = packet.dts * TICKS_PER_SECOND // packet.track.timescale
        step = 0 if self._newest is None else wire - self._newest
        if 0 < step <= _STEP_MAX:
            self._position += step
        if self._newest is None or step > 0 or step < -_STEP_MAX:
            self._newest = wire

    def _catch_up(self, behind: int) -> None:
        """Drop pictures: those that wait, and new ones up to a key frame."""
        if behind > _BEHIND_TIMES_MAX * self._behind_max:
            raise Refused(
                "unavailable",
                "This machine is too slow to transcode the publisher's media "
                f"({', '.join(source.codecs for source in self._sources.values())}). "
                "Send H.264 and AAC, in real time (ffmpeg: -re).",
            )
        if "picture" in self._sources and self._done_number >= self._skip_before:
            log.warning(
                "transcoding fell behind: pictures are dropped to the next key frame behind_ms=%d",
                behind // TICKS_PER_MS,
            )
            self._skip_before = self._number
            self._is_skipping = True

    def _settled(self, then: Callable[[], None]) -> None:
        if self._is_over:
            return
        self._collect_later()
        try:
            then()
        except Refused as refused:
            self._fail(refused)

    def _drop_pictures(self) -> None:
        self._skip_before = self._number
        log.warning("transcoding fell behind: pictures are dropped at the end of a publish")
        self._limit = self._call_later(self._end_seconds, self._give_up)

    def _give_up(self) -> None:
        self._lost_ms = self.behind_ms
        log.warning("transcoding did not end in time: lost_ms=%d", self._lost_ms)
        self._finish()

    def _finish(self) -> None:
        """Deliver the finished packets, and no more after them."""
        if self._is_over:
            return
        if self._limit is not None:
            self._limit.cancel()
        self._collect_later()
        self._is_over = True
        then, self._when_ended = self._when_ended, None
        if then is not None:
            then()

    def _collect(self) -> None:
        while self._results and not self._is_over:
            done = self._results.popleft()
            self._outputs = done.outputs
            self._deliver(self._transcoded(done))

    def _collect_later(self) -> None:
        try:
            self._collect()
        except Refused as refused:
            self._fail(refused)

    def _transcoded(self, done: _Done) -> Transcoded:
        job = done.job
        tracks = {_kind(track): track for track in job.tracks} | done.outputs
        promise = Promise(
            job.promise.has_picture or "picture" in self._sources,
            job.promise.has_sound or "sound" in self._sources,
            job.promise.sound,
        )
        # Sorted by name, the kind "picture" comes before "sound".
        ordered = tuple(tracks[kind] for kind in sorted(tracks))
        return Transcoded(done.packet, ordered, promise, job.at_ms)

    # The methods that run in the thread.

    def _work(self, make_worker: Callable[[float], TranscodeWorker], frame_rate: float) -> None:
        try:
            self._convert_all(make_worker(frame_rate))
        except Exception:  # The root of a thread: the error ends the publisher.
            log.exception("transcoding failed")
            self._call_on_loop(self._tell_failure)

    def _convert_all(self, worker: TranscodeWorker) -> None:
        last: _Job | None = None
        while True:
            job = self._jobs.get()
            if isinstance(job, _Barrier):
                if job.is_end and last is not None:
                    self._add_results(last, worker.tracks, worker.end())
                self._call_on_loop(job.then)
                if job.is_end:
                    return
                continue
            last = job
            self._convert(worker, job)

    def _convert(self, worker: TranscodeWorker, job: _Job) -> None:
        packet = job.packet
        if isinstance(packet, Packet):
            worker.drop(_kind(packet.track))
            packets = [packet]
        else:
            kind = packet.track.kind
            if job.is_dropped or (kind == "picture" and job.number <= self._skip_before):
                self.frames_dropped += 1
                packets = []
            else:
                start_us = busy_us()
                packets = worker.take(packet)
                self._costs[kind].add(busy_us() - start_us, job.position)
        self._add_results(job, worker.tracks, packets)
        self._done_number, self._done_position = job.number, job.position
        if packets:
            self._call_on_loop(self._collect_later)

    def _add_results(self, job: _Job, outputs: dict[Kind, Track], packets: list[Packet]) -> None:
        for packet in packets:
            if isinstance(job.packet, SourcePacket):
                outputs = outputs | {_kind(packet.track): packet.track}
            self._results.append(_Done(job, packet, outputs))

    def _call_on_loop(self, call: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:  # The loop has closed: nobody waits for the result any more.
            log.debug("transcoded media came too late")

    def _tell_failure(self) -> None:
        if not self._is_over:
            self._fail(Refused("unavailable", "This stream could not be transcoded."))
            self._finish()


def _kind(track: Track) -> Kind:
    return "picture" if isinstance(track, VideoTrack) else "sound"


def _encoder_name() -> str:
    from emulator.media.publisher.encoders import h264_encoder

    return h264_encoder()
