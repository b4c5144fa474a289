"""A live stream in several sizes: aligned, valid, switched by a player, and in the VOD."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from emulator.web.pages import assets
from tests.support.browser import Chromium
from tests.support.docs import PROJECT, commands
from tests.support.encoders import address_of, film, play, pushing
from tests.support.hls.media_rules import check_media
from tests.support.hls.multivariant_rules import check_multivariant
from tests.support.hls.reload_rules import check_reload
from tests.support.hls.text import parse
from tests.support.live_server import Walk, child, platform, seconds_in, until
from tests.support.required_programs import need
from tests.support.webrtc import ask, publishing

PAGE = PROJECT / "docs/how-to/renditions.md"

HLS_JS = f"{assets.load().address}/hls.js-1.7.4/hls.light.min.mjs"
# An hls.js page that is told which size to show next. `window.height` is the shown picture's.
PLAYER = """async ([script, address]) => {
  const { default: Hls } = await import(script);
  const video = document.createElement("video");
  video.muted = true;
  document.body.append(video);
  const hls = new Hls();
  hls.on(Hls.Events.MANIFEST_PARSED, () => { hls.currentLevel = 0; video.play(); });
  hls.loadSource(address);
  hls.attachMedia(video);
  Object.assign(window, { hls, video });
}"""


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform(renditions=("240p", "144p")) as walk:
        yield walk


def variants(walk: Walk, address: str) -> list[str]:
    """The addresses in a multivariant playlist, which keeps the rules."""
    text = walk.get(address).text
    assert check_multivariant(text) == []
    return [urljoin(address, line) for line in text.splitlines() if not line.startswith("#")]


def test_renditions_are_aligned_with_their_source_and_kept_in_the_vod(walk: Walk) -> None:
    stream = walk.create()
    with pushing(address_of(stream), film(size="640x360", video="libx264 -g 30 -bf 2")):
        # Given a stream that is live in three sizes,
        walk.until_parts(stream, 16)
        names = variants(walk, stream["playback"]["llhls"])
        assert len(names) == 3
        texts = [walk.get(address).text for address in names]
        assert [check_media(text) for text in texts] == [[], [], []]
        assert all(text.count("#EXT-X-RENDITION-REPORT:") == 2 for text in texts)

        # their segments have the same numbers, lengths and dates,
        shapes = [
            [(segment.msn, segment.duration, segment.date) for segment in parse(text).segments]
            for text in texts
        ]
        common = min(map(len, shapes))
        assert common
        assert shapes[0][:common] == shapes[1][:common] == shapes[2][:common]

        # their reloads keep the rules,
        later = walk.get(f"{names[1]}?_HLS_msn={parse(texts[1]).segments[-1].msn + 2}").text
        assert check_reload(texts[1], later) == []
        assert walk.ingest(stream)["renditions"] == ["240p", "144p"]

    # and the VOD has all of them, each as long as the stream.
    vod = walk.until_vod(stream)
    assert [quality["label"] for quality in vod["qualities"]] == ["360p", "240p", "144p"]
    lengths = [
        seconds_in(walk.get(address).text) for address in variants(walk, vod["playback_url"])
    ]
    assert lengths == pytest.approx([lengths[0]] * 3, abs=0.1)


def shapes(walk: Walk, addresses: list[str]) -> list[list[tuple[object, ...]]]:
    """Each playlist's segments: their numbers, lengths and dates."""
    return [
        [
            (segment.msn, segment.duration, segment.date)
            for segment in parse(walk.get(address).text).segments
        ]
        for address in addresses
    ]


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_renditions_of_a_browser_stream_exist_too(walk: Walk, codec: str) -> None:
    # Given a stream by WHIP, passed through or transcoded, in three sizes,
    stream = walk.create()
    source = film(size="640x360")
    async with publishing(stream["ingest"]["webrtc_url"], source, codec=codec):
        await ask(lambda: walk.until_parts(stream, 12), "parts come")
        result = await ask(lambda: variants(walk, stream["playback"]["llhls"]), "its sizes")
        assert len(result) == 3
        # then the smaller sizes are cut where the source is cut,
        now = await ask(lambda: shapes(walk, result), "its segments")
        common = min(map(len, now))
        assert common
        assert now[0][:common] == now[1][:common] == now[2][:common]
        assert (await ask(lambda: walk.ingest(stream), "its health"))["renditions"] == [
            "240p",
            "144p",
        ]
    # and its VOD has all of them.
    vod = await ask(lambda: walk.until_vod(stream), "the VOD is ready")
    assert [quality["label"] for quality in vod["qualities"]] == ["360p", "240p", "144p"]
    lengths = [
        seconds_in(walk.get(address).text) for address in variants(walk, vod["playback_url"])
    ]
    assert lengths == pytest.approx([lengths[0]] * 3, abs=0.2)


async def test_renditions_player_switches_between_sizes(walk: Walk, chromium: Chromium) -> None:
    stream = walk.create()
    with pushing(address_of(stream), film(size="640x360")):
        walk.until_parts(stream, 8)
        # A page that allows playback, and plays nothing itself.
        idle = walk.create()["cloudflare_stream_id"]
        tab = await chromium.open(f"{walk.ready['http']}/{idle}/watch")
        await tab.page.evaluate(PLAYER, [HLS_JS, stream["playback"]["llhls"]])
        await tab.page.wait_for_function("() => video.videoHeight > 0 && video.currentTime > 0")
        heights = await tab.page.evaluate("hls.levels.map((level) => level.height)")
        assert sorted(heights) == [144, 240, 360]

        for height in (360, 144, 240):
            await tab.page.evaluate(f"hls.currentLevel = {heights.index(height)}")
            await tab.page.wait_for_function(f"() => video.videoHeight === {height}")
        assert not await tab.page.evaluate("video.error")


