"""The delay of the picture: the time in a frame, read back from a real player in Chromium.

The built-in publisher writes the machine's milliseconds into the lowest twelfth of each frame
(emulator/media/publisher/test_card/strip.py); the watch page plays it, and a script in that page
reads it.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks.contest import nginx, ours
from benchmarks.contest.process import Missing
from benchmarks.table import Section, spread
from emulator.web.pages import assets

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_CHROMIUM = Path("/usr/bin/chromium")
_SAMPLES = 60
_SETTLE_MS = 8_000
_EVERY_MS = 250
_BAR_MS = 1000
_PLAYLIST_SECONDS = 30
_HEAD_START_SECONDS = 10
_LATE_SECONDS = 150
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

# As strip.py describes it, 68 cells: white, black, 48 bits, 16 of a checksum, black, white.
_READ = """() => {
  const video = document.querySelector("video");
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  const now = Date.now();
  const y = Math.floor(canvas.height * 23 / 24);
  const row = context.getImageData(0, y, canvas.width, 1).data;
  const cell = (n) => row[4 * Math.floor((n + 0.5) / 68 * canvas.width) + 1];
  const middle = (cell(0) + cell(1) + cell(66) + cell(67)) / 4;
  let burnt = 0;
  for (let n = 2; n < 50; n++) burnt = burnt * 2 + (cell(n) > middle ? 1 : 0);
  return now - burnt;
}"""


# The page of hls.js's own README; every other setting has its default.
_PEER_PAGE = """<!doctype html><video muted playsinline></video><script type="module">
  import Hls from "/bench/hls.mjs";
  const video = document.querySelector("video");
  const hls = new Hls();
  hls.loadSource(PLAYLIST);
  hls.attachMedia(video);
  hls.on(Hls.Events.MANIFEST_PARSED, () => video.play());
</script>"""
_HAS_BEGUN = (
    "() => document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames > 30"
)


def measure() -> Section:
    """Viewers of our watch page, one after the other, on one stream; then one of nginx-rtmp's."""
    early, plain, late = _ours()
    peer, about_peer = _nginx()
    heading = "from a frame's making to the same frame on the page"
    rows = [
        ("player", "joined after", heading, "95 % within"),
        _row("live-emulator, low latency (hls.js, parts of 100 ms)", early),
        _row("the same, another viewer", late),
        _row("live-emulator, plain HLS (hls.js, segments of 2 s)", plain),
    ]
    if peer:
        rows.append(_row("nginx-rtmp (hls.js, `hls_fragment 1s`)", peer))
    is_close = all(statistics.median(viewing.late_ms) <= _BAR_MS for viewing in (early, late))
    return Section(
        title="Latency",
        rows=rows,
        notes=[
            f"{_SAMPLES} samples each, after {_SETTLE_MS // 1000} s of playing, in a real Chromium "
            "without a GPU on the machine that also encodes. Key frames every 2 s for ours.",
            about_peer,
        ],
        bars=[(f"low latency: median at most {_BAR_MS} ms, whenever one joins", is_close)],
        packages=("playwright", "av"),
    )


@dataclass(frozen=True)
class _Viewing:
    """One viewer: the age of the stream when it joined, and the delay of each sample."""

    joined_after_seconds: float
    late_ms: list[float]


def _row(name: str, viewing: _Viewing) -> tuple[str, str, str, str]:
    within_ms = statistics.quantiles(viewing.late_ms, n=20)[-1]
    joined = f"{viewing.joined_after_seconds:.0f} s"
    return name, joined, spread(viewing.late_ms, "ms"), f"{within_ms:.0f} ms"


def _ours() -> tuple[_Viewing, _Viewing, _Viewing]:
    """A low latency viewer, a plain one, and another low latency one when the stream is older."""
    with tempfile.TemporaryDirectory() as folder, ours.serving(Path(folder)) as emulator:
        stream = emulator.stream()
        with _publishing(stream.url, stream.key) as begun, _chromium() as browser:
            page = stream.low_latency.partition("manifest/")[0] + "watch"
            early = _watch(browser, page, begun)
            plain = _watch(browser, page + "?mode=hls", begun)
            time.sleep(max(0.0, begun + _LATE_SECONDS - time.monotonic()))
            return early, plain, _watch(browser, page, begun)


def _nginx() -> tuple[_Viewing | None, str]:
    """nginx-rtmp's figures and a note; only the reason where it is not installed."""
    try:
        with tempfile.TemporaryDirectory() as folder, nginx.serving(Path(folder)) as server:
            url, key = server.address()
            with (
                _publishing(url, key, "--keyframe-seconds", "1") as begun,
                _chromium() as browser,
            ):
                viewing = _watch(browser, server.playlist(key), begun, is_peer=True)
            note = (
                f"nginx {server.version}: key frames every second, without which it cannot cut "
                "fragments of one; hls.js without options, which joins three target durations "
                "behind live."
            )
            return viewing, note
    except Missing as missing:
        return None, f"Not compared with nginx-rtmp: {missing}"


@contextmanager
def _publishing(url: str, key: str, *options: str) -> Iterator[float]:
    """Publish the built-in picture from another process. Gives the instant of its start."""
    command = [sys.executable, "-m", "emulator", "publish", key, "--url", url, "--json", *options]
    begun = time.monotonic()
    publisher = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        # A player that joins at the first fragment stays closer to live than a later one ever gets.
        time.sleep(_HEAD_START_SECONDS)
        yield begun
    finally:
        publisher.terminate()
        publisher.communicate()


@contextmanager
def _chromium() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(_CHROMIUM), args=_FLAGS)
        yield browser
        browser.close()


def _watch(browser: "Browser", address: str, begun: float, *, is_peer: bool = False) -> _Viewing:
    """Join a stream that began at `begun`, and sample it. `address`: our page, or a playlist."""
    page = browser.new_page()
    if is_peer:
        address = _page_of_peer(page, address)
    joined_after_seconds = time.monotonic() - begun
    page.goto(address)
    page.wait_for_function(_HAS_BEGUN, timeout=60_000)
    page.wait_for_timeout(_SETTLE_MS)
    latencies: list[float] = []
    for _ in range(_SAMPLES):
        lateness: Any = page.evaluate(_READ)
        # A half-drawn frame has no readable time.
        if 0 <= lateness < 60_000:
            latencies.append(float(lateness))
        page.wait_for_timeout(_EVERY_MS)
    page.close()
    if len(latencies) < _SAMPLES // 2:
        raise RuntimeError(f"only {len(latencies)} of {_SAMPLES} frames could be read")
    return _Viewing(joined_after_seconds, latencies)


def _page_of_peer(page: "Page", playlist: str) -> str:
    """A page with the same hls.js that the browser takes for the peer's own, by its origin.

    Returns its address when the playlist is there, since an HLS player does not wait for one.
    """
    parts = urlsplit(playlist)
    origin = f"{parts.scheme}://{parts.netloc}/bench"
    (hls_js,) = assets.FOLDER.glob("hls.js-*/hls.light.min.mjs")
    html = _PEER_PAGE.replace("PLAYLIST", json.dumps(parts.path))
    page.route(f"{origin}/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.route(f"{origin}/hls.mjs", lambda route: route.fulfill(path=hls_js))
    deadline = time.monotonic() + _PLAYLIST_SECONDS
    while not page.request.get(playlist).ok:
        if time.monotonic() > deadline:
            raise RuntimeError(f"there is no playlist: {playlist}")
        time.sleep(0.1)
    return f"{origin}/"


if __name__ == "__main__":
    print(measure().markdown())
