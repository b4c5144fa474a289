"""A player as its README sets it up: hls.js without options, opened at `live`."""

import pytest

from emulator.media.ingest.tag import Tag
from emulator.web.pages import assets
from tests.support.browser import Chromium
from tests.support.encoders import address_of, film, pushing
from tests.support.live_server import platform
from tests.support.tag_publisher import replaying, tags_of

# The page of hls.js's own README; its errors and progress are recorded.
PLAY = """async ([script, playlist]) => {
  const { default: Hls } = await import(script);
  const video = document.createElement("video");
  video.muted = true;
  document.body.append(video);
  const hls = new Hls();
  window.seen = { video, fatal: [], isOver: false };
  hls.on(Hls.Events.ERROR, (_, { fatal, details }) => {
    if (fatal) window.seen.fatal.push(details);
  });
  hls.on(Hls.Events.MANIFEST_PARSED, () => video.play());
  video.addEventListener("ended", () => { window.seen.isOver = true; });
  hls.loadSource(playlist);
  hls.attachMedia(video);
}"""

BUFFERED = """(seconds) => {
  const { buffered } = window.seen.video;
  return buffered.length && buffered.end(buffered.length - 1) > seconds;
}"""


@pytest.mark.parametrize("query", ["", "?protocol=llhls"])
async def test_hls_js_opened_at_live_plays_to_the_last_frame_and_fires_ended(
    chromium: Chromium, query: str
) -> None:
    with platform(segment_ms=2000, reconnect_window_ms=60_000) as walk:
        stream = walk.create()
        source = film(seconds=6)
        tab = await chromium.open(f"{walk.ready['http']}/{'0' * 32}/watch")
        with pushing(address_of(stream), source, is_endless=False) as push:
            walk.until_status(stream, "live")
            script = f"{assets.load().address}/hls.js-1.7.4/hls.light.min.mjs"
            await tab.page.evaluate(PLAY, [script, stream["playback_url"].split("?")[0] + query])
            await tab.page.wait_for_function("() => window.seen.video.currentTime > 0.5")
            push.said()
        # While its publisher may come back, all sent media is shown,
        await tab.page.wait_for_function("() => window.seen.video.currentTime > 5.5")
        # and when it has not come back, the stream is over.
        walk.pass_window(stream, 60)
        await tab.page.wait_for_function("() => window.seen.isOver")
        assert await tab.page.evaluate("window.seen.fatal") == []
        assert walk.until_status(stream, "ended")["vod_id"]


async def test_hls_js_low_latency_plays_where_sound_comes_later_than_its_picture(
    chromium: Chromium,
) -> None:
    # Like the picture of WebRTC, which plays each frame at once, and of slow encoders.
    def sent_at_ms(tag: Tag) -> int:
        return tag.timestamp_ms + 150 * (tag.kind == "audio")

    tags = sorted(tags_of(film(seconds=6)), key=sent_at_ms)
    with platform(segment_ms=2000) as walk:
        stream = walk.create()
        tab = await chromium.open(f"{walk.ready['http']}/{'0' * 32}/watch")
        with replaying(stream["rtmp_url"], stream["stream_key"]) as publisher:
            script = f"{assets.load().address}/hls.js-1.7.4/hls.light.min.mjs"
            playlist = stream["playback_url"].split("?")[0] + "?protocol=llhls"
            sent_ms = 0
            for until_ms in range(2400, 6400, 200):
                publisher.send(tag for tag in tags if sent_ms <= sent_at_ms(tag) < until_ms)
                if not sent_ms:
                    walk.until_status(stream, "live")
                    await tab.page.evaluate(PLAY, [script, playlist])
                sent_ms = until_ms
                # All complete segments are loaded,
                await tab.page.wait_for_function(BUFFERED, arg=until_ms / 1000 - 1)
            walk.end(stream)
        # and the last one is known to be the last.
        await tab.page.wait_for_function("() => window.seen.isOver")
        assert await tab.page.evaluate("window.seen.fatal") == []
