"""Broadcasts: the live streams of a world and their publishers, from the key check to the end.

A broadcast belongs to one stream and outlives its publisher's connection by the reconnect window.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from emulator.core.bus import Handlers
from emulator.core.clock import Timer
from emulator.core.errors import Refused
from emulator.core.events.faults import FaultStarted
from emulator.core.events.live import StreamDeleted, StreamEnded, StreamKeyRotated
from emulator.core.events.worlds import ServerStopping
from emulator.core.service import Service
from emulator.media.broadcast import interference
from emulator.media.broadcast.config import BroadcastConfig
from emulator.media.broadcast.hosted import Hosted
from emulator.media.broadcast.ladders import Ladders
from emulator.media.hls.store import MediaStore
from emulator.media.hls.stream import HlsStream
from emulator.media.ingest import encoders
from emulator.media.ingest.authorizer import PublishRequest
from emulator.media.ingest.encoders import Encoder
from emulator.media.ingest.tag import Tag
from emulator.media.packets import Packet, Track
from emulator.media.simulcast.feed import Feed
from emulator.media.webrtc.relay import Relay
from emulator.world.live import ingest_keys, streams, synthetic
from emulator.world.live.streams import Stream
from emulator.world.world import WRITE_RETRY_MS, World

if TYPE_CHECKING:
    from emulator.media.broadcast.ingest_history import IngestSample
    from emulator.media.broadcast.pipeline import Pipeline
    from emulator.media.renditions.ladder import Ladder
    from emulator.media.timeline import Epoch

log = logging.getLogger(__name__)


class Publication:
    """The connection of one accepted publisher (a `PacketSink`)."""

    def __init__(
        self, broadcast: "Broadcast", publish_request: PublishRequest, drop: Callable[[str], None]
    ):
        self.publish_request = publish_request
        self.drop = drop
        self.bytes_per_second_max = 0
        self._broadcast = broadcast
        self._opening: asyncio.TimerHandle | None = None

    @property
    def is_publishing(self) -> bool:
        return self._broadcast.publication is self

    @property
    def pause_ms(self) -> int:
        return self._broadcast.pipeline.pause_ms if self.is_publishing else 0

    @property
    def patience_ms(self) -> int:
        return self._broadcast.pipeline.patience_ms if self.is_publishing else 0

    @property
    def encoder(self) -> Encoder:
        """The publisher's encoder by the names that it sends; `other` for an unknown one."""
        said = self._broadcast.pipeline.metadata
        return encoders.recognize(
            self.publish_request.encoder, said.get("encoder"), said.get("metadatacreator")
        )

    def cut(self, reason: str) -> None:
        self.drop(reason)

    def receive(self, tags: Sequence[Tag]) -> None:
        # Media that arrives after the end, or from a publisher that another one replaced, is
        # dropped.
        broadcast = self._broadcast
        if broadcast.publication is self and not broadcast.is_over:
            try:
                broadcast.pipeline.receive(tags)
            except Refused as refused:
                raise encoders.advised(refused, self.encoder) from None
            self._expect_opening()

    def note_transcoded(self, refused: Refused | None) -> None:
        """Handle a result of the transcoder: more media, or a refusal of the publisher's media."""
        if self._broadcast.publication is not self or self._broadcast.is_over:
            return
        if refused is not None:
            self.drop(encoders.advised(refused, self.encoder).message)
        else:
            self._expect_opening()

    def take(self, packet: Packet, tracks: tuple[Track, ...]) -> None:
        if self._broadcast.publication is self and not self._broadcast.is_over:
            self._broadcast.pipeline.take(packet, tracks)
            self._expect_opening()

    def relay(self, packet: Packet) -> None:
        if self._broadcast.publication is self and not self._broadcast.is_over:
            self._broadcast.pipeline.relay.push_original(packet)

    def can_be_asked(self, for_key_frame: Callable[[], None]) -> None:
        if self._broadcast.publication is self:
            self._broadcast.pipeline.relay.ask_for_key_frame = for_key_frame

    def close(self, reason: str) -> None:
        try:
            self._open()
        finally:
            self._broadcast.left(self, reason)

    def finish(self, reason: str) -> None:
        try:
            self._open()
        finally:
            self._broadcast.left(self, reason, is_done=True)
        self._broadcast.wait_no_longer(self, reason)

    def _expect_opening(self) -> None:
        """Open the stream after `opening_ms` of real time, even if the publisher stalls."""
        if self._opening is not None or not self._broadcast.pipeline.is_opening:
            return
        opening_ms = self._broadcast.pipeline.opening_ms
        if opening_ms is not None:
            loop = asyncio.get_running_loop()
            self._opening = loop.call_later(opening_ms / 1000, self._open)

    def _open(self) -> None:
        """Stop waiting for the other kind of media (sound or picture)."""
        if self._opening is not None:
            self._opening.cancel()
        if self._broadcast.publication is self and not self._broadcast.is_over:
            try:
                self._broadcast.pipeline.open()
            except Refused as refused:
                self.drop(refused.message)


