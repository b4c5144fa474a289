"""Several publishers of one stream, refused publishers, and the end of publishers and streams."""

import pytest

from emulator.core.errors import Refused
from emulator.core.events.live import (
    PublisherJoined,
    PublisherLeft,
    PublishRefused,
    StreamWentLive,
)
from emulator.world.live import streams
from emulator.world.rules import RulesConfig
from emulator.world.world import WRITE_RETRY_MS
from tests.support.broken_stores import unwritable
from tests.support.publisher_stage import WINDOW_MS, Publisher, Stage

# Two at once.


async def test_broadcast_end_second_publisher_is_refused_and_the_first_stays(
    stage: Stage,
) -> None:
    stream = stage.create()
    first = Publisher(stage, stream.stream_key).send()
    with pytest.raises(Refused, match="Somebody is publishing with this key already") as refused:
        Publisher(stage, stream.stream_key, "192.0.2.2:5000")

    assert refused.value.code == "conflict"
    assert len(stage.heard_of(PublishRefused)) == 1
    before = stage.hls_stream(stream).window.duration
    first.send()
    assert first.messages == []
    assert stage.hls_stream(stream).window.duration > before
    assert len(stage.heard_of(PublisherJoined)) == 1


class TestTakeover:
    @pytest.fixture
    def rules(self) -> RulesConfig:
        return RulesConfig(is_takeover_allowed=True)

    async def test_broadcast_end_takeover_replaces_the_first_publisher(self, stage: Stage) -> None:
        # Given two publishers of one stream, where takeover is allowed,
        stream = stage.create()
        first = Publisher(stage, stream.stream_key).send()
        second = Publisher(stage, stream.stream_key, "192.0.2.2:5000")
        assert first.messages == ["Another publisher took over with the same key."]

        # when the first still sends, and leaves, then that has no effect;
        before = stage.hls_stream(stream).window.duration
        first.send()
        first.leave()
        assert stage.hls_stream(stream).window.duration == before
        stage.clock.advance(2 * WINDOW_MS)
        assert stage.now(stream).status == "live"

        # and the stream lives and ends by the second.
        second.send()
        assert stage.hls_stream(stream).window.duration > before
        second.leave()
        stage.clock.advance(WINDOW_MS)
        assert stage.now(stream).status == "ended"
        stage.ended_once(stream)
        assert len(stage.heard_of(PublisherLeft)) == 1


# The end by the API.


async def test_broadcast_end_by_its_owner_disconnects_the_publisher(
    stage: Stage,
) -> None:
    # Given a live stream,
    stream = stage.create()
    publisher = Publisher(stage, stream.stream_key).send()
    # when its owner ends it,
    ended_ms = stage.clock.now_ms()
    streams.end(stage.world, stage.now(stream))

    # then the publisher gets the reason, the rest of its media is dropped, and its leaving changes
    # nothing.
    assert publisher.messages == ["The stream has ended: ended by its owner."]
    before = stage.hls_stream(stream).window.duration
    publisher.send(1)
    publisher.leave("the server closed the connection")
    stage.clock.advance(2 * WINDOW_MS)
    assert stage.hls_stream(stream).window.duration == before
    ended = stage.now(stream)
    assert (ended.status, ended.ended_at_ms) == ("ended", ended_ms)
    assert stage.ended_once(stream).reason == "ended by its owner"
    with pytest.raises(Refused, match="ended is final"):
        Publisher(stage, stream.stream_key)


