"""A player that does the obvious thing: hls.js with no option changed, opened at `live`."""

import pytest

from emulator.web.pages import assets
from tests.support.browser import Chromium
from tests.support.encoders import address_of, film, pushing
from tests.support.live_server import platform

# As hls.js's own README has it; what it complains of and what it has shown is kept.
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
        # While its publisher may come back, all that it sent is shown,
        await tab.page.wait_for_function("() => window.seen.video.currentTime > 5.5")
        # and when it has not, the stream is over.
        walk.pass_window(stream, 60)
        await tab.page.wait_for_function("() => window.seen.isOver")
        assert await tab.page.evaluate("window.seen.fatal") == []
        assert walk.until_status(stream, "ended")["vod_id"]
