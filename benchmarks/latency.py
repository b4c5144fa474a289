"""How late the picture is: the time burnt into a frame, read back from a real player in Chromium.

The built-in publisher writes the machine's milliseconds into the lowest twelfth of each frame
(emulator/media/publisher/strip.py); the watch page plays it, and a script in that page reads it.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.contest import ours
from benchmarks.table import Section, spread

_CHROMIUM = Path("/usr/bin/chromium")
_SAMPLES = 60
_SETTLE_MS = 8_000
_EVERY_MS = 250
_BAR_MS = 1000
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


def measure() -> Section:
    """Both modes of the watch page, one after the other, on one stream."""
    with tempfile.TemporaryDirectory() as folder, ours.serving(Path(folder)) as emulator:
        stream = emulator.stream()
        command = [sys.executable, "-m", "emulator", "publish", stream.key, "--url", stream.url]
        publisher = subprocess.Popen(
            [*command, "--json"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        try:
            page = stream.low_latency.partition("manifest/")[0] + "watch"
            low, plain = _watch(page), _watch(page + "?mode=hls")
        finally:
            publisher.terminate()
            publisher.wait()
    median_ms = statistics.median(low)
    return Section(
        title="Latency",
        rows=[
            ["player", "from a frame's making to the same frame on the page"],
            ["low latency (hls.js, parts of 200 ms)", spread(low, "ms")],
            ["plain HLS (hls.js, segments of 2 s)", spread(plain, "ms")],
        ],
        notes=[
            f"{_SAMPLES} samples each, after {_SETTLE_MS // 1000} s of playing, in a real Chromium "
            "without a GPU on the machine that also encodes."
        ],
        bars=[(f"low latency: median at most {_BAR_MS} ms", median_ms <= _BAR_MS)],
        packages=("playwright", "av"),
    )


def _watch(address: str) -> list[float]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(_CHROMIUM), args=_FLAGS)
        page = browser.new_page()
        page.goto(address)
        page.wait_for_function("() => window.emulatorPlayer?.framesDecoded > 30", timeout=60_000)
        page.wait_for_timeout(_SETTLE_MS)
        found: list[float] = []
        for _ in range(_SAMPLES):
            lateness: Any = page.evaluate(_READ)
            # A frame that was caught half drawn has no time in it.
            if 0 <= lateness < 60_000:
                found.append(float(lateness))
            page.wait_for_timeout(_EVERY_MS)
        browser.close()
    if len(found) < _SAMPLES // 2:
        raise RuntimeError(f"only {len(found)} of {_SAMPLES} frames could be read")
    return found


if __name__ == "__main__":
    print(measure().markdown())
