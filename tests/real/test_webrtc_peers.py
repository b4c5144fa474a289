"""WHIP and WHEP with users' programs: Chromium, an ffmpeg with WHIP, and OBS's library."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser import Chromium
from tests.support.encoders import BUNDLED, address_of, ffmpeg, film, pushing
from tests.support.libdatachannel import whip
from tests.support.live_server import Walk, platform
from tests.support.required_programs import lacking
from tests.support.rtc_page import open_page, until_figures
from tests.support.webrtc import ask, has_whip, sending, watching


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform(webrtc_idle_ms=2_000, reconnect_window_ms=30_000) as walk:
        yield walk


@pytest.mark.parametrize("codec", ["video/H264", "video/VP8"])
async def test_webrtc_peers_page_goes_live_for_a_page_and_is_recorded(
    walk: Walk, chromium: Chromium, codec: str
) -> None:
    # Given a page that publishes its camera by WHIP,
    stream = walk.create()
    page = await open_page(chromium, walk.ready["http"])
    resource = await page.page.evaluate(f"goLive({stream['ingest']['webrtc_url']!r}, {codec!r})")
    await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
    # when another page watches it by WHEP,
    other = await open_page(chromium, walk.ready["http"])
    await other.page.evaluate(f"watch({stream['playback']['whep']!r})")
    # then it sees and hears it, as HLS does,
    await until_figures(other, "receiver", "found.framesDecoded > 30 && found.samplesHeard > 48000")
    await ask(lambda: walk.until_parts(stream, 5), "parts come")
    assert (await ask(lambda: walk.ingest(stream), "its health"))["audio_codec"] == "mp4a.40.2"
    # and when the first page deletes its session, the stream has ended with a recording.
    await page.page.evaluate(f"fetch({resource!r}, {{ method: 'DELETE' }})")
    await ask(lambda: walk.until_vod(stream), "the VOD is ready")


async def test_webrtc_peers_lost_page_returns_within_the_window(
    walk: Walk, chromium: Chromium
) -> None:
    # Given a page that is live,
    stream = walk.create()
    whip = stream["ingest"]["webrtc_url"]
    page = await open_page(chromium, walk.ready["http"])
    await page.page.evaluate(f"goLive({whip!r}, 'video/H264')")
    await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
    # when it is gone without a DELETE,
    await page.page.context.close()
    await ask(lambda: not walk.ingest(stream)["is_publishing"], "the publisher is missing")
    # then the stream waits, and continues with the next publisher with the same key.
    assert walk.stream(stream)["status"] == "live"
    page = await open_page(chromium, walk.ready["http"])
    await page.page.evaluate(f"goLive({whip!r}, 'video/H264')")
    await ask(lambda: walk.until_parts(stream, 5), "parts come again")
    assert "#EXT-X-DISCONTINUITY" in walk.media_playlist(stream)


async def test_webrtc_peers_page_watches_rtmp_from_obs_or_ffmpeg(
    walk: Walk, chromium: Chromium
) -> None:
    stream = walk.create()
    with pushing(address_of(stream), film(seconds=6, video="libx264 -preset ultrafast -g 60")):
        await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
        page = await open_page(chromium, walk.ready["http"])
        await page.page.evaluate(f"watch({stream['playback']['whep']!r})")
        await until_figures(
            page, "receiver", "found.framesDecoded > 100 && found.samplesHeard > 48000"
        )


async def test_webrtc_peers_ffmpeg_goes_live_by_whip_and_stays(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It answers no consent checks. By default that is noticed after half a minute; here after a few
    # seconds.
    monkeypatch.setattr("aioice.ice.CONSENT_INTERVAL", 0.05)
    if not has_whip(ffmpeg(BUNDLED)):
        lacking("this ffmpeg does not speak WHIP")
    stream = walk.create()
    with sending(stream["ingest"]["webrtc_url"], film(seconds=4)) as push:
        await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
        async with watching(stream["playback"]["whep"]) as session:
            await ask(lambda: len(session.received) > 60, "it is watched")
        await ask(lambda: walk.until_parts(stream, 5), "parts come")
        await ask(lambda: len(walk.media_playlist(stream).split("#EXTINF")) > 7, "it goes on")
        assert walk.ingest(stream)["is_publishing"]
        push.stop()
        await ask(lambda: not walk.ingest(stream)["is_publishing"], "the publisher has left")


async def test_webrtc_peers_libdatachannel_goes_live_by_a_bearer_token(
    walk: Walk, tmp_path: Path
) -> None:
    # Given a publisher that offers no loopback address, and sends from one,
    stream = walk.create()
    whip_url = stream["ingest"]["webrtc_url"]
    named = whip_url.replace(stream["stream_key"], stream["cloudflare_stream_id"])
    # when it starts,
    with whip(named, stream["stream_key"], tmp_path) as publisher:
        await ask(lambda: walk.until_parts(stream, 5), "parts come")
        # then its High profile is passed through, its sound is transcoded to AAC,
        health = walk.ingest(stream)
        assert health["video_codec"].startswith("avc1.64")
        assert (health["audio_codec"], health["gaps"]) == ("mp4a.40.2", 0)
        async with watching(stream["playback"]["whep"]) as session:
            await ask(lambda: len(session.received) > 60, "it is watched")
        # and its DELETE ends the stream at once, although it closes the connection before that.
        said = publisher.stop()
        assert "connected" in said
        assert "DELETE 200" in said
        assert walk.stream(stream)["status"] == "ended"
    await ask(lambda: walk.until_vod(stream), "the VOD is ready")
