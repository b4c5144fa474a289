"""Pipeline: one live stream's way from FLV tags to HLS parts. It outlives publishers' connections.

It runs on the event loop's thread: a packet costs some 10 us, and a thread for each stream would
cost more in wake-ups than it would save (docs/decisions/0002). The packets of one read go through
the stages together. Only the writer's thread touches the disk.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, cast

from emulator.core.clock import Clock
from emulator.core.errors import ProtocolError, Refused
from emulator.media.broadcast.health import PublisherHealth
from emulator.media.broadcast.ingest_history import SECONDS_MAX
from emulator.media.codecs.in_band import InBand
from emulator.media.hls.fmp4 import fragment, init_segment
from emulator.media.hls.part import HlsPart
from emulator.media.hls.segmenter import Segmenter
from emulator.media.hls.stream import HlsStream
from emulator.media.ingest.flv import FlvReader
from emulator.media.ingest.tag import Tag
from emulator.media.ingest.transcoding.source_reader import (
    SourcePacket,
    SourceReader,
    Transcoded,
)
from emulator.media.packets import Packet, Track
from emulator.media.renditions.ladder import Ladder
from emulator.media.sequencer import Sequencer
from emulator.media.simulcast.feed import Feed
from emulator.media.ticks import TICKS_PER_MS
from emulator.media.timeline import Epoch, Sequenced
from emulator.media.track_set import NO_PROMISE, Kind, Promise
from emulator.media.track_waits import TrackWaits
from emulator.media.webrtc.relay import Relay

if TYPE_CHECKING:
    from emulator.media.ingest.transcoding.transcoder import Transcoder, TranscodeReport

log = logging.getLogger(__name__)

_FRAME_RATE, _FRAME_RATE_MAX = 30.0, 240
# A publisher is not read for this long while the last one's transcoding has not ended.
_TURN_MS = 20


class _Read(NamedTuple):
    """Packets that a publisher sent, and its tracks and its promise at that time."""

    packets: list[Packet | SourcePacket]
    tracks: tuple[Track, ...]
    promise: Promise


def _no_ladder(_epoch: Epoch, _hls_stream: HlsStream) -> Ladder | None:
    return None


class Pipeline:
    """The media of one live stream, from its publishers to its playlist.

    `open_hls_stream` is called once, when the stream's first key frame (or sound) has come. The
    lengths of parts and segments are those of its window.

    `open_ladder` is called next, with the stream's first epoch and its `HlsStream`. `warn` is
    called with a sentence about a fault in the publisher's media that does not end the stream.
    `transcode_behind_ms`: how far transcoding of media that HLS cannot carry may fall behind; None:
    such media is refused. `transcode_end_ms`: how long the transcoder may take for the last media
    of a publisher; everything that comes next (`pause`, `resume`, another publisher's media,
    `finish`) waits until then.

    `after_transcoding` is called when the transcoder has put out media, and after each tag that had
    to wait for its end, with the refusal of that tag, if it was refused. `history_seconds`: how
    many samples of a publisher's health are kept.
    """

    def __init__(
        self,
        clock: Clock,
        open_hls_stream: Callable[[], HlsStream],
        *,
        open_ladder: Callable[[Epoch, HlsStream], Ladder | None] = _no_ladder,
        warn: Callable[[str], None] = lambda _: None,
        transcode_behind_ms: int | None = None,
        transcode_end_ms: int = 10_000,
        track_waits: TrackWaits | None = None,
        history_seconds: int = SECONDS_MAX,
    ) -> None:
        self._clock = clock
        self._open_hls_stream = open_hls_stream
        self._open_ladder = open_ladder
        self.ladder: Ladder | None = None
        self._hls_stream: HlsStream | None = None
        self._has_begun = False
        # Whether the latest packet waits for the other kind of media: see `opening_ms`.
        self.is_opening = False
        self._warn_publisher = warn
        self._reader = FlvReader(self._warn)
        self._transcode_behind_ms = transcode_behind_ms
        self._transcode_end_ms = transcode_end_ms
        self._source_reader = self._new_source_reader()
        self._transcoder: Transcoder | None = None
        # Calls that wait for the end of the transcoder; None while it is not ending.
        self._waiting: deque[Callable[[], None]] | None = None
        self._is_ending = False
        self._drained = asyncio.Event()
        self._drained.set()
        self.after_transcoding: Callable[[Refused | None], None] = lambda _: None
        self._sequencer = Sequencer(track_waits)
        self._in_band = InBand()
        self._segmenter = Segmenter()
        self._sequence = 0
        self._last_media_ms: int | None = None
        self.health = PublisherHealth(history_seconds)
        self.relay = Relay()
        self.feed = Feed()

    @property
    def last_media_ms(self) -> int | None:
        """The time of the last media in milliseconds; None before the first."""
        return self._last_media_ms

    def continue_on(self, hls_stream: HlsStream) -> None:
        """Continue an earlier process's recording of this stream, as after a `pause`."""
        self._begin(hls_stream)
        window = hls_stream.window
        if window.complete:
            self._sequencer.continue_at(window.complete[-1].end)
        self._last_media_ms = window.end_ms or self._clock.now_ms()
        self._sequence = window.next_part

    def receive(self, tags: Sequence[Tag]) -> None:
        """Take the publisher's next tags.

        Refuses (`unsupported`) a codec that HLS cannot carry; raises `ProtocolError` for a
        malformed tag. If the stream has not begun, all that was kept of this publisher is dropped
        then: the stream stays offline. Tags that have to wait are refused through
        `after_transcoding`.
        """
        at_ms = self._clock.now_ms()
        if self._waiting is not None:
            self._waiting.append(lambda: self._receive_late(tags, at_ms))
        else:
            self._receive(tags, at_ms)

    def _receive_late(self, tags: Sequence[Tag], at_ms: int) -> None:
        try:
            self._receive(tags, at_ms)
            self.after_transcoding(None)
        except Refused as refused:
            self.after_transcoding(refused)
        except ProtocolError as error:
            self.after_transcoding(Refused("unsupported", str(error)))

    def _receive(self, tags: Sequence[Tag], at_ms: int) -> None:
        try:
            for read in self._read(tags):
                self._take_read(read, at_ms)
        except (Refused, ProtocolError):
            if self._hls_stream is None:
                self._sequencer.resume()
                self._discard_transcoder()
            raise

    def _read(self, tags: Sequence[Tag]) -> Iterator[_Read]:
        """Yield the packets of the tags, together as long as the tracks are the same.

        A list that begins with a `Packet` has no `SourcePacket`.
        """
        reader, source_reader = self._reader, self._source_reader
        read = _Read([], reader.tracks, reader.promise)
        try:
            for tag in tags:
                to_transcode = source_reader.read(tag) if source_reader is not None else None
                packets = reader.read(tag) if to_transcode is None else to_transcode
                if (
                    to_transcode
                    or reader.tracks is not read.tracks
                    or reader.promise is not read.promise
                ):
                    if read.packets:
                        yield read
                    read = _Read([], reader.tracks, reader.promise)
                read.packets.extend(packets)
        except (Refused, ProtocolError):
            if read.packets:
                yield read
            raise
        if read.packets:
            yield read

    @property
    def transcodes(self) -> "list[TranscodeReport]":
        """The transcodes of the current publisher, or of the last one."""
        return self._transcoder.reports if self._transcoder is not None else []

    @property
    def pause_ms(self) -> int:
        """The milliseconds not to read a publisher that is too fast, or comes before the last
        ends.
        """
        if self._waiting is not None:
            return _TURN_MS
        return self._transcoder.pause_ms if self._transcoder is not None else 0

    @property
    def patience_ms(self) -> int:
        """The milliseconds of media until a part is complete.

        0 where somebody takes each frame as it comes.
        """
        takes_each = self.relay.is_watched or self.feed.is_tapped or self.ladder is not None
        if takes_each or self._transcoder is not None:
            return 0
        return self._segmenter.missing // TICKS_PER_MS

    @property
    def warnings(self) -> list[str]:
        """Warnings about this machine, rather than about the publisher."""
        return self._transcoder.warnings if self._transcoder is not None else []

    @property
    def metadata(self) -> dict[str, bool | float | str]:
        """The `onMetaData` of the current publisher."""
        return self._reader.metadata

    @property
    def left_out(self) -> frozenset[Kind]:
        """Kinds of media that are sent but not shown, because the stream began without them."""
        return self._sequencer.left_out

    @property
    def opening_ms(self) -> int | None:
        """The milliseconds that the first media waits for the other kind; None: it does not."""
        return self._sequencer.wait_ms if self._waiting is None else None

    def open(self) -> None:
        """Begin the stream without a further wait, if the media that has come has a key frame."""
        self.in_turn(self._open)

    def _open(self) -> None:
        if self._transcoder is not None:
            self._transcoder.settle(self._release)
        else:
            self._release()

    async def drained(self) -> None:
        """Return when no transcoder is ending, and all calls that waited for it are done."""
        await self._drained.wait()

    @property
    def is_drained(self) -> bool:
        return self._drained.is_set()

    def in_turn(self, call: Callable[[], None]) -> None:
        """Run `call` now, or once the output of an ending transcoder is in the playlist."""
        if self._waiting is not None:
            self._waiting.append(call)
        else:
            call()

    def take(
        self, packet: Packet, tracks: tuple[Track, ...], promise: Promise = NO_PROMISE
    ) -> None:
        """Take a publisher's next packet, on its own clock. `tracks` are those known so far."""
        at_ms = self._clock.now_ms()
        self.in_turn(lambda: self._take_new([packet], tracks, promise, at_ms))

    def _take_new(
        self, packets: list[Packet], tracks: tuple[Track, ...], promise: Promise, at_ms: int
    ) -> None:
        self.health.note(packets, at_ms)
        self._take(packets, tracks, promise, at_ms)

    def pause(self) -> None:
        """Put what the publisher sent into the playlist, except the last part. It may come back.

        The last part comes with the end of the playlist or with the next publisher: video.js ends a
        stream only when it can append media after it has seen EXT-X-ENDLIST.
        """
        self._after_transcoder(self._pause)

    def _pause(self) -> None:
        self._drain(Segmenter.pause)
        if self._hls_stream is not None:
            self._hls_stream.pause()
        if self.ladder is not None:
            self.ladder.pause()

    def resume(self) -> None:
        """Continue the timeline with a publisher that came back, after a discontinuity."""
        self._after_transcoder(self._resume)

    def _resume(self) -> None:
        self._transcoder = None
        self._reader = FlvReader(self._warn)
        self._source_reader = self._new_source_reader()
        self._sequencer.resume()
        self.relay.resume()
        self.health.rejoin()

    def finish(self) -> None:
        """End the stream's playlist: no more media will come."""
        self._after_transcoder(self._finish)

    def _finish(self) -> None:
        # Players have the open segment as it is listed now, and take nothing more of it once they
        # see that the stream is over. So the last media is listed as a segment of its own, as after
        # a pause.
        if self._hls_stream is not None and not self._hls_stream.window.is_paused:
            self._hls_stream.pause()
            if self.ladder is not None:
                self.ladder.pause()
        self._drain(Segmenter.flush)
        with ExitStack() as ends:  # Each one is called, even if another one raises.
            if self._hls_stream is not None:
                ends.callback(self._hls_stream.finish)
            if self.ladder is not None:
                ends.callback(self.ladder.finish)
            ends.callback(self.feed.close)
            ends.callback(self.relay.close)

    def _drain(self, cut_rest: Callable[[Segmenter], list[HlsPart]]) -> None:
        """Put the last media of the publisher into the playlist.

        Media that cannot be put there is lost, and logged: the stream continues, or ends, without
        it.
        """
        try:
            self._pass_on(self._sequencer.flush(self._clock.now_ms()))
            if self._hls_stream is not None:
                self._keep(self._hls_stream, cut_rest(self._segmenter))
        except Exception:  # A bug of the emulator.
            log.exception("the last of what a publisher sent is lost")

    def _warn(self, message: str) -> None:
        self.health.warn(message)
        self._warn_publisher(message)

    def _new_source_reader(self) -> SourceReader | None:
        return SourceReader(self._warn) if self._transcode_behind_ms is not None else None

    def _take_read(self, read: _Read, at_ms: int) -> None:
        """Take packets. From the first one that needs transcoding on, all are transcoded."""
        packets, tracks, promise = read
        self.health.note(packets, at_ms)
        if self._transcoder is None:
            if isinstance(packets[0], Packet):
                self._take(cast("list[Packet]", packets), tracks, promise, at_ms)
                return
            self._transcoder = self._new_transcoder()
        for packet in packets:
            self._transcoder.push(packet, tracks, promise, at_ms)

    def _new_transcoder(self) -> "Transcoder":
        from emulator.media.ingest.transcoding.transcoder import Transcoder  # Late: mostly unused.

        rate = self._reader.metadata.get("framerate")
        if not isinstance(rate, int | float) or not 1 <= rate <= _FRAME_RATE_MAX:
            rate = _FRAME_RATE
        return Transcoder(
            self._take_transcoded,
            self._fail_transcoding,
            behind_ms=self._transcode_behind_ms or 0,
            end_ms=self._transcode_end_ms,
            frame_rate=float(rate),
        )

    def _take_transcoded(self, transcoded: Transcoded) -> None:
        packet, tracks, promise, at_ms = transcoded
        self._take([packet], tracks, promise, at_ms)
        self.after_transcoding(None)

    def _take(
        self, packets: list[Packet], tracks: tuple[Track, ...], promise: Promise, at_ms: int
    ) -> None:
        self.relay.push(packets)
        sequence = self._sequencer.push(packets, tracks, at_ms, promise)
        self.is_opening = not sequence and self._sequencer.wait_ms is not None
        self._pass_on(sequence)

    def _fail_transcoding(self, refused: Refused) -> None:
        if self._waiting is not None:
            log.warning("the last of what was transcoded is lost reason=%s", refused)
        else:
            self.after_transcoding(refused)

    def _after_transcoder(self, call: Callable[[], None]) -> None:
        """Run `call` once the transcoder has ended: the last publisher's media comes before it."""
        self.in_turn(lambda: self._end_transcoder(call))

    def _end_transcoder(self, call: Callable[[], None]) -> None:
        if self._transcoder is None or self._transcoder.is_over:
            call()
            return
        self._waiting = self._waiting or deque()
        self._waiting.appendleft(call)
        self._is_ending = True
        self._drained.clear()
        self._transcoder.end(self._run_waiting)

    def _run_waiting(self) -> None:
        self._is_ending = False
        while self._waiting and not self._is_ending:
            call = self._waiting.popleft()
            try:
                call()
            except Exception:  # A bug of the emulator: the later calls are made all the same.
                log.exception("a call that waited for the transcoder failed")
        if not self._is_ending:
            self._waiting = None
            self._drained.set()

    def _discard_transcoder(self) -> None:
        if self._transcoder is not None:
            self._transcoder.discard()

    def _release(self) -> None:
        self._pass_on(self._sequencer.release())

    def _pass_on(self, sequence: list[Sequenced]) -> None:
        """Pass packets on to the playlist, the renditions and the simulcast targets."""
        for sequenced in sequence:
            hls_stream = self._hls_stream or self._begin(self._open_hls_stream())
            if not self._has_begun:
                self._has_begun = True
                self.ladder = self._open_ladder(sequenced.epoch, hls_stream)
            self._last_media_ms = sequenced.at_ms
            if self.ladder is not None:
                self.ladder.push(sequenced)
            self.feed.push(sequenced.packets, sequenced.epoch.tracks)
            if parts := self._segmenter.push(self._in_band.complete(sequenced)):
                self._keep(hls_stream, parts)

    def _begin(self, hls_stream: HlsStream) -> HlsStream:
        """Set up the segmenter with the part and segment lengths of the stream's playlists."""
        window = hls_stream.window
        self._segmenter = Segmenter(part_ms=window.part_ms, segment_ms=window.segment_ms)
        self._hls_stream = hls_stream
        return hls_stream

    def _keep(self, hls_stream: HlsStream, parts: list[HlsPart]) -> None:
        for part in parts:
            if part.starts_discontinuity:
                hls_stream.begin(init_segment(part.tracks), part)
            content = fragment(part, self._sequence)
            self._sequence += 1
            length = sum([len(packet.data) for packet in part.packets])
            self.relay.share(part.pictures, memoryview(content)[-length:])
            hls_stream.append(part, content)