async def test_broadcast_end_within_the_reconnect_window_happens_once(stage: Stage) -> None:
    stream = stage.create()
    Publisher(stage, stream.stream_key).send().leave()
    stage.clock.advance(WINDOW_MS // 2)
    ended_ms = stage.clock.now_ms()
    streams.end(stage.world, stage.now(stream))
    stage.clock.advance(WINDOW_MS)

    assert stage.now(stream).ended_at_ms == ended_ms
    assert stage.ended_once(stream).vod_id is not None


async def test_broadcast_end_before_the_first_frame_leaves_no_vod(stage: Stage) -> None:
    stream = stage.create()
    publisher = Publisher(stage, stream.stream_key).send_headers()
    streams.end(stage.world, stage.now(stream))
    publisher.send(1)

    assert publisher.messages == ["The stream has ended: ended by its owner."]
    assert stage.ended_once(stream).vod_id is None
    assert not stage.media_store.has(stream.uid)


# Live by the API, without media.


async def test_broadcast_end_zombie_is_live_until_its_publisher_ends(
    stage: Stage,
) -> None:
    # Given a stream that was made live by the API,
    stream = stage.create()
    started_ms = stage.clock.now_ms()
    streams.start(stage.world, stage.now(stream))
    stage.clock.advance(60_000)
    zombie = stage.now(stream)
    assert (zombie.status, zombie.has_media) == ("live", False)

    # when its publisher comes, then it has been live since then, with only one event;
    publisher = Publisher(stage, stream.stream_key).send()
    live = stage.now(stream)
    assert (live.status, live.has_media, live.started_at_ms) == ("live", True, started_ms)
    assert len(stage.heard_of(StreamWentLive)) == 1

    # and when the publisher leaves, the stream ends like any other.
    publisher.leave()
    stage.clock.advance(WINDOW_MS - 1)
    assert stage.now(stream).status == "live"
    stage.clock.advance(1)
    assert stage.now(stream).status == "ended"
    assert stage.ended_once(stream).vod_id is not None


async def test_broadcast_end_zombie_with_a_publisher_without_video_stays_one(stage: Stage) -> None:
    stream = stage.create()
    streams.start(stage.world, stage.now(stream))
    Publisher(stage, stream.stream_key).send_headers().leave()
    stage.clock.advance(10 * WINDOW_MS)

    zombie = stage.now(stream)
    assert (zombie.status, zombie.has_media) == ("live", False)
    streams.end(stage.world, zombie)
    assert stage.ended_once(stream).vod_id is None


# Stopping the emulator.


async def test_broadcast_end_emulator_stop_ends_streams_with_media_only(
    stage: Stage,
) -> None:
    pushed, dropped, waiting = (stage.create(name) for name in ("pushed", "dropped", "waiting"))
    Publisher(stage, dropped.stream_key).send().leave()
    publisher = Publisher(stage, pushed.stream_key).send()
    silent = Publisher(stage, waiting.stream_key).send_headers()

    stage.broadcasts.end_all("the emulator stops")

    assert publisher.messages == ["The stream has ended: the emulator stops."]
    assert stage.now(pushed).status == "ended"
    assert stage.now(dropped).status == "ended"
    assert (stage.now(waiting).status, silent.messages) == ("offline", [])


async def test_broadcast_end_stop_during_a_reconnect_window_ends_its_stream_once(
    stage: Stage,
) -> None:
    stream = stage.create()
    Publisher(stage, stream.stream_key).send().leave()
    stage.broadcasts.end_all("the emulator stops")
    # The reconnect window is over, too: nothing happens at its end.
    stage.clock.advance(2 * WINDOW_MS)
    stage.ended_once(stream)


# Failures.


async def test_broadcast_end_failed_write_is_retried_until_it_succeeds(stage: Stage) -> None:
    # Given a stream whose window ends while nothing can be written,
    stream = stage.create()
    publisher = Publisher(stage, stream.stream_key).send()
    stopped_ms = stage.clock.now_ms()
    with unwritable(stage.world.store):
        publisher.leave()
        stage.clock.advance(2 * WINDOW_MS)
        assert stage.now(stream).status == "live"
        with pytest.raises(Refused, match="cannot be written"):
            Publisher(stage, stream.stream_key)

    # when writing is possible again, then it ends, once, at the instant of its media's end.
    stage.clock.advance(WRITE_RETRY_MS)
    assert stage.now(stream).status == "ended"
    assert stage.ended_once(stream).at_ms == stopped_ms
    assert stage.now(stream).vod_id is not None


async def test_broadcast_end_publisher_that_could_not_be_recorded_may_return(stage: Stage) -> None:
    stream = stage.create()
    with unwritable(stage.world.store), pytest.raises(Refused, match="cannot be written"):
        Publisher(stage, stream.stream_key)
    first = Publisher(stage, stream.stream_key).send_headers()
    with unwritable(stage.world.store), pytest.raises(Refused, match="cannot be written"):
        first.send()
    first.leave()

    Publisher(stage, stream.stream_key).send()

    assert stage.now(stream).status == "live"
