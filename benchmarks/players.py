"""Players: how soon hls.js, Shaka and video.js show a picture, and whether they notice the end.

Each is what npm has now, set up as its own README says and with no option changed. Its page is
opened the moment the API says `live`, as an app does it, and shows the broadcast to its end.
"""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import imageio_ffmpeg

from benchmarks.contest import ours
from benchmarks.contest.process import Missing
from benchmarks.latency import _chromium
from benchmarks.table import Section

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_KEY_FRAMES = (30, 60, 250)
_RATE = 30
_WATCH_SECONDS = 20
_END_SECONDS = 30
_PACKAGES = ("hls.js", "shaka-player", "video.js")
_PLAYERS = {
    "hls.js": ("hls.js/dist/hls.min.js", "const hls = new Hls(); window.player = hls;"
        "hls.on('hlsError', (_, e) => note(e.fatal ? 'FATAL ' + e.details : e.details));"
        "hls.on('hlsManifestParsed', () => video.play());"
        "hls.loadSource(PLAYLIST); hls.attachMedia(video);"),
    "Shaka": ("shaka-player/dist/shaka-player.compiled.js",
        "shaka.polyfill.installAll(); const player = new shaka.Player(); window.player = player;"
        "player.addEventListener('error', (e) => note('error ' + (e.detail.code ?? e.detail)));"
        "player.attach(video).then(() => player.load(PLAYLIST)).then(() => video.play(),"
        " (e) => note('FATAL ' + e.code + ' ' + e));"),
    "video.js": ("video.js/dist/video.min.js",
        "const player = videojs(video); window.player = player;"
        "player.on('error', () => note('FATAL ' + player.error().message));"
        "player.src({ src: PLAYLIST, type: 'application/x-mpegURL' }); player.play();"),
}  # fmt: skip
_PAGE = """<!doctype html><video id="video" muted playsinline></video>
<script src="/bench/player.js"></script><script>
const opened = performance.now(), video = document.getElementById("video");
const seen = { first: null, ended: null, errors: {} };
const note = (what) => { seen.errors[what] = (seen.errors[what] ?? 0) + 1; };
const frame = () => { seen.first ??= performance.now() - opened; };
video.requestVideoFrameCallback(frame);
video.addEventListener("ended", () => { seen.ended = performance.now() - opened; });
SCRIPT
</script>"""


@dataclass(frozen=True)
class _Viewing:
    """Milliseconds since `live`, None for what did not happen; `fatal` is what a player said."""

    first_ms: float | None
    ended_ms: float | None
    fatal: tuple[str, ...]


def measure() -> Section:
    """Each player on a stream of its own, for each distance of key frames."""
    if shutil.which("npm") is None:
        raise Missing("npm is not installed: the players come from there.")
    heading = [f"key frames every {frames / _RATE:.1f} s" for frames in _KEY_FRAMES]
    rows: list[list[str]] = [["player", *heading, "`ended` after the broadcast's end"]]
    with (
        tempfile.TemporaryDirectory() as folder,
        ours.serving(Path(folder)) as emulator,
        _chromium() as browser,
    ):
        modules = Path(folder) / "npm"
        command = ["npm", "install", "--silent", "--no-audit", "--prefix", str(modules)]
        subprocess.run([*command, *_PACKAGES], check=True)
        for name in _PLAYERS:
            seen = [
                _watch(browser, emulator, modules / "node_modules", name, frames)
                for frames in _KEY_FRAMES
            ]
            ended = all(viewing.ended_ms is not None for viewing in seen)
            rows.append([name, *map(_first, seen), "yes" if ended else "no"])
    note = (
        f"Low latency playlist, one run each; a player is given {_WATCH_SECONDS} s, and "
        f"{_END_SECONDS} s after its publisher has gone."
    )
    return Section(
        title="Players", rows=rows, notes=[note], packages=("playwright", "imageio-ffmpeg")
    )


def _first(viewing: _Viewing) -> str:
    if viewing.fatal:
        return ", ".join(viewing.fatal)
    return "no picture" if viewing.first_ms is None else f"{viewing.first_ms:.0f} ms"


def _watch(
    browser: "Browser", emulator: ours.Ours, modules: Path, name: str, frames: int
) -> _Viewing:
    """One player on one stream, from `live` to its end."""
    stream = emulator.stream()
    parts = urlsplit(stream.low_latency.replace("llhls.m3u8", "video.m3u8"))
    origin = f"{parts.scheme}://{parts.netloc}"
    script, start = _PLAYERS[name]
    playlist = json.dumps(f"{parts.path}?protocol=llhls")
    html = _PAGE.replace("SCRIPT", start.replace("PLAYLIST", playlist))
    page = browser.new_page()
    page.route(f"{origin}/bench/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.route(f"{origin}/bench/player.js", lambda route: route.fulfill(path=modules / script))
    with _publishing(stream.url, stream.key, frames):
        while not emulator.is_live(stream):
            time.sleep(0.02)
        page.goto(f"{origin}/bench/")
        page.wait_for_timeout(_WATCH_SECONDS * 1000)
    deadline = time.monotonic() + _END_SECONDS
    while time.monotonic() < deadline and page.evaluate("seen.ended") is None:
        page.wait_for_timeout(200)
    seen: Any = page.evaluate("seen")
    page.close()
    fatal = tuple(error for error in seen["errors"] if error.startswith("FATAL"))
    return _Viewing(seen["first"], seen["ended"], fatal)


@contextmanager
def _publishing(url: str, key: str, gop: int) -> Iterator["subprocess.Popen[bytes]"]:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-re"]
    command += ["-f", "lavfi", "-i", f"testsrc2=size=640x360:rate={_RATE}"]
    command += ["-f", "lavfi", "-i", "sine=sample_rate=48000", "-c:v", "libx264"]
    command += ["-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"]
    command += ["-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0", "-c:a", "aac"]
    with subprocess.Popen([*command, "-f", "flv", f"{url}/{key}"]) as publisher:
        try:
            yield publisher
        finally:
            publisher.terminate()


if __name__ == "__main__":
    print(measure().markdown())
