"""Publishers come, drop and return, on a clock that only the test moves."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events.live import (
    PublisherJoined,
    PublishRefused,
    StreamEnded,
    StreamWentLive,
)
from emulator.media.broadcast.broadcasts import Broadcasts
from emulator.media.broadcast.config import BroadcastConfig
from emulator.media.broadcast.ingest_history import IngestSample
from emulator.media.broadcast.pipeline import Pipeline
from emulator.media.hls.config import MediaStoreConfig
from emulator.media.hls.index import read_index
from emulator.media.hls.segments import read
from emulator.media.hls.store import MediaStore
from emulator.media.hls.stream import HlsStream
from emulator.media.hls.window import Window
from emulator.media.ingest.tag import Tag
from emulator.media.ingest.wire import amf0
from emulator.media.packets import Packet
from emulator.world.library import recordings
from tests.support.publisher_stage import (
    PRIMED_MS,
    WINDOW_MS,
    Publisher,
    Stage,
    is_header,
    picture,
)


def segments_of(playlist: str) -> list[str]:
    """The names of the segments in a playlist."""
    return [line.rpartition("/")[2] for line in playlist.splitlines() if line.endswith(".m4s")]


# Going live.


async def test_broadcast_is_live_with_its_first_key_frame_and_not_before(stage: Stage) -> None:
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
async def test_broadcast_unknown_key_is_refused(stage: Stage, key: str) -> None:
    stream = stage.create()
    with pytest.raises(Refused) as refused:
        Publisher(stage, key)

    assert refused.value.code == "not_found"
    assert len(stage.heard_of(PublishRefused)) == 1
    assert stage.now(stream).status == "offline"


async def test_broadcast_publisher_without_video_leaves_nothing_behind(
    stage: Stage,
) -> None:
    stream = stage.create()
    Publisher(stage, stream.stream_key).send_headers().leave()
    stage.clock.advance(10 * WINDOW_MS)

    assert stage.now(stream).status == "offline"
    assert not stage.heard_of(StreamEnded)
    # Its key is valid as before.
    Publisher(stage, stream.stream_key).send()
    assert stage.now(stream).status == "live"


async def test_broadcast_full_disk_refuses_a_publisher_and_nothing_else(
    stage: Stage, tmp_path: Path
) -> None:
    stream = stage.create()
    tiny = MediaStore(tmp_path / "tiny", MediaStoreConfig(disk_limit_bytes=1))
    (tmp_path / "tiny" / "old").mkdir(parents=True)
    (tmp_path / "tiny" / "old" / "film").write_bytes(bytes(1000))
    stage.broadcasts._media_store = tiny
    with pytest.raises(Refused) as refused:
        Publisher(stage, stream.stream_key)

    assert refused.value.code == "unavailable"
    assert stage.now(stream).status == "offline"
    await tiny.close()


# The reconnect window.


async def test_broadcast_waits_for_its_publisher_for_the_window_and_no_longer(
    stage: Stage,
) -> None:
    # Given a live stream whose publisher has gone,
    stream = stage.create()
    publisher = Publisher(stage, stream.stream_key).send()
    stopped_ms = stage.clock.now_ms()
    stage.clock.advance(300)
    publisher.leave("the connection broke")

    # while the window is not over, it is live;
    stage.clock.advance(WINDOW_MS - 1)
    assert stage.now(stream).status == "live"
    assert not stage.hls_stream(stream).window.is_finished

    # when it is over, then the stream has ended, at the instant of its media's end, with a VOD.
    stage.clock.advance(1)
    ended = stage.now(stream)
    assert ended.status == "ended"
    assert ended.ended_at_ms == pytest.approx(stopped_ms, abs=PRIMED_MS)
    assert stage.ended_once(stream).vod_id == ended.vod_id
    assert ended.vod_id is not None
    assert recordings.find(stage.world, ended.vod_id).status == "processing"
    assert stage.hls_stream(stream).window.is_finished


async def test_broadcast_publisher_returning_in_time_continues_the_stream(
    stage: Stage,
) -> None:
    # Given a stream whose publisher left almost a window ago,
    stream = stage.create()
    Publisher(stage, stream.stream_key).send().leave("the connection broke")
    started_ms = stage.now(stream).started_at_ms
    stage.clock.advance(WINDOW_MS - 1)

    # when it is back and sends,
    Publisher(stage, stream.stream_key).send()

    # then it was one stream all the time, and the window no longer runs.
    stage.clock.advance(WINDOW_MS)
    live = stage.now(stream)
    assert (live.status, live.started_at_ms) == ("live", started_ms)
    joined = [event for event in stage.heard if isinstance(event, PublisherJoined)]
    assert [event.is_return for event in joined] == [False, True]
    window = stage.hls_stream(stream).window
    assert sum(segment.starts_discontinuity for segment in window.segments) == 1
    # Each time, media before the first key frame and after the last complete part is missing.
    assert 3.8 < window.duration / 90_000 <= 4.05
    assert stage.broadcasts.health(stream.id)["rejoins"] == 1


async def test_broadcast_return_keeps_all_listed_media(stage: Stage) -> None:
    # Given a publisher that left in the middle of a segment, which is listed in that state,
    stream = stage.create()
    publisher = Publisher(stage, stream.stream_key)
    publisher.send_tags(tag for tag in picture(4) if tag.timestamp_ms < 2_700).leave()
    hls_stream = stage.media_store.find(stream.uid)
    listed = segments_of(hls_stream.playlist("plain").text)
    assert listed[-1] == "seg-1.m4s"
    fetched = {name: read(hls_stream.media_now(name)) for name in listed}
    left_at = hls_stream.window.next_part
    with pytest.raises(Refused, match="no such"):
        hls_stream.media_now("seg-1-whole.m4s")

    # when it is back, then after each tag the listed media is still listed, and unchanged.
    publisher = Publisher(stage, stream.stream_key)
    for tag in picture(3):
        publisher.send_tags([tag])
        now = segments_of(hls_stream.playlist("plain").text)
        assert now[: len(listed)] == listed
        for name in [*now, *segments_of(hls_stream.playlist("low_latency").text)]:
            content = read(hls_stream.media_now(name))
            assert fetched.setdefault(name, content) == content
        listed = now
    assert listed[2] == f"part-{left_at}.m4s"

    # Both playlists show each part once, and so does the stream's playlist later.
    parts = [read(hls_stream.media_now(f"part-{number}.m4s")) for number in range(left_at + 1)]
    assert b"".join(fetched[name] for name in listed[:3]) == b"".join(parts)
    low_latency = segments_of(hls_stream.playlist("low_latency").text)
    assert low_latency[:2] == ["seg-0.m4s", "seg-1-whole.m4s"]
    assert b"".join(fetched[name] for name in low_latency[:2]) == b"".join(parts)
    await stage.media_store.written()
    recording = read_index(stage.media_store.folder(stream.uid)).window()
    later = HlsStream(hls_stream.folder, recording)
    assert segments_of(later.playlist("plain").text)[:2] == ["seg-0.m4s", "seg-1.m4s"]
    assert read(later.media_now("seg-1.m4s")) == fetched["seg-1-whole.m4s"]
    later = later.as_it_was_live()
    assert segments_of(later.playlist("plain").text)[:2] == ["seg-0.m4s", "seg-1-whole.m4s"]
    for name in ("seg-0.m4s", "seg-1.m4s", "seg-1-whole.m4s"):
        assert read(later.media_now(name)) == fetched[name]


async def test_broadcast_each_drop_has_its_own_window(stage: Stage) -> None:
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


async def test_broadcast_return_without_video_pauses_the_window_until_it_leaves(
    stage: Stage,
) -> None:
    # Given a publisher that is back in time, but sends no picture,
    stream = stage.create()
    Publisher(stage, stream.stream_key).send().leave()
    back = Publisher(stage, stream.stream_key).send_headers()
    stage.clock.advance(3 * WINDOW_MS)
    assert stage.now(stream).status == "live"

    # when it leaves, then the stream waits once more, and ends at the end of its media.
    back.leave()
    stage.clock.advance(WINDOW_MS - 1)
    assert stage.now(stream).status == "live"
    stage.clock.advance(1)
    ended = stage.now(stream)
    assert ended.status == "ended"
    assert ended.ended_at_ms is not None
    assert ended.ended_at_ms < stage.clock.now_ms() - 4 * WINDOW_MS + 1


async def test_broadcast_key_of_an_ended_stream_is_final(stage: Stage) -> None:
    stream = stage.create()
    Publisher(stage, stream.stream_key).send().leave()
    stage.clock.advance(WINDOW_MS)
    with pytest.raises(Refused, match="ended is final"):
        Publisher(stage, stream.stream_key)


async def test_broadcast_streams_wait_and_end_independently(stage: Stage) -> None:
    early, late = stage.create("early"), stage.create("late")
    Publisher(stage, early.stream_key).send().leave()
    stage.clock.advance(WINDOW_MS // 2)
    Publisher(stage, late.stream_key).send(1).leave()
    stage.clock.advance(WINDOW_MS // 2)
    assert (stage.now(early).status, stage.now(late).status) == ("ended", "live")
    stage.clock.advance(WINDOW_MS // 2)
    assert stage.now(late).status == "ended"


# After a restart.


async def restarted(stage: Stage) -> Stage:
    """An emulator on the state and files of one that was killed."""
    stage.broadcasts.abandon("the emulator stops")
    await stage.media_store.close()
    media_store = MediaStore(stage.media_store.root, stage.media_store.config)
    return replace(
        stage,
        media_store=media_store,
        broadcasts=Broadcasts(stage.world, media_store, BroadcastConfig()),
    )


async def test_broadcast_window_restarts_after_a_restart(stage: Stage) -> None:
    # Given a stream that was live when its emulator stopped, an hour ago,
    stream = stage.create()
    Publisher(stage, stream.stream_key).send()
    stopped_ms = stage.clock.now_ms()
    following = await restarted(stage)
    assert stage.now(stream).status == "live"
    stage.clock.advance(3_600_000)

    # when the next one starts, then the reconnect window runs as after any drop,
    await following.broadcasts.recover(True)
    assert following.broadcasts.is_awaited(stream.id)
    stage.clock.advance(WINDOW_MS - 1)
    assert stage.now(stream).status == "live"

    # and after it, without a publisher, the stream has ended at the end of its media.
    stage.clock.advance(1)
    ended = stage.now(stream)
    assert ended.status == "ended"
    assert ended.ended_at_ms == pytest.approx(stopped_ms, abs=100)
    await following.media_store.close()


async def test_broadcast_publisher_returning_after_a_restart_continues(stage: Stage) -> None:
    stream = stage.create()
    Publisher(stage, stream.stream_key).send()
    following = await restarted(stage)
    await following.broadcasts.recover(True)
    stage.clock.advance(WINDOW_MS - 1)

    publisher = Publisher(following, stream.stream_key).send()

    stage.clock.advance(WINDOW_MS)
    assert stage.now(stream).status == "live"
    window = following.hls_stream(stream).window
    assert sum(segment.starts_discontinuity for segment in window.segments) == 1
    assert 3.8 < window.duration / 90_000 <= 4
    starts = [segment.start for segment in window.segments]
    assert starts == sorted(starts)
    publisher.leave()
    stage.clock.advance(WINDOW_MS)
    assert stage.now(stream).status == "ended"
    await following.media_store.close()


async def test_broadcast_return_after_a_restart_without_video_still_ends(stage: Stage) -> None:
    stream = stage.create()
    Publisher(stage, stream.stream_key).send()
    following = await restarted(stage)
    await following.broadcasts.recover(True)
    Publisher(following, stream.stream_key).send_headers().leave()
    stage.clock.advance(WINDOW_MS)
    assert stage.now(stream).status == "ended"
    await following.media_store.close()


# A refused codec.

KEY_FRAME = [tag for tag in picture(1) if tag.kind == "video"][:2]
SOUND = [tag for tag in picture(1) if tag.kind == "audio"]
METADATA = next(tag for tag in picture(1) if tag.kind == "script")
SILENT = Tag("script", 0, amf0.encode("@setDataFrame", "onMetaData", {"videocodecid": 7.0}))
ODD_SOUND = [
    pytest.param(Tag("audio", 500, bytes((number << 4 | 2, 0x55, 0x55))), id=name)
    for number, name in [(0, "PCM"), (1, "ADPCM"), (2, "MP3"), (7, "A-law"), (8, "mu-law")]
]


@pytest.mark.parametrize(
    "odd", [*ODD_SOUND, pytest.param(Tag("audio", 0, b"\xaf\x00\x09\x90"), id="AAC Main")]
)
@pytest.mark.parametrize("metadata", [[METADATA], []], ids=["announced", "unannounced"])
async def test_broadcast_audio_refused_after_a_key_frame_leaves_no_trace(
    stage: Stage, odd: Tag, metadata: list[Tag]
) -> None:
    # Given a publisher whose video is valid, and whose audio comes after it,
    stream = stage.create()
    publisher = Publisher(stage, stream.stream_key)
    publisher.send_tags([*metadata, *KEY_FRAME])

    # when the audio is refused,
    with pytest.raises(Refused) as refused:
        publisher.send_tags([odd])
    assert refused.value.code == "unsupported"
    publisher.leave(refused.value.message)
    stage.clock.advance(10 * WINDOW_MS)

    # then the stream has never been live, and its key is valid as before.
    assert stage.now(stream).status == "offline"
    assert not stage.heard_of(StreamWentLive)
    Publisher(stage, stream.stream_key).send()
    assert stage.now(stream).status == "live"


async def test_broadcast_video_refused_after_audio_leaves_no_trace(stage: Stage) -> None:
    stream = stage.create()
    publisher = Publisher(stage, stream.stream_key)
    publisher.send_tags([METADATA, *(tag for tag in SOUND if tag.timestamp_ms < 900)])
    with pytest.raises(Refused):
        publisher.send_tags([Tag("video", 900, b"\x14\x00")])
    publisher.leave()
    assert stage.now(stream).status == "offline"


async def test_broadcast_begins_without_audio_that_does_not_come(stage: Stage) -> None:
    announced, silent = stage.create("announced"), stage.create("silent")
    began_ms = stage.clock.now_ms()
    pictures = [tag for tag in picture(3) if tag.kind == "video"]
    quiet = Publisher(stage, silent.stream_key)
    quiet.send_tags([SILENT, *(tag for tag in pictures if tag.timestamp_ms < 450)])
    assert stage.now(silent).status == "offline"
    quiet.send_tags(tag for tag in pictures if 450 <= tag.timestamp_ms < 600)
    assert stage.now(silent).status == "live"
    waits = Publisher(stage, announced.stream_key)
    waits.send_tags([METADATA, *pictures])
    live = stage.now(announced)
    assert live.status == "live"
    assert stage.hls_stream(announced).window.duration > 2.5 * 90_000
    assert live.started_at_ms == began_ms


async def test_broadcast_publisher_leaving_after_its_key_frame_was_live(stage: Stage) -> None:
    stream = stage.create()
    publisher = Publisher(stage, stream.stream_key)
    publisher.send_tags([METADATA, *KEY_FRAME])
    assert stage.now(stream).status == "offline"
    publisher.leave()
    assert stage.now(stream).status == "live"


async def test_broadcast_stalled_publisher_is_live_once_its_audio_is_overdue(stage: Stage) -> None:
    """By the machine's clock, since no time stamp comes while it sends nothing."""
    stream = stage.create()
    Publisher(stage, stream.stream_key).send_tags([METADATA, *KEY_FRAME])
    async with asyncio.timeout(10):
        await stage.broadcasts.wait_for_media(stage.now(stream))
    assert stage.now(stream).status == "live"


