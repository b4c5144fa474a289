"""The CDN's player: its bare address, its SDK, and its React component from npm, unmodified.

Chromium's resolver rules send the component's hosts to the emulator, whose certificate has their
names: the page believes that it talks to the CDN.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from tests.support import stream_react
from tests.support.browser import Chromium, Tab
from tests.support.encoders import address_of, film, pushing
from tests.support.file_server import served
from tests.support.live_server import Walk, platform
from tests.support.tables import table

PAGE = """<!doctype html><link rel="icon" href="data:,"><div style="width: 640px">
<iframe id="frame" width="640" height="360" allow="autoplay" src="%s"></iframe></div>
<script src="%s/embed/sdk.latest.js"></script>
<script>
  window.heard = [];
  window.api = Stream(frame);
  for (const name of ["loadedmetadata", "resize", "play", "playing", "pause", "seeked", "ended",
    "volumechange", "timeupdate"]) api.addEventListener(name, (event) => heard.push(event.type));
</script>"""


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform(tls=True, tls_names="platform") as walk:
        yield walk


@pytest.fixture(scope="module")
def recorded(walk: Walk) -> dict[str, Any]:
    """A stream that has ended after four seconds, and its VOD."""
    stream = walk.create()
    source = film(seconds=4, size="640x360")
    with pushing(address_of(stream), source, is_endless=False) as push:
        assert push.said() == ""
    assert walk.end(stream).status == 200
    return walk.until_vod(stream)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cdn_browser(walk: Walk, needs_chromium: str) -> AsyncIterator[Chromium]:
    here = urlsplit(walk.ready["http"]).netloc
    names = ("*.cloudflarestream.com", "videodelivery.net", "*.videodelivery.net")
    rules = ",".join(f"MAP {name}:443 {here}" for name in names)
    async with Chromium.start(needs_chromium, f"--host-resolver-rules={rules}") as chromium:
        yield chromium


@pytest_asyncio.fixture(loop_scope="session")
async def cdn_chromium(cdn_browser: Chromium) -> AsyncIterator[Chromium]:
    """A browser that resolves the CDN's hosts to the emulator."""
    yield cdn_browser
    await cdn_browser.close_tabs()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder with a page of another origin, and its address."""
    with served(tmp_path) as address:
        yield tmp_path, address


async def holds(tab: Tab, claim: str) -> None:
    await tab.page.wait_for_function(f"() => {claim}")


async def test_player_sdk_react_component_plays_recorded_and_live_at_their_size(
    walk: Walk, recorded: dict[str, Any], cdn_chromium: Chromium, tmp_path: Path
) -> None:
    with stream_react.page(tmp_path) as page:
        # Given an app that shows a recording with the CDN's component, without autoplay,
        tab = await cdn_chromium.open("about:blank", trusts_any=True)
        await tab.page.goto(f"{page}?src={recorded['cloudflare_video_id']}")
        # then its frame gets the picture's aspect ratio before anything plays,
        await holds(tab, "window.heard.Resize && player.current.videoWidth === 640")
        box = await tab.page.locator("#frame > div").bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == (640, 360)
        state = await tab.page.evaluate("[player.current.paused, player.current.duration]")
        assert state == [True, pytest.approx(4, abs=0.2)]
        assert "Playing" not in await tab.page.evaluate("heard")
        # and plays, pauses, seeks and changes its volume by the app's calls.
        await tab.page.evaluate("player.current.play()")
        await holds(tab, "heard.Playing && heard.TimeUpdate && player.current.currentTime > 0.5")
        await tab.page.evaluate("player.current.pause()")
        await holds(tab, "heard.Pause && player.current.paused")
        await tab.page.evaluate("void (player.current.currentTime = 3)")
        await holds(tab, "heard.Seeked && player.current.currentTime === 3")
        await tab.page.evaluate("setVolume(0.25)")
        await holds(tab, "heard.VolumeChange && player.current.volume === 0.25")
        assert tab.page.frames[1].url.startswith("https://iframe.cloudflarestream.com/")
        # A live stream plays in it as well, under a customer's host.
        stream = walk.create()
        with pushing(address_of(stream), film(seconds=6)):
            walk.until_first_part(stream)
            uid = stream["cloudflare_stream_id"]
            await tab.page.goto(f"{page}?src={uid}&customer=f33zs165nr7gyfy4&autoplay")
            await holds(tab, "heard.Playing && player.current.videoWidth === 320")
            host = urlsplit(tab.page.frames[1].url).hostname
            assert host == "customer-f33zs165nr7gyfy4.cloudflarestream.com"
            frame = tab.page.frames[1]
            await frame.wait_for_function("() => emulatorPlayer.framesDecoded > 60")
    assert tab.complaints == []


async def test_player_sdk_reads_and_sets_the_properties_of_a_media_element(
    recorded: dict[str, Any], cdn_chromium: Chromium, app: tuple[Path, str]
) -> None:
    # Given a page that frames the bare player without any parameter,
    uid = recorded["cloudflare_video_id"]
    folder, address = app
    (folder / "index.html").write_text(
        PAGE % (f"https://watch.cloudflarestream.com/{uid}", "https://embed.cloudflarestream.com")
    )
    tab = await cdn_chromium.open(address, trusts_any=True)
    await holds(tab, "heard.includes('loadedmetadata') && api.videoHeight === 360")
    result = await tab.page.evaluate(
        "({ paused: api.paused, muted: api.muted, loop: api.loop, controls: api.controls,"
        " autoplay: api.autoplay, ended: api.ended, src: api.src, volume: api.volume })"
    )
    assert result == {
        "paused": True,
        "muted": False,
        "loop": False,
        "controls": True,
        "autoplay": False,
        "ended": False,
        "src": uid,
        "volume": 1,
    }
    # when properties are set, then the player shows them, and sends events;
    await tab.page.evaluate(
        "Object.assign(api, { muted: true, loop: true, controls: false,"
        " playbackRate: 2, letterboxColor: 'red', primaryColor: 'blue' })"
    )
    inside = tab.page.frames[1]
    await inside.wait_for_function("() => video.muted && video.loop && video.playbackRate === 2")
    colour = "getComputedStyle(stage).backgroundColor"
    await inside.wait_for_function(f"() => {colour} === 'rgb(255, 0, 0)'")
    assert await inside.evaluate("getComputedStyle(controls).display") == "none"
    await holds(tab, "heard.includes('volumechange') && api.muted")
    # play() takes effect, and the ranges show the played media.
    await tab.page.evaluate("api.play()")
    await holds(tab, "!api.paused && api.played.length && api.played.end(0) > 0.2")
    await holds(tab, "api.buffered.length && api.seekable.end(0) > 3.5")
    # In a loop it never ends; without one it does.
    await holds(tab, "api.currentTime > 3")
    await holds(tab, "api.currentTime < 2")
    assert "ended" not in await tab.page.evaluate("heard")
    await tab.page.evaluate("void (api.loop = false)")
    await holds(tab, "heard.includes('ended') && api.ended")
    # Event listeners can be removed.
    await tab.page.evaluate(
        "window.gone = 0; window.listen = () => { gone += 1; };"
        "api.addEventListener('volumechange', listen);"
        "api.removeEventListener('volumechange', listen);"
        "heard.length = 0; api.volume = 0.5;"
    )
    await holds(tab, "heard.includes('volumechange')")
    assert await tab.page.evaluate("[gone, api.volume]") == [0, 0.5]


AT_TWO_SECONDS = "Math.abs(video.currentTime - 2) < 0.1"
WITHOUT_CONTROLS = "stage.hasAttribute('data-without-controls')"


@table(
    ("query", "claim"),
    [
        ("", "video.paused && !video.muted && video.poster.endsWith('/thumbnail.jpg')"),
        ("autoplay=true&muted=true", "!video.paused && video.muted && video.currentTime > 0.5"),
        ("startTime=2s&controls=false", f"{AT_TWO_SECONDS} && {WITHOUT_CONTROLS}"),
        (
            "startTime=0m2s&letterboxColor=transparent&primaryColor=%23f00&poster=data:image/gif,x",
            f"{AT_TWO_SECONDS} && getComputedStyle(stage).backgroundColor === 'rgba(0, 0, 0, 0)'"
            " && document.documentElement.style.cssText.includes('--accent: #f00')"
            " && video.poster === 'data:image/gif,x'",
        ),
        ("loop=true&preload=auto", "video.loop && video.buffered.end(0) > 3.5"),
    ],
)
async def test_player_sdk_bare_player_obeys_its_address(
    walk: Walk, recorded: dict[str, Any], cdn_chromium: Chromium, query: str, claim: str
) -> None:
    tab = await cdn_chromium.open(
        f"{walk.ready['http']}/{recorded['cloudflare_video_id']}?{query}", trusts_any=True
    )
    await tab.until(f"video.readyState >= 2 && {claim}")
    await tab.close()