class Broadcast:
    """A stream that is published, or whose publisher left less than a reconnect window ago."""

    def __init__(self, world: World, stream: Stream, pipeline: "Pipeline") -> None:
        self.stream_id = stream.id
        self.pipeline = pipeline
        self.publication: Publication | None = None
        self.is_over = False
        self._world = world
        self._reconnect_timer: Timer | None = None
        self._last_publication: Publication | None = None
        self._had_publisher = False

    def join(self, publish_request: PublishRequest, drop: Callable[[str], None]) -> Publication:
        """Accept a publisher; one that comes back continues where the last one stopped."""
        is_return = self._reconnect_timer is not None or self.publication is not None
        # This is first because it may be refused when the disk is full; nothing has changed by
        # then.
        ingest_keys.note_joined(
            self._world, self.stream_id, publish_request.protocol, is_return=is_return
        )
        if self._reconnect_timer:
            self._reconnect_timer.cancel()
            self._reconnect_timer = None
        before, self.publication = self.publication, Publication(self, publish_request, drop)
        if before is not None:
            before.drop("Another publisher took over with the same key.")
        if self._had_publisher:
            self.pipeline.resume()
        self._had_publisher = True
        self.pipeline.in_turn(partial(self._listen, self.publication))
        if self._world.faults.are_on:
            interference.joined(self._world, self.stream_id, self.publication)
        return self.publication

    def _listen(self, publication: Publication) -> None:
        self.pipeline.after_transcoding = publication.note_transcoded

    def left(self, publication: Publication, reason: str, *, is_done: bool = False) -> None:
        """Handle that a publisher left. A stream that went live by its media waits for its return.

        With `is_done` the publisher has said that it will not come back, and the stream ends.
        """
        if self.publication is not publication:
            return
        self.publication = None
        self._last_publication = publication
        # A publisher that never sent a picture interrupts nothing that viewers watch.
        if self.pipeline.last_media_ms is not None and not self.is_over:
            # The timer is set before anything that may fail, so that the stream ends in any case.
            self._give_up_later(reason, self._world.rules.reconnect_window_ms)
        self._world.insist(lambda: ingest_keys.note_left(self._world, self.stream_id, reason))
        if not self.is_over:
            if not is_done or self.pipeline.last_media_ms is None:
                self.pipeline.pause()
            self.pipeline.in_turn(lambda: self._paused(publication, reason, is_done=is_done))

    def _paused(self, publication: Publication, reason: str, *, is_done: bool) -> None:
        """Finish `left` once all media of the publisher is in the stream.

        The stream may have gone live only with that last media.
        """
        if (
            self._last_publication is not publication
            or self.publication is not None
            or self.is_over
        ):
            return
        if self._reconnect_timer is None and self.pipeline.last_media_ms is not None:
            self._give_up_later(reason, self._world.rules.reconnect_window_ms)
        if is_done:
            self.stop(reason)

    def wait_no_longer(self, publication: Publication, reason: str) -> None:
        """End the stream now if it waits for this publisher and no other one has come since."""
        if self.is_over or self._last_publication is not publication:
            return
        if self._reconnect_timer is not None:
            self._reconnect_timer.cancel()
            self._give_up(reason)

    def await_return(self, stopped_ms: int) -> None:
        """Wait for the publisher of a stream that an earlier process left live.

        The reconnect window counts from `stopped_ms`, when its last media came, or from now if that
        is later.
        """
        self._had_publisher = True
        reason = "the emulator was restarted, and its publisher did not come back"
        ahead_ms = max(0, stopped_ms - self._world.now_ms)
        self._give_up_later(reason, ahead_ms + self._world.rules.reconnect_window_ms)

    def stop(self, reason: str) -> None:
        """End the stream now, as at the end of the reconnect window.

        A stream without media stays as it is.
        """
        if self.pipeline.last_media_ms is not None:
            if self._reconnect_timer:
                self._reconnect_timer.cancel()
            self._give_up(reason)

    def close(self, reason: str) -> None:
        """End the broadcast of an ended stream: disconnect its publisher and take no more media."""
        if self.is_over:
            return
        self.is_over = True
        if self._reconnect_timer:
            self._reconnect_timer.cancel()
        try:
            self.pipeline.finish()
        finally:
            if self.publication is not None:
                self.publication.drop(f"The stream has ended: {reason}.")

    def abandon(self, reason: str) -> None:
        """Disconnect the publisher with `reason`, without a change of the world, which is gone."""
        publication, self.publication = self.publication, None
        self.close(reason)
        if publication is not None:
            publication.drop(reason)

    def _give_up_later(self, reason: str, wait_ms: int) -> None:
        self._reconnect_timer = self._world.clock.call_at(
            self._world.now_ms + wait_ms, lambda: self._give_up(reason)
        )

    def _give_up(self, reason: str) -> None:
        """End the stream once all its media is in the playlist.

        If that fails, it is tried again.
        """
        self.pipeline.in_turn(lambda: self._end(reason))

    def _end(self, reason: str) -> None:
        self._reconnect_timer = None
        stopped_ms = self.pipeline.last_media_ms
        if self.is_over or self._world.store.is_closed or stopped_ms is None:
            return
        try:
            streams.end_when_media_stopped(self._world, self.stream_id, stopped_ms, reason)
        except Refused as refused:
            log.warning("stream could not be ended stream=%s reason=%s", self.stream_id, refused)
            self._give_up_later(reason, WRITE_RETRY_MS)
        except Exception:  # For any reason: a stream without a publisher must not stay live.
            log.exception("stream could not be ended stream=%s", self.stream_id)
            self._give_up_later(reason, WRITE_RETRY_MS)