# The publisher's figures.


async def test_broadcast_keeps_its_publishers_history_until_its_end(stage: Stage) -> None:
    stream = stage.create()
    assert stage.broadcasts.health_history(stream.id, None)[1] == []
    publisher = Publisher(stage, stream.stream_key).send(4)

    # One value for every past second, to the newest; the clock needs no timer for that.
    began_ms, samples = stage.broadcasts.health_history(stream.id, None)
    assert len(samples) == (stage.clock.now_ms() - began_ms) // 1000 >= 3
    assert all(sample.frames == 30 for sample in samples[1:])
    assert all(sample.video_kbits > 0 for sample in samples)
    assert stage.broadcasts.health_history(stream.id, 2)[1] == samples[-2:]

    # Seconds without a publisher are zero, and belong to it until the stream has ended.
    publisher.leave()
    stage.clock.advance(3000)
    assert stage.broadcasts.health_history(stream.id, 2)[1] == [IngestSample(), IngestSample()]
    stage.clock.advance(WINDOW_MS)
    assert stage.now(stream).status == "ended"
    assert stage.broadcasts.health_history(stream.id, None)[1] == []


async def test_broadcast_pictures_for_new_viewers_are_kept_where_the_window_has_them(
    stage: Stage,
) -> None:
    # Given a publisher in the middle of a segment,
    stream = stage.create()
    publisher = Publisher(stage, stream.stream_key)
    publisher.send_tags(tag for tag in picture(4) if tag.timestamp_ms < 3_700)
    relay = stage.broadcasts.relay_of(stream.id)
    assert relay is not None
    assert relay.pictures[0].is_key

    # then a new viewer gets the publisher's own pictures,
    sent = [tag.payload[5:] for tag in picture(4) if tag.kind == "video" and not is_header(tag)]
    first = sent.index(bytes(relay.pictures[0].data))
    assert [bytes(one.data) for one in relay.pictures] == sent[first : first + len(relay.pictures)]

    # as slices of the parts that contain them; only those of the next part are separate bytes.
    opened = stage.hls_stream(stream).window.open
    assert opened is not None
    contents = [part.content for part in opened.parts]
    holders = [cast("memoryview", one.data).obj for one in relay.pictures]
    shared = [any(holder is content for content in contents) for holder in holders]
    assert sum(shared) == opened.frames == shared.index(False)
    assert len(shared) - sum(shared) < 15
    publisher.leave()


async def test_broadcast_is_patient_until_its_next_part_unless_somebody_takes_each_frame(
    tmp_path: Path,
) -> None:
    class Viewer:
        def on_packet(self, packet: Packet) -> None: ...
        def restart(self) -> None: ...
        def close(self) -> None: ...

    hls_stream = HlsStream(tmp_path, Window(segment_ms=2000, part_ms=200))
    pipeline = Pipeline(ManualClock(), lambda: hls_stream)
    assert pipeline.patience_ms == 0
    pipeline.receive([tag for tag in picture(2) if tag.timestamp_ms < 1_000])
    assert 0 < pipeline.patience_ms <= 216
    viewer = Viewer()
    pipeline.relay.join(viewer)
    assert pipeline.patience_ms == 0
    pipeline.relay.leave(viewer)
    assert pipeline.patience_ms > 0
