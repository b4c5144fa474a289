"""Publishers come, drop and return, on a clock that only the test moves."""

from pathlib import Path

import pytest

from emulator.core.errors import Refused
from emulator.core.events.live import (
    PublisherJoined,
    PublishRefused,
    StreamEnded,
    StreamWentLive,
)
from emulator.media.shelf.shelves import ShelfSettings, Shelves
from emulator.world.library import recordings
from tests.support.stage import PRIMED_MS, WINDOW_MS, Publisher, Stage

# Going live.


async def test_a_stream_is_live_with_its_first_key_frame_and_not_before(stage: Stage) -> None:
    stream = stage.create()
    publisher = Publisher(stage, stream.stream_key).send_headers()
    stage.clock.advance(700)
    assert stage.now(stream).status == "offline"
    assert stage.broadcasts.health(stream.id)["is_publishing"] is True

    began_ms = stage.clock.now_ms()
    publisher.send()

    live = stage.now(stream)
    assert (live.status, live.has_media) == ("live", True)
    assert live.started_at_ms is not None
    assert began_ms <= live.started_at_ms <= began_ms + PRIMED_MS
    assert len(stage.heard_of(StreamWentLive)) == 1


@pytest.mark.parametrize("key", ["", "live_nobodyhasthiskey"])
async def test_a_key_that_nobody_has_opens_nothing(stage: Stage, key: str) -> None:
    stream = stage.create()
    with pytest.raises(Refused) as refused:
        Publisher(stage, key)

    assert refused.value.code == "not_found"
    assert len(stage.heard_of(PublishRefused)) == 1
    assert stage.now(stream).status == "offline"


async def test_a_publisher_that_never_showed_a_picture_leaves_nothing_behind(
    stage: Stage,
) -> None:
    stream = stage.create()
    Publisher(stage, stream.stream_key).send_headers().leave()
    stage.clock.advance(10 * WINDOW_MS)

    assert stage.now(stream).status == "offline"
    assert not stage.heard_of(StreamEnded)
    # Its key is as good as before.
    Publisher(stage, stream.stream_key).send()
    assert stage.now(stream).status == "live"


async def test_a_full_disk_refuses_a_publisher_and_nothing_else(
    stage: Stage, tmp_path: Path
) -> None:
    stream = stage.create()
    tiny = Shelves(tmp_path / "tiny", ShelfSettings(disk_limit_bytes=1))
    (tmp_path / "tiny" / "old").mkdir(parents=True)
    (tmp_path / "tiny" / "old" / "film").write_bytes(bytes(1000))
    stage.broadcasts._shelves = tiny
    with pytest.raises(Refused) as refused:
        Publisher(stage, stream.stream_key)

    assert refused.value.code == "unavailable"
    assert stage.now(stream).status == "offline"
    await tiny.close()


# The reconnect window.


async def test_a_stream_waits_for_its_publisher_as_long_as_the_window_and_no_longer(
    stage: Stage,
) -> None:
    # Given a live stream whose publisher has gone,
    stream = stage.create()
    publisher = Publisher(stage, stream.stream_key).send()
    stopped_ms = stage.clock.now_ms()
    stage.clock.advance(300)
    publisher.leave("the connection broke")

    # when the window is not over, then it is live;
    stage.clock.advance(WINDOW_MS - 1)
    assert stage.now(stream).status == "live"
    assert not stage.shelf(stream).window.is_finished

    # when it is, then it has ended, at the instant when its media stopped, with a VOD.
    stage.clock.advance(1)
    ended = stage.now(stream)
    assert ended.status == "ended"
    assert ended.ended_at_ms == pytest.approx(stopped_ms, abs=PRIMED_MS)
    assert stage.ended_once(stream).vod_id == ended.vod_id
    assert ended.vod_id is not None
    assert recordings.find(stage.world, ended.vod_id).status == "processing"
    assert stage.shelf(stream).window.is_finished


async def test_a_publisher_that_is_back_in_time_goes_on_with_the_same_stream(
    stage: Stage,
) -> None:
    # Given a stream whose publisher left almost a window ago,
    stream = stage.create()
    Publisher(stage, stream.stream_key).send().leave("the connection broke")
    started_ms = stage.now(stream).started_at_ms
    stage.clock.advance(WINDOW_MS - 1)

    # when it is back and sends,
    Publisher(stage, stream.stream_key).send()

    # then it was one stream all the time, and it waits for nobody now.
    stage.clock.advance(WINDOW_MS)
    live = stage.now(stream)
    assert (live.status, live.started_at_ms) == ("live", started_ms)
    joined = [event for event in stage.heard if isinstance(event, PublisherJoined)]
    assert [event.is_return for event in joined] == [False, True]
    window = stage.shelf(stream).window
    assert sum(segment.starts_discontinuity for segment in window.segments) == 1
    # Each time, what comes before the first key frame and after the last whole part is missing.
    assert 3.8 < window.duration / 90_000 <= 4
    assert stage.broadcasts.health(stream.id)["rejoins"] == 1


async def test_each_drop_has_a_window_of_its_own(stage: Stage) -> None:
    stream = stage.create()
    for _ in range(3):
        Publisher(stage, stream.stream_key).send().leave()
        stage.clock.advance(WINDOW_MS - 100)
        assert stage.now(stream).status == "live"
    stage.clock.advance(99)
    assert stage.now(stream).status == "live"
    stage.clock.advance(1)
    assert stage.now(stream).status == "ended"
    stage.ended_once(stream)


async def test_a_return_without_a_picture_stops_the_window_until_it_leaves_again(
    stage: Stage,
) -> None:
    # Given a publisher that is back in time, but sends no picture,
    stream = stage.create()
    Publisher(stage, stream.stream_key).send().leave()
    back = Publisher(stage, stream.stream_key).send_headers()
    stage.clock.advance(3 * WINDOW_MS)
    assert stage.now(stream).status == "live"

    # when it leaves, then the stream waits once more, and ends when its media stopped.
    back.leave()
    stage.clock.advance(WINDOW_MS - 1)
    assert stage.now(stream).status == "live"
    stage.clock.advance(1)
    ended = stage.now(stream)
    assert ended.status == "ended"
    assert ended.ended_at_ms is not None
    assert ended.ended_at_ms < stage.clock.now_ms() - 4 * WINDOW_MS + 1


async def test_an_ended_streams_key_is_final(stage: Stage) -> None:
    stream = stage.create()
    Publisher(stage, stream.stream_key).send().leave()
    stage.clock.advance(WINDOW_MS)
    with pytest.raises(Refused, match="ended is final"):
        Publisher(stage, stream.stream_key)


async def test_streams_wait_and_end_each_for_itself(stage: Stage) -> None:
    early, late = stage.create("early"), stage.create("late")
    Publisher(stage, early.stream_key).send().leave()
    stage.clock.advance(WINDOW_MS // 2)
    Publisher(stage, late.stream_key).send(1).leave()
    stage.clock.advance(WINDOW_MS // 2)
    assert (stage.now(early).status, stage.now(late).status) == ("ended", "live")
    stage.clock.advance(WINDOW_MS // 2)
    assert stage.now(late).status == "ended"
