"""Codecs that HLS cannot carry: refused, or transcoded at ingest with --transcode-ingest."""

import threading
from collections.abc import Iterator
from typing import Any

import av
import pytest

from tests.support.av_sync import flash_and_beep, offsets_ms
from tests.support.browser import Chromium
from tests.support.encoders import BUNDLED, SYSTEM, address_of, film, play, pushing
from tests.support.hls.media_rules import check_media
from tests.support.live_server import Walk, platform, until
from tests.support.webrtc import Session, ask, watching
from tests.support.webrtc import until as until_seen

H264 = "libx264 -preset ultrafast -pix_fmt yuv420p"
SECONDS = 3
# ffmpeg cannot loop a film with Sorenson H.263.
LONG_SECONDS = 20
FRAMES = 30 * SECONDS


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    # However busy the machine is, wait for the end of a film.
    with platform(transcode_ingest=True, transcode_end_ms=120_000) as walk:
        yield walk


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == "transcode-ingest"]


def transcodes(walk: Walk, stream: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        item["track"]: (item["from"], item["encoder"])
        for item in walk.ingest(stream).get("transcodes", [])
    }


@pytest.mark.parametrize(
    ("video", "audio", "by", "expected"),
    [
        (H264, "libmp3lame", BUNDLED, {"sound": ("MP3", "aac")}),
        (
            "flv1",
            "nellymoser -ar 22050 -ac 1",
            BUNDLED,
            {"picture": ("Sorenson H.263", "libx264"), "sound": ("Nellymoser", "aac")},
        ),
        (
            "flashsv",
            "adpcm_swf -ar 22050",
            BUNDLED,
            {"picture": ("Screen video", "libx264"), "sound": ("ADPCM", "aac")},
        ),
        (
            "libx264 -preset ultrafast -bf 2 -pix_fmt yuv444p",
            "pcm_mulaw -ar 8000 -ac 1",
            BUNDLED,
            {
                "picture": ("H.264 that is not 4:2:0 with 8 bits", "libx264"),
                "sound": ("G.711 mu-law", "aac"),
            },
        ),
        (
            "libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p10le",
            "libspeex -ar 16000 -ac 1",
            SYSTEM,
            {
                "picture": ("H.264 that is not 4:2:0 with 8 bits", "libx264"),
                "sound": ("Speex", "aac"),
            },
        ),
    ],
    ids=lambda value: value.split()[0] if isinstance(value, str) else "",
)
def test_transcode_ingest_ffmpeg_codecs_play_with_audio_and_video_in_sync(
    walk: Walk, video: str, audio: str, by: str, expected: dict[str, tuple[str, str]]
) -> None:
    # Given an ffmpeg that sends a flash and a beep each second, in codecs that HLS cannot carry,
    stream = walk.create()
    source = flash_and_beep(video, audio, seconds=SECONDS, by=by)
    with pushing(address_of(stream), source, by=by, is_endless=False) as push:
        walk.until_first_part(stream)
        assert transcodes(walk, stream) == expected
        until(lambda: push.process.poll() is not None, "ffmpeg has sent all of it")

    # when its stream is over, the VOD has all of it,
    vod = walk.until_vod(stream)
    assert vod["duration"] == pytest.approx(SECONDS, abs=0.15)
    assert check_media(walk.media_playlist(stream, "llhls")) == []
    assert len(play(vod["mp4_url"]).video) == FRAMES

    # and sound and picture are in step.
    apart_ms = offsets_ms(stream["playback_url"])
    assert len(apart_ms) == SECONDS - 1
    assert max(map(abs, apart_ms)) < 40


def test_transcode_ingest_refusal_names_the_setting_where_it_is_off() -> None:
    with platform() as walk:
        for source, codec in (
            (flash_and_beep(H264, "libmp3lame"), "MP3"),
            (flash_and_beep("flv1", "aac"), "Sorenson H.263"),
            (flash_and_beep("libx264 -pix_fmt yuv444p", "aac"), "4:2:0"),
        ):
            stream = walk.create()
            with pushing(address_of(stream), source, is_endless=False) as push:
                message = push.said()
            assert codec in message
            assert "With ffmpeg: -" in message
            assert "Or start the emulator with --transcode-ingest." in message
            assert walk.stream(stream)["status"] == "offline"


def test_transcode_ingest_file_sent_too_fast_is_read_slower_without_loss(walk: Walk) -> None:
    stream = walk.create()
    source = flash_and_beep("flv1", "libmp3lame", seconds=LONG_SECONDS)
    with pushing(address_of(stream), source, is_endless=False, is_paced=False):
        vod = walk.until_vod(stream)
    assert vod["duration"] == pytest.approx(LONG_SECONDS, abs=0.15)
    assert len(play(vod["mp4_url"]).video) == 30 * LONG_SECONDS


def test_transcode_ingest_leaves_playable_media_unchanged(walk: Walk) -> None:
    stream = walk.create()
    with pushing(address_of(stream), film()):
        walk.until_first_part(stream)
        assert walk.ingest(stream)["transcodes"] == []
        assert threads() == []


def test_transcode_ingest_returns_and_takeovers_leave_no_thread_behind() -> None:
    source = flash_and_beep("flv1", "libmp3lame", seconds=LONG_SECONDS)
    with platform(transcode_ingest=True, takeover=True, reconnect_window_ms=60_000) as walk:
        # Given a publisher that breaks off, comes back, and is replaced by another,
        stream = walk.create()
        with pushing(address_of(stream), source, is_endless=False) as push:
            walk.until_parts(stream, 3)
            push.kill()
        until(lambda: not threads(), "nothing is transcoded while nobody publishes")
        with pushing(address_of(stream), source, is_endless=False):
            walk.until_parts(stream, 3)
            with pushing(address_of(stream), source, is_endless=False):
                until(lambda: walk.ingest(stream)["rejoins"] == 2, "the second took over")
                walk.until_parts(stream, 3)
                assert len(threads()) == 1

                # when its stream is ended, then no transcoding runs any more.
                walk.end(stream)
                walk.until_vod(stream)
                until(lambda: not threads(), "its thread has ended")
        playlist = walk.media_playlist(stream, "llhls")
        assert check_media(playlist) == []
        assert playlist.count("#EXT-X-DISCONTINUITY\n") == 2


async def until_each(session: Session) -> None:
    await until_seen(lambda: len(session.frames(av.VideoFrame)) >= 30, "pictures come")
    await until_seen(lambda: len(session.frames(av.AudioFrame)) >= 20, "sound comes")


async def test_transcode_ingest_output_is_on_the_watch_page_whep_and_renditions(
    chromium: Chromium,
) -> None:
    source = flash_and_beep("flv1", "libmp3lame", seconds=LONG_SECONDS)
    with platform(transcode_ingest=True, renditions=("144p",)) as walk:
        stream = walk.create()
        with pushing(address_of(stream), source, is_endless=False):
            # Given a stream of Sorenson H.263 and MP3, in two sizes,
            playlist = await ask(lambda: walk.until_parts(stream, 3), "parts")
            assert check_media(playlist) == []
            assert walk.ingest(stream)["renditions"] == ["144p"]

            # it plays in a browser,
            address = f"{walk.ready['http']}/{stream['cloudflare_stream_id']}/watch?mode=llhls"
            tab = await chromium.open(address)
            await tab.until_frames_follow()

            # and by WebRTC.
            async with watching(stream["playback"]["whep"]) as session:
                await until_each(session)
