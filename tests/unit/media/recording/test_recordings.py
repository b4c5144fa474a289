"""Recordings: made once for all callers, bounded, of live streams and of finished ones."""

import asyncio

import pytest

from emulator.core.errors import Refused
from emulator.media.hls.store import MediaStore
from emulator.media.recording.recordings import RecordingConfig, Recordings
from tests.support.broadcast import RealBroadcast, flv, put
from tests.support.media_frames import picture, pictures
from tests.unit.media.recording.conftest import Record


async def test_recordings_duration_is_that_of_the_media(
    record: Record, recordings: Recordings, uid: str
) -> None:
    await record(flv(seconds=3, audio=""))
    assert recordings.seconds(uid) == pytest.approx(3, abs=1 / 60)


async def test_recordings_thumbnail_is_made_once(
    record: Record, recordings: Recordings, uid: str
) -> None:
    hls_stream = await record(flv())
    one, two = await asyncio.gather(recordings.thumbnail(uid), recordings.thumbnail(uid))
    assert one is two
    for path in hls_stream.folder.glob("seg-*"):
        path.unlink()
    assert await recordings.thumbnail(uid) is one


async def test_recordings_poster_differs_from_a_live_thumbnail(
    record: Record, recordings: Recordings, uid: str
) -> None:
    hls_stream = await record(flv(), is_live=True)
    live = await recordings.thumbnail(uid)
    hls_stream.finish()
    assert await recordings.thumbnail(uid) != live


async def test_recordings_live_thumbnail_comes_with_the_first_part_and_ages(
    media_store: MediaStore, uid: str
) -> None:
    recordings = Recordings(media_store, RecordingConfig(live_max_age_ms=0))
    hls_stream = media_store.begin(uid)
    with pytest.raises(Refused) as refusal:
        await recordings.thumbnail(uid)
    assert refusal.value.code == "not_found"
    parts = RealBroadcast().send(flv())
    put(hls_stream, parts[:1])
    first = await recordings.thumbnail(uid)
    put(hls_stream, parts[1:])
    assert await recordings.thumbnail(uid) != first
    await recordings.close()


async def test_recordings_gif_has_the_requested_rate(
    record: Record, recordings: Recordings, uid: str
) -> None:
    await record(flv())
    frames = pictures(await recordings.animation(uid, time="1s", duration="2s", rate=5))
    assert len(frames) == 10
    assert frames[0].height == 180


@pytest.mark.parametrize("asked", [{"duration": "16s"}, {"rate": 0}, {"rate": 16}, {"time": "9s"}])
async def test_recordings_gifs_have_bounds(
    record: Record, recordings: Recordings, uid: str, asked: dict[str, str]
) -> None:
    await record(flv())
    with pytest.raises(Refused) as refusal:
        await recordings.animation(uid, **asked)  # type: ignore[arg-type]  # Any of them.
    assert refusal.value.code == "invalid"


async def test_recordings_storyboard_has_a_tile_each_second(
    record: Record, recordings: Recordings, uid: str
) -> None:
    await record(flv(), flv(seconds=3, size="180x320"))
    board = await recordings.storyboard(uid)
    sprite = picture(board.sprite)
    assert (sprite.width, sprite.height) == (8 * 160, 90)
    cues = board.vtt.strip().split("\n\n")
    assert cues[0] == "WEBVTT"
    assert cues[2] == "00:00:01.000 --> 00:00:02.000\nstoryboard.jpg#xywh=160,0,160,90"
    assert len(cues) == 1 + 8


async def test_recordings_mp4_is_made_once_and_kept_in_the_segments_folder(
    record: Record, recordings: Recordings, uid: str
) -> None:
    hls_stream = await record(flv())
    one, two = await asyncio.gather(recordings.mp4(uid), recordings.mp4(uid))
    assert one == two == hls_stream.folder / "default.mp4"
    number = one.stat().st_mtime_ns
    assert (await recordings.mp4(uid)).stat().st_mtime_ns == number


async def test_recordings_live_stream_has_no_mp4_yet(
    record: Record, recordings: Recordings, uid: str
) -> None:
    await record(flv(), is_live=True)
    with pytest.raises(Refused) as refusal:
        await recordings.mp4(uid)
    assert refusal.value.code == "conflict"


async def test_recordings_pictures_are_bounded_and_go_with_their_recording(
    record: Record, media_store: MediaStore, uid: str
) -> None:
    recordings = Recordings(media_store, RecordingConfig(pictures_kept_max=2))
    await record(flv())
    first = await recordings.thumbnail(uid, time="0")
    await recordings.thumbnail(uid, time="1")
    assert await recordings.thumbnail(uid, time="0") is first
    await recordings.thumbnail(uid, time="2")
    await recordings.thumbnail(uid, time="3")
    again = await recordings.thumbnail(uid, time="0")
    assert again is not first
    recordings.forget(uid)
    assert await recordings.thumbnail(uid, time="0") is not again
    await recordings.close()


async def test_recordings_damaged_one_has_a_stand_in_picture(
    record: Record, recordings: Recordings, uid: str
) -> None:
    hls_stream = await record(flv())
    segments = sorted(hls_stream.folder.glob("seg-*.m4s"))
    whole = [segment.read_bytes() for segment in segments]
    for segment, content in zip(segments, whole, strict=True):
        segment.write_bytes(b"\0" * len(content))
    stand_in = await recordings.thumbnail(uid, time="0")
    for segment, content in zip(segments, whole, strict=True):
        segment.write_bytes(content)
    recordings.forget(uid)
    assert await recordings.thumbnail(uid, time="0") != stand_in


async def test_recordings_concurrent_requests_are_bounded(
    record: Record, media_store: MediaStore, uid: str
) -> None:
    recordings = Recordings(media_store, RecordingConfig(jobs_waiting_max=3))
    await record(flv())
    asked = [recordings.thumbnail(uid, width=size) for size in range(100, 120, 2)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(refused) == 7
    assert {refusal.code for refusal in refused} == {"unavailable"}
    await recordings.close()