class Broadcasts(Service):
    """The broadcasts of one world, keyed by stream id."""

    def __init__(
        self,
        world: World,
        media_store: MediaStore,
        config: BroadcastConfig,
        when_media: Sequence[Callable[[str], None]] = (),
    ) -> None:
        """Call each of `when_media` with a stream's id when the first picture of it has come."""
        self._world = world
        self._media_store = media_store
        self._config = config
        self._broadcasts: dict[str, Broadcast] = {}
        self._pipelines: set[Pipeline] = set()
        self.hosted = Hosted()
        self._has_media: dict[str, asyncio.Event] = {}
        self._when_media = when_media
        self._ladders = Ladders(
            world,
            media_store,
            names=config.renditions,
            behind_ms=config.renditions_behind_ms,
        )

    def authorize(
        self, publish_request: PublishRequest, drop: Callable[[str], None]
    ) -> Publication:
        """Check a publisher's key and accept the publisher (a `PublishAuthorizer`).

        Refuses a key that is unknown, in use, or of an ended stream, and every publisher
        (`unavailable`) while the disk is full.
        """
        stream = self._judge(publish_request.key)
        self._media_store.check_room()
        broadcast = self._broadcasts.get(stream.id)
        if broadcast is None:
            broadcast = self._broadcasts[stream.id] = self._begin(stream)
        log.info(
            "publisher joined stream=%s peer=%s protocol=%s encoder=%r",
            stream.id,
            publish_request.peer,
            publish_request.protocol,
            publish_request.encoder,
        )
        return broadcast.join(publish_request, drop)

    async def recover(self, is_restart: bool) -> None:
        """Reopen the streams that an earlier process left live, and wait for their publishers.

        Blocks on the disk. Skips streams without media and those whose recording is gone.
        """
        if not is_restart:
            return
        for stream in streams.live(self._world):
            if stream.is_simulated or not stream.has_media:
                continue
            try:
                hls_stream = self._media_store.reopen(stream.uid)
            except Refused:
                continue
            broadcast = self._broadcasts[stream.id] = self._begin(stream)
            broadcast.pipeline.continue_on(hls_stream)
            self._ladders.recover(stream, hls_stream)
            broadcast.await_return(broadcast.pipeline.last_media_ms or self._world.now_ms)
            log.info("stream waits for its publisher since the start stream=%s", stream.id)

    def is_awaited(self, stream_id: str) -> bool:
        """Whether a stream has a publisher, or waits for one to come back."""
        return stream_id in self._broadcasts

    def handlers(self) -> Handlers:
        return {
            StreamEnded: self._on_ended,
            StreamDeleted: self._on_deleted,
            StreamKeyRotated: self._on_key_rotated,
            FaultStarted: self._on_fault,
            ServerStopping: self._on_server_stopping,
        }

    def _on_ended(self, event: StreamEnded) -> None:
        self._stop_waiting_for_media(event.stream_id)
        broadcast = self._broadcasts.pop(event.stream_id, None)
        if broadcast is not None:
            broadcast.close(event.reason)
        self._ladders.end(event.stream_id)

    def _on_deleted(self, event: StreamDeleted) -> None:
        self._stop_waiting_for_media(event.stream_id)
        self._turn_away(event.stream_id, "The stream was deleted.")
        self._ladders.end(event.stream_id)

    def _on_key_rotated(self, event: StreamKeyRotated) -> None:
        self._turn_away(event.stream_id, "The stream has another key now. Use that one.")

    def _on_fault(self, event: FaultStarted) -> None:
        publications = [
            (broadcast.stream_id, broadcast.publication)
            for broadcast in self._broadcasts.values()
            if broadcast.publication is not None
        ]
        interference.began(self._world, event, publications)
        synthetic.break_off(self._world, event.kind)
        interference.end_streams(self._world, event)

    def _on_server_stopping(self, event: ServerStopping) -> None:
        """Keep live the streams that the next process can continue, and end the others.

        This comes before the servers stop, which would look like the publishers' own ends.
        """
        if event.is_world_kept:
            reason = event.reason
            self.abandon(f"{reason[:1].upper()}{reason[1:]}. Come back to it.")
        else:
            self.end_all(event.reason)

    @property
    def media_wait_seconds(self) -> float:
        """The longest time that a request waits for the first media of a stream."""
        return self._config.media_wait_ms / 1000

    async def wait_for_media(self, stream: Stream) -> None:
        """Return when a stream's first picture has come, or when none can come any more."""
        if not stream.has_media and stream.status != "ended":
            await self._has_media.setdefault(stream.id, asyncio.Event()).wait()

    def feed_of(self, stream_id: str) -> Feed | None:
        """A stream's packets on its timeline, for simulcast; None where nobody publishes."""
        broadcast = self._broadcasts.get(stream_id)
        return broadcast.pipeline.feed if broadcast is not None else None

    def relay_of(self, stream_id: str) -> Relay | None:
        """A publisher's packets, for viewers without a playlist; None where nobody publishes."""
        broadcast = self._broadcasts.get(stream_id)
        return broadcast.pipeline.relay if broadcast is not None else None

    def protocol_of(self, stream_id: str) -> str | None:
        """The protocol of a stream's publisher: `rtmp`, `rtmps` or `whip`; None without one."""
        broadcast = self._broadcasts.get(stream_id)
        return (
            broadcast.publication.publish_request.protocol
            if broadcast and broadcast.publication
            else None
        )

    def health(self, stream_id: str) -> dict[str, object]:
        """The state of a stream's publisher, for people and probes (plain JSON values)."""
        broadcast = self._broadcasts.get(stream_id)
        if broadcast is None:
            return self._without_media(stream_id)
        publish_request = broadcast.publication.publish_request if broadcast.publication else None
        ladder = broadcast.pipeline.ladder
        encoder = broadcast.publication.encoder if broadcast.publication else "other"
        pipeline = broadcast.pipeline
        report = asdict(pipeline.health.report(self._world.now_ms, encoder, pipeline.left_out))
        report["warnings"] += tuple(broadcast.pipeline.warnings)
        report["transcodes"] = [transcode.as_json for transcode in broadcast.pipeline.transcodes]
        if ladder is not None:
            report["warnings"] += ladder.warnings
            report["renditions"] = [rung.name for rung in ladder.rungs]
            report["renditions_behind_ms"] = ladder.behind_ms
        return {
            "stream_id": stream_id,
            "is_publishing": publish_request is not None,
            "protocol": publish_request.protocol if publish_request else None,
            "encoder": publish_request.encoder if publish_request else None,
            **report,
        }

    def health_history(
        self, stream_id: str, seconds: int | None
    ) -> "tuple[int, list[IngestSample]]":
        """The start of the oldest sample, and the last samples of a stream's publisher.

        See `PublisherHealth.history`. There are none of a stream that nobody publishes: the samples
        are dropped with its broadcast.
        """
        broadcast = self._broadcasts.get(stream_id)
        if broadcast is None:
            return self._world.now_ms, []
        seconds_max = self._config.ingest_history_ms // 1000
        return broadcast.pipeline.health.history(self._world.now_ms, seconds or seconds_max)

    async def stop(self, reason: str) -> None:
        """Disconnect every publisher, and return when their renditions are complete."""
        self.abandon(f"The stream is gone: {reason}.")
        await self.settled()

    def end_all(self, reason: str) -> None:
        """End every stream that went live by its media: no server is left to receive more of it."""
        for broadcast in tuple(self._broadcasts.values()):
            broadcast.stop(reason)

    def abandon(self, reason: str) -> None:
        """Disconnect every publisher of a world that is about to be replaced."""
        for broadcast in tuple(self._broadcasts.values()):
            broadcast.abandon(reason)
        self._broadcasts.clear()

    def _without_media(self, stream_id: str) -> dict[str, object]:
        """The state of a stream without a broadcast: simulated, or not published at all."""
        stream = streams.find(self._world, stream_id)
        if not synthetic.is_publishing(self._world, stream):
            return {"stream_id": stream_id, "is_publishing": False}
        payload = {"protocol": synthetic.PROTOCOL, "encoder": None}
        return {"stream_id": stream_id, "is_publishing": True, **payload}

    async def settled(self) -> None:
        """Return when all stopped or abandoned streams and their renditions have been written.

        The publishers that this server ran have ended by then.
        """
        await self.hosted.stop_all()
        for pipeline in tuple(self._pipelines):
            await pipeline.drained()
        await self._ladders.settled()

    def _stop_waiting_for_media(self, stream_id: str) -> None:
        self._has_media.pop(stream_id, asyncio.Event()).set()

    def _turn_away(self, stream_id: str, message: str) -> None:
        """Disconnect a publisher whose stream is not live yet."""
        broadcast = self._broadcasts.pop(stream_id, None)
        if broadcast is not None:
            broadcast.abandon(message)

    def _judge(self, key: str) -> Stream:
        stream = streams.by_key(self._world, key) if key else None
        broadcast = self._broadcasts.get(stream.id) if stream else None
        is_publishing = broadcast is not None and broadcast.publication is not None
        return ingest_keys.authorize(self._world, key, is_publishing=is_publishing)

    def _begin(self, stream: Stream) -> Broadcast:
        # Imported late: only a publisher needs it, and the server starts sooner without it.
        from emulator.media.broadcast.pipeline import Pipeline

        def open_hls_stream() -> HlsStream:
            hls_stream = self._media_store.begin(stream.uid)
            try:
                streams.go_live(self._world, stream.id)
            except BaseException:
                self._media_store.discard(stream.uid)
                raise
            log.info("stream is live stream=%s", stream.id)
            self._stop_waiting_for_media(stream.id)
            return hls_stream

        def begin(epoch: "Epoch", hls_stream: HlsStream) -> "Ladder | None":
            for call in self._when_media:
                call(stream.id)
            return self._ladders.begin(stream.id, epoch, hls_stream)

        config = self._config
        pipeline = Pipeline(
            self._world.clock,
            open_hls_stream,
            open_ladder=begin,
            warn=partial(log.warning, "publisher warning stream=%s warning=%s", stream.id),
            transcode_behind_ms=config.transcode_behind_ms if config.transcode_ingest else None,
            transcode_end_ms=config.transcode_end_ms,
            track_waits=config.track_waits,
            history_seconds=config.ingest_history_ms // 1000,
        )
        # Pipelines of ended streams are kept until they are drained.
        undone = {pipeline for pipeline in self._pipelines if not pipeline.is_drained}
        current = {broadcast.pipeline for broadcast in self._broadcasts.values()}
        self._pipelines = {*undone, *current, pipeline}
        return Broadcast(self._world, stream, pipeline)
