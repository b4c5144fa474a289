"""Popular players: how soon they show a picture, and whether they notice the end.

Each is npm's current version, set up as its own README says without options. Its page is opened the
moment the API says `live`, as an app does; its publisher leaves some seconds after the first
picture and does not come back.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import imageio_ffmpeg

from benchmarks.contest import ours
from benchmarks.contest.process import Missing
from benchmarks.latency import _chromium
from benchmarks.table import Section

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

_RATE = 30


@dataclass(frozen=True)
class _Broadcast:
    """A publisher, and the query of the playlist that the player opens."""

    query: str
    keyframe_seconds: float
    by: Literal["RTMP", "WHIP"] = "RTMP"

    def __str__(self) -> str:
        kind = "low latency" if self.query else "plain"
        return f"{kind}, {self.by}, key frames every {self.keyframe_seconds:g} s"


_LOW_LATENCY = "?protocol=llhls"
_BROADCASTS = (
    _Broadcast(_LOW_LATENCY, 1),
    _Broadcast(_LOW_LATENCY, 2),
    _Broadcast(_LOW_LATENCY, 8.3),
    _Broadcast("", 2),
    _Broadcast(_LOW_LATENCY, 2, "WHIP"),
    _Broadcast("", 2, "WHIP"),
)
_FIRST_SECONDS_MAX = 20
_PLAY_SECONDS = 3
_RECONNECT_WINDOW = "4s"
_END_SECONDS_MAX = 15
_PACKAGES = ("hls.js", "shaka-player", "video.js", "vidstack")
# `note` records a player's errors.
_PLAYERS = {
    "hls.js": """<video muted playsinline></video><script src="npm/hls.js/dist/hls.min.js"></script>
<script>const video = document.querySelector("video"), hls = new Hls();
hls.on("hlsError", (_, error) => { if (error.fatal) note(error.details); });
hls.on("hlsManifestParsed", () => video.play());
hls.loadSource("PLAYLIST"); hls.attachMedia(video);</script>""",
    "Shaka": """<video muted playsinline></video>
<script src="npm/shaka-player/dist/shaka-player.compiled.js"></script>
<script>const video = document.querySelector("video"), player = new shaka.Player();
player.attach(video).then(() => player.load("PLAYLIST")).then(() => video.play(),
  (error) => note(`${error.code}`));</script>""",
    "video.js": """<video muted playsinline></video>
<script src="npm/video.js/dist/video.min.js"></script>
<script>const player = videojs(document.querySelector("video"));
player.on("error", () => note(player.error().message));
player.src({ src: "PLAYLIST", type: "application/x-mpegURL" }); player.play();</script>""",
    "Vidstack": """<script type="importmap">{ "imports": {
  "lit-html": "/bench/npm/lit-html/lit-html.js", "lit-html/": "/bench/npm/lit-html/",
  "media-captions": "/bench/npm/media-captions/dist/prod.js",
  "fscreen": "/bench/npm/fscreen/dist/fscreen.esm.js",
  "@floating-ui/dom": "/bench/npm/@floating-ui/dom/dist/floating-ui.dom.browser.min.mjs",
  "@floating-ui/core": "/bench/npm/@floating-ui/core/dist/floating-ui.core.browser.min.mjs",
  "@floating-ui/utils": "/bench/npm/@floating-ui/utils/dist/floating-ui.utils.mjs",
  "@floating-ui/utils/dom": "/bench/npm/@floating-ui/utils/dist/floating-ui.utils.dom.mjs"
} }</script>
<media-player src="PLAYLIST" muted autoplay playsinline load="eager">
<media-provider></media-provider></media-player>
<script>const player = document.querySelector("media-player");
player.addEventListener("provider-change", ({ detail }) => {
  if (detail?.type === "hls") detail.library = "/bench/npm/hls.js/dist/hls.min.js";
});
player.addEventListener("hls-error", ({ detail }) => { if (detail.fatal) note(detail.details); });
</script>
<script type="module" src="npm/vidstack/prod/define/vidstack-player.js"></script>""",
}
_PAGE = """<!doctype html><script>
const opened = performance.now(), seen = { first: null, ended: null, fatal: [] };
const note = (what) => seen.fatal.push(what);
setInterval(() => {
  const video = document.querySelector("video");
  if (!video) return;
  if (video.readyState >= 2 && video.getVideoPlaybackQuality().totalVideoFrames)
    seen.first ??= performance.now() - opened;
  if (video.ended) seen.ended ??= performance.now() - opened;
}, 20);
</script>PLAYER"""


@dataclass(frozen=True)
class _Viewing:
    """Milliseconds since `live`, None for what did not happen; `fatal` has the player's errors."""

    first_ms: float | None
    ended_ms: float | None
    fatal: tuple[str, ...]

    def __str__(self) -> str:
        if self.fatal:
            return ", ".join(self.fatal)
        picture = "no picture" if self.first_ms is None else f"{self.first_ms:.0f} ms"
        return picture if self.ended_ms is not None else f"{picture}, no `ended`"


