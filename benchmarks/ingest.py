"""Ingest delays: from the TCP connection to an accepted publish, and from a publisher's start to
media.

Alternately with nginx-rtmp in the same run: its first segment and our first part.
"""

import json
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from benchmarks.contest import nginx, ours
from benchmarks.contest.process import Missing
from benchmarks.contest.publish import connect, publish
from benchmarks.table import Section, spread

_ROUNDS = 5
_PATIENCE_SECONDS = 20
_BAR_ACCEPTED_MS = 20
# How many times sooner our first part is than nginx's first segment, by key frame interval in
# seconds.
_BARS = {1: 2.5, 2: 5.0}


def measure() -> Section:
    """Rows with medians and spreads; the goals are the requirements."""
    ffmpeg = _ffmpeg()
    accepted: dict[str, list[float]] = {"live-emulator": [], "nginx-rtmp": []}
    first: dict[tuple[str, int], list[float]] = {}
    live: dict[int, list[float]] = {}
    notes = [
        f"{_ROUNDS} alternating rounds. A publisher is ffmpeg with a 720p30 picture that it makes "
        "and encodes itself, so its own start is in every figure but the first.",
        "The time of nginx's first segment is when its playlist lists it; of our first part, when "
        "its bytes have arrived.",
    ]
    with tempfile.TemporaryDirectory() as folder, ours.serving(Path(folder)) as emulator:
        for interval in _BARS:
            with tempfile.TemporaryDirectory() as other:
                try:
                    with nginx.serving(Path(other)) as peer:
                        for _ in range(_ROUNDS):
                            _ours(emulator, ffmpeg, interval, accepted, first, live)
                            _nginx(peer, ffmpeg, interval, accepted, first)
                except Missing as missing:
                    notes.append(str(missing))
                    for _ in range(_ROUNDS):
                        _ours(emulator, ffmpeg, interval, accepted, first, live)
    return Section(
        title="Ingest",
        rows=_rows(accepted, first, live),
        notes=notes,
        bars=_bars(accepted, first),
        packages=("uvloop", "imageio-ffmpeg"),
    )


def _ours(
    emulator: ours.Ours,
    ffmpeg: str,
    interval: int,
    accepted: dict[str, list[float]],
    first: dict[tuple[str, int], list[float]],
    live: dict[int, list[float]],
) -> None:
    accepted["live-emulator"].append(_accepted_ms(*emulator.address()))
    stream = emulator.stream()
    with _Publisher(ffmpeg, interval, f"{stream.url}/{stream.key}") as publisher:
        _until(lambda: emulator.is_live(stream))
        live.setdefault(interval, []).append(publisher.age_ms)
        base = stream.low_latency.partition("manifest/")[0]
        _fetch(f"{base}media/part-0.m4s?wait=1")
        first.setdefault(("live-emulator", interval), []).append(publisher.age_ms)


def _nginx(
    peer: nginx.Nginx,
    ffmpeg: str,
    interval: int,
    accepted: dict[str, list[float]],
    first: dict[tuple[str, int], list[float]],
) -> None:
    accepted["nginx-rtmp"].append(_accepted_ms(*peer.address()))
    url, key = peer.address()
    with _Publisher(ffmpeg, interval, f"{url}/{key}") as publisher:
        _until(lambda: b"#EXTINF" in (_try(peer.playlist(key)) or b""))
        first.setdefault(("nginx-rtmp", interval), []).append(publisher.age_ms)


def _accepted_ms(url: str, key: str) -> float:
    with connect(url) as connection:
        began = time.perf_counter()
        publish(connection, url, key)
        return (time.perf_counter() - began) * 1000


class _Publisher:
    """An ffmpeg that pushes until the block ends; `age_ms` counts from its spawn."""

    def __init__(self, ffmpeg: str, interval: int, address: str) -> None:
        self._command = [ffmpeg, "-v", "error", "-nostdin", "-re"]
        self._command += ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30"]
        self._command += ["-f", "lavfi", "-i", "sine=sample_rate=48000"]
        self._command += ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"]
        self._command += ["-g", str(30 * interval), "-c:a", "aac", "-f", "flv", address]

    def __enter__(self) -> "_Publisher":
        self._began = time.perf_counter()
        self._process = subprocess.Popen(self._command, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def age_ms(self) -> float:
        return (time.perf_counter() - self._began) * 1000


def _until(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not look():
        if time.monotonic() > deadline:
            raise TimeoutError("no media came")
        time.sleep(0.002)


def _fetch(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=_PATIENCE_SECONDS) as answer:
        content: bytes = answer.read()
        return content


def _try(address: str) -> bytes | None:
    try:
        return _fetch(address)
    except urllib.error.HTTPError:
        return None


def _ffmpeg() -> str:
    import imageio_ffmpeg

    return shutil.which("ffmpeg") or str(imageio_ffmpeg.get_ffmpeg_exe())


def _rows(
    accepted: dict[str, list[float]],
    first: dict[tuple[str, int], list[float]],
    live: dict[int, list[float]],
) -> list[list[str]]:
    rows = [["what", "live-emulator", "nginx-rtmp"]]
    rows.append(
        [
            "TCP connection to publish accepted",
            *(spread(times, "ms", 1) if times else "" for times in accepted.values()),
        ]
    )
    for interval in _BARS:
        keys = f"key frames every {interval} s"
        rows.append([f"publisher's start to `live`, {keys}", spread(live[interval], "ms"), ""])
        both = [first.get((name, interval)) for name in accepted]
        cells = [spread(times, "ms") if times else "" for times in both]
        rows.append([f"publisher's start to first media, {keys}", *cells])
    return rows


def _bars(
    accepted: dict[str, list[float]], first: dict[tuple[str, int], list[float]]
) -> list[tuple[str, bool]]:
    own_ms = statistics.median(accepted["live-emulator"])
    bars = [(f"accepted within {_BAR_ACCEPTED_MS} ms", own_ms <= _BAR_ACCEPTED_MS)]
    for interval, bar in _BARS.items():
        peer = first.get(("nginx-rtmp", interval))
        if peer:
            ratio = statistics.median(peer) / statistics.median(first["live-emulator", interval])
            bars.append(
                (
                    f"first part {bar} times as soon as nginx's first segment at key frames every "
                    f"{interval} s (measured: {ratio:.1f})",
                    ratio >= bar,
                )
            )
    return bars


if __name__ == "__main__":
    print(json.dumps(measure().rows, indent=1))
