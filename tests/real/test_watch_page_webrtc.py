"""The watch page over WebRTC: it shows the protocol and the delay, and falls back to HLS."""

from collections.abc import Iterator

import pytest

from tests.support.browser import Chromium
from tests.support.encoders import address_of, film, pushing
from tests.support.live_server import Walk, platform
from tests.support.webrtc import ask, publishing

# As in a Firefox without its plugin.
WITHOUT_H264 = """
const add = RTCPeerConnection.prototype.addTransceiver;
RTCPeerConnection.prototype.addTransceiver = function (kind, options) {
  const made = add.call(this, kind, options);
  if (kind === "video") made.setCodecPreferences(
    RTCRtpReceiver.getCapabilities("video").codecs.filter((each) => each.mimeType === "video/VP8"));
  return made;
};
"""


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform(webrtc_viewers_per_stream_max=1) as walk:
        yield walk


async def test_watch_page_plays_over_webrtc_says_so_and_falls_back_to_hls(
    walk: Walk, chromium: Chromium
) -> None:
    # Given a page that is told to play over WebRTC before its stream begins,
    stream = walk.create()
    page = f"{walk.ready['http']}/{stream['cloudflare_stream_id']}/watch?mode=whep"
    tab = await chromium.open(page)
    await tab.until("player.state === 'offline'")
    with pushing(address_of(stream), film(seconds=6)):
        # when the stream is live, then its picture comes over WebRTC,
        await tab.until("player.state === 'live' && player.mode === 'whep'")
        await tab.until_frames_follow()
        await tab.until("document.getElementById('way').textContent === 'WebRTC'")
        # with a smaller delay than low latency HLS can have,
        await tab.until("player.latencySeconds !== null && player.latencySeconds < 1")
        await tab.until("document.getElementById('latency').textContent.endsWith(' s')")
        await tab.until("player.viewers === 1")
        assert "320\u00d7180" in await tab.page.inner_text("#picture")
        # and a page that is refused plays low latency HLS instead, and says so.
        other = await chromium.open(page)
        await other.until("player.state === 'live' && player.mode === 'llhls'")
        await other.until("document.getElementById('way').textContent === 'Low latency HLS'")
        await other.until_frames_follow()
        # When the first page is closed, then there is room for another.
        await tab.page.goto("about:blank")
        await other.page.reload()
        await other.until("player.state === 'live' && player.mode === 'whep'")
    # When the publish is over, then so is the page's picture.
    await other.until("player.state === 'ended'")
    assert tab.complaints == []


async def test_watch_page_plays_webrtc_streams_by_webrtc_by_default(
    walk: Walk, chromium: Chromium
) -> None:
    # Given a page without a chosen protocol, open before its stream begins,
    stream = walk.create()
    page = f"{walk.ready['http']}/{stream['cloudflare_stream_id']}/watch"
    first = await chromium.open(page)
    await first.until("player.state === 'offline'")
    async with publishing(stream["ingest"]["webrtc_url"], film(seconds=4)):
        # when the stream comes by WebRTC, then it plays over WebRTC, and shows that and the delay,
        await first.until("player.state === 'live' && player.mode === 'whep'")
        await first.until_frames_follow()
        await first.until("document.getElementById('way').textContent === 'WebRTC'")
        await first.until("player.latencySeconds !== null && player.latencySeconds < 1")
        # until the viewer chooses another protocol of the menu.
        hint = first.page.locator("#mode-hint")
        assert await hint.text_content() == ("Play it here by WebRTC, low latency HLS or plain HLS")
        await ask(lambda: walk.until_parts(stream, 5), "there is a playlist")
        await first.page.click("summary")
        await hint.get_by_role("link", name="low latency HLS").click()
        await first.until("player.state === 'live' && player.mode === 'llhls'")
        await first.until("document.getElementById('way').textContent === 'Low latency HLS'")
        await first.until("document.getElementById('latency').textContent.endsWith(' s')")
        assert first.complaints == []
        await first.close()
        # A page that is opened during the stream chooses the same.
        late = await chromium.open(page)
        await late.until("player.state === 'live' && player.mode === 'whep'")
        # A browser without H.264 is shown VP8.
        await late.page.add_init_script(WITHOUT_H264)
        await late.page.reload()
        await late.until("player.state === 'live' && player.mode === 'whep'")
        await late.until_frames_follow()
        assert "320\u00d7180" in await late.page.inner_text("#picture")
    await late.until("player.state === 'ended'")
    assert late.complaints == []
