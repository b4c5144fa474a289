"""The watch page in Chromium, with a stream that a real encoder publishes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Route

from tests.support.broadcast import joined
from tests.support.browser import Chromium, Scheme
from tests.support.encoders import address_of, film, pushing
from tests.support.hls.text import Playlist, parse
from tests.support.live_server import Walk, platform, until
from tests.support.slow import slow

TITLE = 'Tea & <img src=x onerror="document.title=1"> <b>biscuits</b>'
# The segments before a late viewer comes: more than any player's default delay.
EARLIER_SEGMENTS = 8
FRAME_SECONDS = 1 / 30

# Every text of the page with its WCAG contrast (2.2, 1.4.3) against the nearest background.
CONTRAST = """() => {
  const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const numbers = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, alpha = 1] = numbers(getComputedStyle(at).backgroundColor);
      if (alpha === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const hasText = (node) => node.nodeType === 3 && node.data.trim();
  return [...document.querySelectorAll("main :not(.stage, .stage *, .avatar), footer")]
    .filter((element) => [...element.childNodes].some(hasText) && element.checkVisibility())
    .map((element) => {
      const ink = numbers(getComputedStyle(element).color).slice(0, 3);
      const [high, low] = [ink, ground(element)].map(luminance).sort((a, b) => b - a);
      return [element.textContent.trim().slice(0, 30), (high + 0.05) / (low + 0.05)];
    });
}"""


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


@pytest.fixture
def stream(walk: Walk) -> dict[str, Any]:
    return walk.create(TITLE)


def page_of(walk: Walk, uid: str, frame: str = "watch", query: str = "") -> str:
    return f"{walk.ready['http']}/{uid}/{frame}{query}"


def uid_of(stream: dict[str, Any]) -> str:
    uid: str = stream["cloudflare_stream_id"]
    return uid


def until_segments(walk: Walk, stream: dict[str, Any], name: str) -> Playlist:
    """A playlist, once the stream has run for a while."""

    def look() -> Playlist | None:
        playlist = parse(walk.media_playlist(stream, name))
        return playlist if len(playlist.segments) >= EARLIER_SEGMENTS else None

    walk.until_first_part(stream)
    until(lambda: walk.get(stream["playback_url"]).status == 200, "a segment is whole")
    return until(look, "the stream has run for a while")


def seconds_of(playlist: Playlist) -> float:
    """The end, in seconds, of a playlist that begins with its stream."""
    opened = playlist.open.parts if playlist.open else []
    whole = sum(segment.duration or 0 for segment in playlist.segments)
    return whole + sum(part.duration for part in opened)


@pytest.mark.parametrize(
    "mode",
    ["llhls", pytest.param("hls", marks=slow("a late viewer of plain HLS plays it below"))],
)
async def test_watch_page_waits_goes_live_ends_and_plays_the_recording(
    walk: Walk, stream: dict[str, Any], chromium: Chromium, mode: str
) -> None:
    # Given a page that was opened before its stream began,
    query = "?mode=hls" if mode == "hls" else ""
    tab = await chromium.open(page_of(walk, uid_of(stream), query=query))
    await tab.until("player.state === 'offline'")
    assert await tab.page.inner_text("#curtain-title") == "Waiting for the stream"

    # when an encoder publishes, the picture comes by itself, close to live,
    with pushing(address_of(stream)):
        await tab.until("player.state === 'live'")
        await tab.until_frames_follow()
        assert await tab.player("mode") == mode
        assert await tab.player("latencySeconds") > 0
        await tab.until("player.viewers === 1")
        await tab.until("document.getElementById('viewers').textContent === '1'")
        assert await tab.page.inner_text("#badge") == "Live"
        assert (await tab.page.inner_text("#latency")).endswith(" s")
        assert "320\u00d7180" in await tab.page.inner_text("#picture")

    # and when the publish is over, the page says so,
    await tab.until("player.state === 'ended' && player.status === 'ended'")
    assert await tab.page.inner_text("#badge") == "Ended"

    # and plays the recording, with sound, since the viewer switched it on.
    await tab.page.click("text=Watch from the start")
    await tab.until("player.state === 'recording'")
    await tab.until_frames_follow(10)
    assert await tab.page.evaluate("!video.muted && Number.isFinite(video.duration)")
    assert tab.hosts == {urlsplit(walk.ready["http"]).netloc}
    assert tab.complaints == []


async def test_watch_page_late_viewers_begin_near_the_edge(
    walk: Walk, stream: dict[str, Any], chromium: Chromium
) -> None:
    with pushing(address_of(stream)):
        # Given a stream that has run for a while, a viewer by low latency HLS begins where the
        # playlist allows,
        before = until_segments(walk, stream, "llhls")
        tab = await chromium.open(page_of(walk, uid_of(stream)))
        await tab.until("window.firstFrameSeconds > 0 && player.state === 'live'")
        hold_back = float(before.attributes("EXT-X-SERVER-CONTROL")["PART-HOLD-BACK"])
        assert await tab.player("hls.latestLevelDetails.partHoldBack") == hold_back
        assert await tab.page.evaluate("firstFrameSeconds") > seconds_of(before) - hold_back
        # and catches up when its first segments are loaded.
        await tab.until("player.latencySeconds < player.hls.targetLatency + 0.2")
        assert tab.complaints == []
        await tab.close()

        # A viewer by plain HLS begins two segments before the end,
        before = until_segments(walk, stream, "stream")
        tab = await chromium.open(page_of(walk, uid_of(stream), query="?mode=hls"))
        await tab.until("window.firstFrameSeconds > 0 && player.state === 'live'")
        lengths = [segment.duration or 0 for segment in before.segments]
        begun = await tab.page.evaluate("firstFrameSeconds")
        assert begun > seconds_of(before) - 2 * max(lengths) - FRAME_SECONDS
        # and not fewer, since one of them plays while the next one is made.
        assert await tab.player("hls.targetLatency") >= 2 * min(lengths)
    assert tab.complaints == []


@slow("a quick browser begins there in the test above, and plans it by the same numbers")
async def test_watch_page_slow_browser_begins_near_the_edge_too(
    walk: Walk, stream: dict[str, Any], chromium: Chromium
) -> None:
    with pushing(address_of(stream)):
        before = until_segments(walk, stream, "llhls")
        tab = await chromium.open(page_of(walk, uid_of(stream)), slowdown=8)
        await tab.until("player.state === 'live'")
        await tab.until("window.firstFrameSeconds > 0")
        hold_back = float(before.attributes("EXT-X-SERVER-CONTROL")["PART-HOLD-BACK"])
        assert await tab.page.evaluate("firstFrameSeconds") > seconds_of(before) - hold_back
    assert tab.complaints == []


async def test_watch_page_any_title_is_text(
    walk: Walk, stream: dict[str, Any], chromium: Chromium
) -> None:
    tab = await chromium.open(page_of(walk, uid_of(stream)))
    await tab.until("player.state === 'offline'")
    assert await tab.page.inner_text("h1") == TITLE

    # A title that changes is set as text, not as markup.
    changed = "<script>document.title='gone'</script> new"
    answer = walk.ask("PUT", f"/streams/id/{stream['id']}", {"title": changed})
    assert answer.status == 200, answer.text
    await tab.until(f"document.querySelector('h1').textContent === {changed!r}")
    assert await tab.page.title() == changed
    assert await tab.page.locator("main img, main script").count() == 0


@pytest.mark.parametrize(
    "width", [320, pytest.param(768, marks=slow("what fits into 320 fits into more"))]
)
async def test_watch_page_fits_into_a_narrow_window(
    walk: Walk, stream: dict[str, Any], chromium: Chromium, width: int
) -> None:
    tab = await chromium.open(page_of(walk, uid_of(stream)), width=width, height=640)
    await tab.page.click("summary")
    with pushing(address_of(stream)):
        await tab.until("player.state === 'live'")
        assert await tab.page.evaluate("document.documentElement.scrollWidth") == width
        for control in ("#play", "#mute", "#edge", "#fullscreen", "#unmute"):
            box = await tab.page.locator(control).bounding_box()
            assert box is not None, control
            assert box["x"] >= 0, control
            assert box["x"] + box["width"] <= width, control


async def test_watch_page_light_and_dark_differ_and_are_readable(
    walk: Walk, stream: dict[str, Any], chromium: Chromium
) -> None:
    pictures = []
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for scheme in schemes:
        tab = await chromium.open(page_of(walk, uid_of(stream)), scheme=scheme, is_calm=True)
        await tab.until("player.state === 'offline'")
        await tab.page.click("summary")
        texts = await tab.page.evaluate(CONTRAST)
        assert len(texts) > 10
        assert [text for text in texts if text[1] < 4.5] == []
        pictures.append(await tab.page.screenshot())
    assert pictures[0] != pictures[1]


async def test_watch_page_respects_reduced_motion(
    walk: Walk, stream: dict[str, Any], chromium: Chromium
) -> None:
    calm = await chromium.open(page_of(walk, uid_of(stream)), is_calm=True)
    usual = await chromium.open(page_of(walk, uid_of(stream)))
    count = "document.getAnimations().length"
    assert await calm.page.evaluate(count) == 0
    assert await usual.page.evaluate(count) > 0


async def test_watch_page_bare_player_fills_its_frame(
    walk: Walk, stream: dict[str, Any], chromium: Chromium
) -> None:
    tab = await chromium.open(page_of(walk, uid_of(stream), "iframe"), width=400, height=300)
    with pushing(address_of(stream)):
        await tab.until("player.state === 'live'")
        box = await tab.page.locator("#video").bounding_box()
        assert box == {"x": 0, "y": 0, "width": 400, "height": 300}
        assert await tab.page.locator("h1, footer").count() == 0
    assert tab.complaints == []


async def test_watch_page_keys_and_buttons_control_the_player(
    walk: Walk, stream: dict[str, Any], chromium: Chromium
) -> None:
    tab = await chromium.open(page_of(walk, uid_of(stream)))
    with pushing(address_of(stream)):
        await tab.until("player.state === 'live'")
        assert await tab.page.evaluate("video.muted")
        await tab.page.click("#unmute")
        await tab.until("!video.muted && unmute.hidden")
        await tab.page.focus("body")
        await tab.page.keyboard.press("m")
        await tab.until("video.muted && !unmute.hidden && !video.paused")
        await tab.page.keyboard.press("k")
        await tab.until("video.paused && play.getAttribute('aria-label') === 'Play'")
        await tab.page.keyboard.press("End")
        await tab.until("!video.paused")
        await tab.page.focus("#play")
        await tab.page.keyboard.press("Space")
        await tab.until("video.paused")


async def test_watch_page_continues_when_the_publisher_returns(chromium: Chromium) -> None:
    # Given a viewer of a stream whose publisher drops,
    with platform(reconnect_window_ms=60_000) as walk:
        stream = walk.create()
        tab = await chromium.open(page_of(walk, uid_of(stream)))
        with pushing(address_of(stream)) as push:
            await tab.until("player.state === 'live'")
            push.kill()
            await tab.until("player.state === 'interrupted'")
            assert "paused" in await tab.page.inner_text("#notice")

        # when it comes back, even with another picture size, so does the picture.
        with pushing(address_of(stream), film(size="640x360")):
            await tab.until("player.state === 'live'")
            await tab.until("video.videoWidth === 640")
            await tab.until_frames_follow()
            assert await tab.page.locator("#notice").is_hidden()
        walk.end(stream)
        await tab.until("player.state === 'ended'")


async def test_watch_page_follows_an_encoder_that_changes_its_size(
    walk: Walk, stream: dict[str, Any], chromium: Chromium, tmp_path: Path
) -> None:
    # Given one publish whose picture changes its size again and again,
    source = tmp_path / "two-sizes.flv"
    sizes = (film(seconds=2, size="640x360"), film(seconds=2))
    source.write_bytes(joined(*(size.read_bytes() for size in sizes)))
    tab = await chromium.open(page_of(walk, uid_of(stream)))
    with pushing(address_of(stream), source):
        # then a viewer sees each size,
        for width in (640, 320, 640):
            await tab.until(f"player.state === 'live' && video.videoWidth === {width}")
            await tab.until_frames_follow()
    # and sees them again in the recording.
    await tab.until("player.state === 'ended'")
    await tab.page.click("text=Watch from the start")
    for width in (640, 320):
        await tab.until(f"player.state === 'recording' && video.videoWidth === {width}")
        await tab.until_frames_follow()
    assert await tab.player("recoveries") == 0
    assert tab.complaints == []


async def test_watch_page_continues_when_the_network_returns(
    walk: Walk, stream: dict[str, Any], chromium: Chromium
) -> None:
    tab = await chromium.open(page_of(walk, uid_of(stream)))
    with pushing(address_of(stream)):
        await tab.until("player.state === 'live'")
        await tab.until_frames_follow()
        await tab.page.context.set_offline(True)
        await tab.until("player.state === 'interrupted'")
        await tab.until("!notice.hidden")
        await tab.page.context.set_offline(False)
        await tab.until("player.state === 'live'")
        await tab.until_frames_follow()
        await tab.until("player.latencySeconds < player.hls.targetLatency + 1")


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(0, marks=slow("one piece is too few to begin with, too")),
        1,
        pytest.param(4, marks=slow("one piece is too few to begin with, too")),
    ],
)
async def test_watch_page_network_that_goes_before_it_plays_is_an_interruption(
    walk: Walk, stream: dict[str, Any], chromium: Chromium, pieces: int
) -> None:
    # Given a viewer who gets nothing of the picture, or too little to begin with,
    tab = await chromium.open("about:blank")
    names: set[str] = set()

    async def end_early(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if not name.startswith("init"):
            names.add(name)
        await (route.continue_() if len(names) <= pieces else route.abort())

    await tab.page.route("**/media/*", end_early)
    with pushing(address_of(stream)):
        await tab.page.goto(page_of(walk, uid_of(stream)))
        # when no more of it comes, then the page says so,
        await tab.until("player.state === 'interrupted'")
        # and continues as soon as it comes.
        await tab.page.unroute("**/media/*")
        await tab.until("player.state === 'live'")
        await tab.until_frames_follow()


async def test_watch_page_server_that_goes_before_it_plays_is_an_interruption(
    walk: Walk, stream: dict[str, Any], chromium: Chromium
) -> None:
    # Given a viewer of a stream that is live without media,
    assert walk.ask("POST", f"/streams/id/{stream['id']}/start").status == 200
    tab = await chromium.open(page_of(walk, uid_of(stream)))
    await tab.until("player.state === 'starting'")
    # when the network fails and comes back, then the page says both.
    await tab.page.context.set_offline(True)
    await tab.until("player.state === 'interrupted'")
    assert await tab.page.locator("#curtain").is_visible()
    await tab.page.context.set_offline(False)
    await tab.until("player.state === 'starting'")


async def test_watch_page_live_stream_without_media_waits_for_its_first_frame(
    walk: Walk, stream: dict[str, Any], chromium: Chromium
) -> None:
    assert walk.ask("POST", f"/streams/id/{stream['id']}/start").status == 200
    tab = await chromium.open(page_of(walk, uid_of(stream)))
    await tab.until("player.state === 'starting'")
    with pushing(address_of(stream)):
        await tab.until("player.state === 'live'")
    assert tab.complaints == []


async def test_watch_page_ended_stream_without_media_offers_nothing(
    walk: Walk, stream: dict[str, Any], chromium: Chromium
) -> None:
    tab = await chromium.open(page_of(walk, uid_of(stream)))
    await tab.until("player.state === 'offline'")
    walk.end(stream)
    await tab.until("player.state === 'ended'")
    assert await tab.page.inner_text("#curtain-text") == "Nothing was broadcast."
    assert await tab.page.locator("#curtain-action").is_hidden()


async def test_watch_page_recording_plays_on_its_own_page(
    walk: Walk, stream: dict[str, Any], chromium: Chromium
) -> None:
    with pushing(address_of(stream), is_endless=False) as push:
        assert push.said() == ""
    vod = walk.until_vod(stream)

    tab = await chromium.open(page_of(walk, vod["cloudflare_video_id"]))
    await tab.until("player.state === 'recording'")
    await tab.until("video.ended")
    assert await tab.page.inner_text("#badge") == "Recording"
    assert abs(await tab.page.evaluate("video.duration") - vod["duration"]) < 0.1
    await tab.page.click("text=Watch again")
    await tab.until("player.state === 'recording' && video.currentTime > 0 && !video.paused")
    assert tab.complaints == []


async def test_watch_page_clip_plays_on_its_own_page_and_as_a_file(
    walk: Walk, stream: dict[str, Any], chromium: Chromium
) -> None:
    with pushing(address_of(stream), is_endless=False) as push:
        assert push.said() == ""
    walk.until_vod(stream)
    body = {"title": TITLE, "start_time": 0.7, "end_time": 1.9}
    result = walk.ask("POST", f"/streams/{stream['id']}/clips", body).json

    def look() -> dict[str, Any] | None:
        clip: dict[str, Any] = walk.ask("GET", f"/streams/clips/{result['id']}").json
        return clip if clip["status"] == "ready" else None

    clip = until(look, "the clip is cut")
    tab = await chromium.open(page_of(walk, urlsplit(clip["video_url"]).path.split("/")[-3]))
    await tab.until("player.state === 'recording'")
    await tab.until("video.ended")
    assert await tab.page.inner_text("#title") == TITLE
    assert abs(await tab.page.evaluate("video.duration") - 1.2) < 0.05
    assert tab.complaints == []
    # A <video> with the file, as in a user's own page.
    play = """(url) => new Promise((done, fail) => {
        const video = document.createElement("video");
        Object.assign(video, { src: url, muted: true, onended: () => done(video.duration) });
        video.onerror = () => fail(new Error(video.error.message));
        video.play();
    })"""
    assert abs(await tab.page.evaluate(play, clip["video_url"]) - 1.2) < 0.05


async def test_watch_page_unknown_address_gets_a_message(walk: Walk, chromium: Chromium) -> None:
    tab = await chromium.open(page_of(walk, "0" * 32))
    assert await tab.page.inner_text("h1") == "Nothing to watch here"


async def test_watch_page_deleted_stream_gets_a_message(walk: Walk, chromium: Chromium) -> None:
    stream = walk.create("Soon deleted", "ak_auto_deleting")
    tab = await chromium.open(page_of(walk, stream["cloudflare_stream_id"]))
    await tab.page.wait_for_selector(".curtain:has-text('Waiting for the stream')")

    walk.ask("DELETE", f"/streams/id/{stream['id']}", key="ak_auto_deleting")
    await tab.page.wait_for_selector(".curtain:has-text('not here any more')")
    assert await tab.page.locator("#notice").is_hidden()
