"""Debian's Firefox without changes: it has no H.264 in WebRTC and uses no loopback address."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.encoders import address_of, film, pushing
from tests.support.firefox import Firefox
from tests.support.live_server import Walk, platform
from tests.support.required_programs import need
from tests.support.rtc_page import SCRIPT
from tests.support.webrtc import ask

# One browser for all tests: a start takes three seconds of CPU.
pytestmark = pytest.mark.asyncio(loop_scope="module")

FUNCTIONS = SCRIPT.replace("null;\n", "")


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def firefox() -> AsyncIterator[Firefox]:
    path = need("firefox-esr", "firefox")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with Firefox.start(path, Path(folder) / "profile") as firefox:
            yield firefox


async def test_firefox_watch_page_plays_low_latency_hls_and_webrtc(
    walk: Walk, firefox: Firefox
) -> None:
    # Given a stream over RTMP, and its watch page,
    stream = walk.create()
    page = f"{walk.ready['http']}/{stream['cloudflare_stream_id']}/watch"
    with pushing(address_of(stream), film(seconds=6)):
        await ask(lambda: walk.until_first_part(stream), "it is live")
        for mode in ("llhls", "whep"):
            # when the page is given a way to play,
            await firefox.open(f"{page}?mode={mode}")
            await firefox.until("player && player.state === 'live'")
            before = await firefox.run("return emulatorPlayer.framesDecoded;")
            await firefox.until(f"player.framesDecoded > {before + 15}")
            # then it plays that way, with a picture of the right size, and knows the delay.
            mode_now, width, notice = await firefox.run(
                "return [emulatorPlayer.mode, video.videoWidth, notice.textContent];"
            )
            assert (mode_now, width, notice) == (mode, 320, "")
            await firefox.until("player.latencySeconds !== null")

    # The site's content security policy allows its chat, although it names only the page's scheme.
    await firefox.open(f"{walk.ready['http']}/_emulator/site/#/@rustacean")
    await firefox.until("document.querySelector('.site-chat')?.textContent.includes('connected')")


async def test_firefox_goes_live_and_watches_as_a_web_client_does(
    walk: Walk, firefox: Firefox
) -> None:
    # Given a page with a camera,
    stream = walk.create()
    await firefox.open(f"{walk.ready['http']}/_emulator/")
    await firefox.run(FUNCTIONS)
    # when it goes live by WHIP,
    whip, whep = stream["ingest"]["webrtc_url"], stream["playback"]["whep"]
    resource = await firefox.run(f"return await goLive({whip!r}, 'video/VP8');")
    await ask(lambda: walk.until_parts(stream, 5), "it is live, and HLS has it")
    # then it sees itself by WHEP, in VP8, and hears itself;
    await firefox.run(f"await watch({whep!r});")
    await firefox.until("(await figures(receiver)).framesDecoded > 20")
    result = await firefox.run("return await figures(receiver);")
    assert "video/VP8" in result["codecs"]
    assert result["samplesHeard"] > 0
    # and when it deletes its session, the stream has ended.
    assert await firefox.run(f"return (await fetch({resource!r}, {{method: 'DELETE'}})).status;")
    ended = await ask(lambda: walk.stream(stream), "the stream is read")
    assert ended["status"] == "ended"


async def test_firefox_without_h264_gets_a_message_where_no_video_can_be_sent(
    walk: Walk, firefox: Firefox
) -> None:
    stream = walk.create()
    with pushing(address_of(stream), film(seconds=4)):
        await ask(lambda: walk.until_first_part(stream), "it is live")
        await firefox.open(f"{walk.ready['http']}/_emulator/")
        answer = await firefox.run(
            "const peer = new RTCPeerConnection();"
            "const made = peer.addTransceiver('video', { direction: 'recvonly' });"
            "made.setCodecPreferences(RTCRtpReceiver.getCapabilities('video').codecs"
            "  .filter((each) => /VP9|AV1/.test(each.mimeType)));"
            "peer.addTransceiver('audio', { direction: 'recvonly' });"
            "await peer.setLocalDescription();"
            f"const answer = await fetch({stream['playback']['whep']!r}, {{ method: 'POST',"
            "  headers: { 'Content-Type': 'application/sdp' }, body: peer.localDescription.sdp });"
            "return [answer.status, (await answer.json()).message];"
        )
    assert answer == [
        422,
        "The picture has no codec that can be sent: offer to receive H.264 or VP8, and Opus.",
    ]