def measure() -> Section:
    """Measure each player on separate streams."""
    if shutil.which("npm") is None:
        raise Missing("npm is not installed: the players come from there.")
    rows = [["player", *map(str, _BROADCASTS)]]
    viewings: list[_Viewing] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        ours.serving(Path(folder), LIVE_EMULATOR_RECONNECT_WINDOW=_RECONNECT_WINDOW) as emulator,
        _chromium() as browser,
    ):
        modules = _installed(Path(folder) / "npm")
        for name in _PLAYERS:
            row = [_watch(browser, emulator, modules, name, broadcast) for broadcast in _BROADCASTS]
            viewings += row
            rows.append([name, *map(str, row)])
        versions = ", ".join(f"{name} {_version(modules / name)}" for name in _PACKAGES)
    notes = [
        f"From `live` to the first picture, one run each: {versions}. The publisher leaves "
        f"{_PLAY_SECONDS} s later: WHIP sends DELETE, which ends the stream at once; over RTMP the "
        f"stream ends {_RECONNECT_WINDOW} later.",
        "Vidstack plays with the same hls.js.",
    ]
    return Section(
        title="Players",
        rows=rows,
        bars=[
            ("every player shows a picture", all(v.first_ms is not None for v in viewings)),
            ("every player fires `ended`", all(v.ended_ms is not None for v in viewings)),
        ],
        notes=notes,
        packages=("playwright", "imageio-ffmpeg"),
    )


def _installed(folder: Path) -> Path:
    command = ["npm", "install", "--silent", "--no-audit", "--prefix", str(folder)]
    subprocess.run([*command, *_PACKAGES], check=True)
    return folder / "node_modules"


def _version(package: Path) -> str:
    return str(json.loads((package / "package.json").read_text("utf-8"))["version"])


def _watch(
    browser: "Browser",
    emulator: ours.Ours,
    modules: Path,
    name: str,
    broadcast: _Broadcast,
) -> _Viewing:
    """One player on one stream, from `live` to its end."""
    stream = emulator.stream()
    parts = urlsplit(stream.low_latency.replace("llhls.m3u8", "video.m3u8"))
    address = f"{parts.scheme}://{parts.netloc}/bench/"
    html = _PAGE.replace("PLAYER", _PLAYERS[name]).replace("PLAYLIST", parts.path + broadcast.query)

    def serve(route: "Route") -> None:
        path = route.request.url.removeprefix(address)
        if not path:
            route.fulfill(body=html, content_type="text/html")
            return
        file = modules / path.removeprefix("npm/")
        file = file if file.suffix else file.with_suffix(".js")
        route.fulfill(path=file, content_type="text/javascript")

    page = browser.new_page()
    page.route(f"{address}**", serve)
    with _publishing(emulator, stream, broadcast):
        while not emulator.is_live(stream):
            time.sleep(0.02)
        page.goto(address)
        _wait(page, "first", _FIRST_SECONDS_MAX)
        page.wait_for_timeout(_PLAY_SECONDS * 1000)
    _wait(page, "ended", _END_SECONDS_MAX)
    seen: Any = page.evaluate("seen")
    page.close()
    return _Viewing(seen["first"], seen["ended"], tuple(seen["fatal"]))


def _wait(page: Any, fact: str, seconds: float) -> None:
    """Wait until the page has seen it, or has a fatal error, or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if page.evaluate(f"seen.{fact} !== null || seen.fatal.length > 0"):
            return
        page.wait_for_timeout(100)


@contextmanager
def _publishing(
    emulator: ours.Ours, stream: ours.Stream, broadcast: _Broadcast
) -> Iterator["subprocess.Popen[bytes]"]:
    command = (_ffmpeg if broadcast.by == "RTMP" else _whip)(emulator, stream, broadcast)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as publisher:
        try:
            yield publisher
        finally:
            publisher.terminate()


def _ffmpeg(_: ours.Ours, stream: ours.Stream, broadcast: _Broadcast) -> list[str]:
    frames = str(round(broadcast.keyframe_seconds * _RATE))
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-re"]
    command += ["-f", "lavfi", "-i", f"testsrc2=size=640x360:rate={_RATE}"]
    command += ["-f", "lavfi", "-i", "sine=sample_rate=48000", "-c:v", "libx264"]
    command += ["-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"]
    command += ["-g", frames, "-keyint_min", frames, "-sc_threshold", "0", "-c:a", "aac"]
    return [*command, "-f", "flv", f"{stream.url}/{stream.key}"]


def _whip(emulator: ours.Ours, stream: ours.Stream, broadcast: _Broadcast) -> list[str]:
    """Publish by WHIP with the emulator's own publisher, which sends DELETE at its end."""
    command = [sys.executable, "-m", "emulator", "publish", stream.key, "--whip", emulator.http]
    command += ["--size", "640x360", "--fps", str(_RATE)]
    return [*command, "--keyframe-seconds", str(broadcast.keyframe_seconds)]


if __name__ == "__main__":
    print(measure().markdown())