def test_renditions_are_dropped_alone_when_encoders_are_too_slow() -> None:
    with platform(renditions=("240p", "144p"), renditions_behind_ms=500) as walk:
        stream = walk.create()
        source = film(size="640x360", seconds=20)
        with pushing(address_of(stream), source, is_paced=False):
            until(lambda: walk.ingest(stream).get("renditions") == [], "both were dropped")
            warnings = " ".join(walk.ingest(stream)["warnings"])
            assert "240p was dropped" in warnings
            assert "144p was dropped" in warnings
            # The source plays as without renditions,
            address = stream["playback"]["llhls"]
            assert len(variants(walk, address)) == 1
            walk.until_parts(stream, 20)
            walk.end(stream)
        # and so does its VOD.
        vod: dict[str, Any] = walk.until_vod(stream)
        assert vod["duration"] > 4
        assert len(variants(walk, vod["playback_url"])) == 1
        payload = walk.get(f"{walk.ready['admin']}/events?kind=RenditionDropped").json["events"]
        assert len(payload) == 2


def test_renditions_commands_of_the_page_work_and_kill_9_keeps_all_sizes(tmp_path: Path) -> None:
    # Given the server of the page, and the stream of its `curl`,
    serve, curl = (shown.line for shown in commands(PAGE))
    with child(tmp_path / "data", *serve.removeprefix("live-emulator serve ").split()) as server:
        walk = server.walk()
        stream = walk.create()
        with pushing(address_of(stream), film(size="640x360")):
            walk.until_first_part(stream)
            folder = stream["playback_url"].rsplit("/", 2)[0]
            line = curl.replace("http://127.0.0.1:8787/UID", folder)
            command = [need("curl"), "-sS", *shlex.split(line)[1:]]
            process = subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=60
            )
            assert re.findall("RESOLUTION=([0-9x]+)", process.stdout) == ["640x360", "426x240"]
            walk.until_parts(stream, 10)
            server.process.kill()

    # when it is killed and started again, the VOD has both sizes.
    with child(tmp_path / "data") as server:
        walk = server.walk()
        vod = walk.until_vod(stream)
        assert [quality["label"] for quality in vod["qualities"]] == ["360p", "240p"]
        lengths = [
            seconds_in(walk.get(address).text) for address in variants(walk, vod["playback_url"])
        ]
        assert lengths[0] - 1 < lengths[1] <= lengths[0]


# However slow the machine is, no size is given up.
PATIENT = {"LIVE_EMULATOR_RENDITIONS_BEHIND_MS": "10m", "LIVE_EMULATOR_SEGMENT_SECONDS": "1"}


def has_segment(walk: Walk, address: str) -> bool:
    return bool(parse(walk.get(address).text).segments)


def have_equal_lengths(walk: Walk, addresses: list[str]) -> bool:
    lengths = [
        sum(segment.duration or 0 for segment in parse(walk.get(address).text).segments)
        for address in addresses
    ]
    return max(lengths) - min(lengths) < 0.5


def has_discontinuity(walk: Walk, address: str) -> bool:
    return "#EXT-X-DISCONTINUITY\n" in walk.get(address).text


def test_renditions_continue_after_a_killed_server(tmp_path: Path) -> None:
    data, source = tmp_path / "data", film(size="640x360")
    # Given a stream that is live in three sizes when its server is killed,
    options = ("--renditions", "240p,144p", "--reconnect-window", "1h")
    with child(data, *options, env=PATIENT) as server:
        walk = server.walk()
        stream = walk.create()
        with pushing(address_of(stream), source):
            walk.until_first_part(stream)
            names = variants(walk, stream["playback"]["llhls"])
            for address in names:
                until(partial(has_segment, walk, address), "it has a segment")
        # Frames that are not encoded at the kill are lost, so wait until all are encoded.
        until(lambda: have_equal_lengths(walk, names), "the smaller sizes have caught up")
        server.process.kill()

    # when the next process has started, none of its playlists has ended,
    sizes = ("--renditions", "144p", "--reconnect-window", "1h")
    with child(data, *sizes, env=PATIENT) as server:
        walk = server.walk()
        now = walk.stream(stream)
        names = variants(walk, now["playback"]["llhls"])
        assert len(names) == 3
        before = [walk.get(address).text for address in names]
        assert not any("#EXT-X-ENDLIST" in text for text in before)

        # and when its publisher is back, the size that is still configured continues with its
        # source,
        with pushing(address_of(now | {"stream_key": stream["stream_key"]}), source):
            for address in (names[0], names[2]):
                until(partial(has_discontinuity, walk, address), "the size continues")
        later = [walk.get(address).text for address in names]
        assert ["#EXT-X-ENDLIST" in text for text in later] == [False, True, False]
        assert walk.end(stream).status == 200

        # and both are complete in the VOD.
        vod = walk.until_vod(stream)
        assert [quality["label"] for quality in vod["qualities"]] == ["360p", "240p", "144p"]
        played = [play(address) for address in variants(walk, vod["playback_url"])]
        assert len(played[2].video) == pytest.approx(len(played[0].video), abs=30)
        assert played[2].video == sorted(played[2].video)
        assert len(played[1].video) < len(played[2].video)
