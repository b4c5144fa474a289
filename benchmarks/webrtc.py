"""WebRTC: the delay of the picture, a new viewer's wait for it, and the cost of peers for the
server.

The instant at which a frame was made is drawn into it
(emulator/media/publisher/test_card/strip.py), by the built-in publisher or by a script in the page
that goes live, and read back in the viewer.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imageio_ffmpeg

from benchmarks.contest import ours
from benchmarks.contest.process import Missing, await_port, free_ports, running
from benchmarks.latency import _READ, _chromium, _publishing
from benchmarks.table import Section, spread

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_SAMPLES = 60
_EVERY_MS = 150
_SETTLE_MS = 5_000
_JOINS = 8
_WINDOW_SECONDS = 12.0
_PUBLISHERS = 3
_VIEWERS = 20
# The stream's picture and sound are both transcoded for these viewers.
_CROWD = 50
_WHIP_LATE_MS, _RTMP_LATE_MS, _FIRST_MS = 250, 300, 500

# One offer, one answer; the offer contains all candidates.
_SHAKE = """
window.shake = async (peer, address) => {
  await peer.setLocalDescription();
  await new Promise((done) => {
    const look = () => peer.iceGatheringState === "complete" && done();
    peer.addEventListener("icegatheringstatechange", look); look();
  });
  const answer = await fetch(address, {
    method: "POST", headers: { "Content-Type": "application/sdp" }, body: peer.localDescription.sdp,
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
};
null;
"""
# A moving canvas with the strip of strip.py, sent as H.264.
_GO_LIVE = """async (address) => {
  const canvas = document.createElement("canvas"), width = 1280, height = 720;
  canvas.width = width; canvas.height = height;
  document.body.append(canvas);
  const pen = canvas.getContext("2d");
  const draw = () => {
    const now = Date.now(), bits = now.toString(2).padStart(48, "0");
    pen.fillStyle = "#567"; pen.fillRect(0, 0, width, height * 11 / 12);
    pen.fillStyle = "#fc3"; pen.fillRect(now / 4 % width, 200, 120, 120);
    [..."10", ...bits, ..."0".repeat(16), ..."01"].forEach((bit, cell) => {
      pen.fillStyle = bit === "1" ? "#fff" : "#000";
      pen.fillRect(cell * width / 68, height * 11 / 12, width / 68 + 1, height / 12);
    });
  };
  const peer = window.sender = new RTCPeerConnection();
  const [track] = canvas.captureStream(30).getTracks();
  setInterval(draw, 33);
  const transceiver = peer.addTransceiver(track, { direction: "sendonly" });
  transceiver.setCodecPreferences(RTCRtpSender.getCapabilities("video").codecs.filter(
    (each) => each.mimeType === "video/H264"));
  await shake(peer, address);
}"""
# Milliseconds from the page's request to its first frame.
_JOIN = """async (address) => {
  const began = performance.now(), video = document.createElement("video");
  video.muted = video.autoplay = true;
  video.srcObject = new MediaStream();
  document.body.append(video);
  const peer = window.receiver = new RTCPeerConnection();
  peer.addEventListener("track", (event) => video.srcObject.addTrack(event.track));
  for (const kind of ["audio", "video"]) peer.addTransceiver(kind, { direction: "recvonly" });
  const shown = new Promise((done) => video.requestVideoFrameCallback(done));
  await shake(peer, address);
  await shown;
  return performance.now() - began;
}"""


@dataclass(frozen=True)
class _Cost:
    """Shares of a core."""

    publisher: float
    viewer: float
    all_viewers: float
    frames_share: float
    aiortc: float


@dataclass(frozen=True)
class _Crowd:
    """Shares of a core, and threads, beyond those of the stream alone: for one viewer, and for all.

    `packets_share`: the packets of the viewer with the fewest, relative to the one with the most.
    """

    one: float
    everybody: float
    one_threads: int
    all_threads: int
    packets_share: float


def measure() -> Section:
    rtmp_ms, rtmp_first_ms = _rtmp()
    whip_ms, whip_first_ms = _whip()
    cost, crowd = _cost(), _crowd()
    first_ms = [*rtmp_first_ms, *whip_first_ms]
    return Section(
        title="WebRTC",
        rows=[
            ("what", "figure"),
            ("WHIP to WHEP, from drawing a frame to seeing it", spread(whip_ms, "ms")),
            ("RTMP to WHEP, from making a frame to seeing it", spread(rtmp_ms, "ms")),
            ("first picture of a new viewer, RTMP stream", spread(rtmp_first_ms, "ms")),
            ("the very first viewer since the start", f"{rtmp_first_ms[0]:.0f} ms"),
            ("first picture of a new viewer, WHIP stream", spread(whip_first_ms, "ms")),
            ("a WHIP publisher, 720p30 at 2.5 Mbit/s, passed through", f"{cost.publisher:.1%}"),
            ("the same received by plain aiortc, which decodes it", f"{cost.aiortc:.1%}"),
            ("a WHEP viewer of the same", f"{cost.viewer:.1%}"),
            (f"{_VIEWERS} WHEP viewers of the same", f"{cost.all_viewers:.1%}"),
            ("one WHEP viewer of a 360p30 stream with B-frames and AAC", f"{crowd.one:.1%}"),
            (f"{_CROWD} WHEP viewers of the same", f"{crowd.everybody:.1%}"),
            ("threads for one of them, and for all", f"{crowd.one_threads}, {crowd.all_threads}"),
        ],
        bars=[
            *_bars(whip_ms, rtmp_ms, first_ms, cost),
            (
                f"{_CROWD} viewers share one encode of picture and sound, "
                f"{crowd.packets_share:.0%} of the packets received",
                crowd.all_threads == crowd.one_threads and crowd.packets_share > 0.98,
            ),
        ],
        notes=[
            f"{_SAMPLES} samples each after {_SETTLE_MS // 1000} s, and {_JOINS} joins, in a real "
            "Chromium without a GPU that encodes, decodes and draws on the same cores. Key frames "
            "every 2 s. The very first viewer comes some seconds after its stream has gone live: "
            "aiortc is imported one second after that.",
            f"Costs are shares of one core, user and system time over {_WINDOW_SECONDS:.0f} s: "
            f"{_PUBLISHERS} ffmpegs that copy a film (`-f whip`), and {_VIEWERS} viewers that "
            "decode nothing in a separate process. A publisher's cost includes transcoding its "
            "sound to AAC for HLS, and writing HLS.",
        ],
        packages=("aiortc", "aioice", "av", "uvloop", "playwright", "imageio-ffmpeg"),
    )


def _bars(
    whip_ms: list[float], rtmp_ms: list[float], first_ms: list[float], cost: _Cost
) -> list[tuple[str, bool]]:
    median = statistics.median
    return [
        (f"WHIP to WHEP: median at most {_WHIP_LATE_MS} ms", median(whip_ms) <= _WHIP_LATE_MS),
        (f"RTMP to WHEP: median at most {_RTMP_LATE_MS} ms", median(rtmp_ms) <= _RTMP_LATE_MS),
        (f"first picture: at most {_FIRST_MS} ms (most {max(first_ms):.0f})",
         max(first_ms) <= _FIRST_MS),
        (f"{_VIEWERS} viewers on one core, {cost.frames_share:.0%} of the pictures received",
         cost.all_viewers <= 1 and cost.frames_share > 0.98),
    ]  # fmt: skip


def _rtmp() -> tuple[list[float], list[float]]:
    with tempfile.TemporaryDirectory() as folder, ours.serving(Path(folder)) as emulator:
        stream = emulator.stream()
        with _publishing(stream.url, stream.key), _chromium() as browser:
            return _watch(browser, emulator.http, whep_of(stream))


def _whip() -> tuple[list[float], list[float]]:
    with tempfile.TemporaryDirectory() as folder, ours.serving(Path(folder)) as emulator:
        stream = emulator.stream()
        with _chromium() as browser:
            page = _page(browser, emulator.http)
            page.evaluate(_GO_LIVE, whip_of(stream))
            deadline = time.monotonic() + 20
            while not emulator.is_live(stream):
                if time.monotonic() > deadline:
                    raise RuntimeError("the page did not go live")
                time.sleep(0.1)
            return _watch(browser, emulator.http, whep_of(stream))


def _watch(browser: "Browser", http: str, whep: str) -> tuple[list[float], list[float]]:
    """The delay of a viewer's frames, and how soon each of some others saw its first frame."""
    first_ms: list[float] = []
    for _ in range(1 + _JOINS):
        page = _page(browser, http)
        first_ms.append(float(page.evaluate(_JOIN, whep)))
        page.close()
    page = _page(browser, http)
    page.evaluate(_JOIN, whep)
    page.wait_for_timeout(_SETTLE_MS)
    late_ms: list[float] = []
    for _ in range(_SAMPLES):
        lateness: Any = page.evaluate(_READ)
        if 0 <= lateness < 60_000:
            late_ms.append(float(lateness))
        page.wait_for_timeout(_EVERY_MS)
    page.close()
    if len(late_ms) < _SAMPLES // 2:
        raise RuntimeError(f"only {len(late_ms)} of {_SAMPLES} frames could be read")
    return late_ms, first_ms


def _page(browser: "Browser", http: str) -> "Page":
    """A page of the emulator's origin without a content security policy."""
    page = browser.new_page()
    page.goto(f"{http}/_a-page-that-is-not-there")
    page.evaluate(_SHAKE)
    return page


def _cost() -> _Cost:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = _film(folder)
        publisher, viewer, everybody, share = _ours_cost(folder, film)
        return _Cost(publisher, viewer, everybody, share, _aiortc_cost(folder, film))


def _ours_cost(folder: Path, film: Path) -> tuple[float, float, float, float]:
    with ours.serving(folder) as emulator, ExitStack() as stack:
        idle = _cpu_share(emulator.process)
        streams = [emulator.stream() for _ in range(_PUBLISHERS)]
        for stream in streams:
            stack.enter_context(_sending(film, whip_of(stream)))
        time.sleep(5)
        publishing = _cpu_share(emulator.process)
        with _viewing(whep_of(streams[0]), _VIEWERS) as numbers:
            time.sleep(3)
            watched = _cpu_share(emulator.process)
            began = time.monotonic()
        seconds = time.monotonic() - began + 3 + _WINDOW_SECONDS
        pictures = sorted(numbers)[-_VIEWERS // 2 :]
        share = statistics.median(pictures) / (30 * seconds) if pictures else 0.0
    viewers = watched - publishing
    return (publishing - idle) / _PUBLISHERS, viewers / _VIEWERS, viewers, min(1.0, share)


def _aiortc_cost(folder: Path, film: Path) -> float:
    [port] = free_ports(1)
    log = folder / "aiortc.log"
    command = [sys.executable, "-m", "benchmarks.webrtc_peer", "serve", str(port)]
    with running(command, log) as process, ExitStack() as stack:
        await_port(process, port, log)
        for _ in range(_PUBLISHERS):
            stack.enter_context(_sending(film, f"http://127.0.0.1:{port}/whip"))
        time.sleep(5)
        cost = _cpu_share(process) / _PUBLISHERS
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/frames", timeout=10) as answer:
            if not int(answer.read()):
                raise RuntimeError("aiortc has decoded nothing")
        return cost


def _crowd() -> _Crowd:
    with tempfile.TemporaryDirectory() as name, ours.serving(Path(name)) as emulator:
        stream = emulator.stream()
        film = _film_with_b_frames(Path(name))
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-re"]
        command += ["-stream_loop", "-1", "-i", str(film), "-c", "copy", "-f", "flv"]
        with subprocess.Popen([*command, f"{stream.url}/{stream.key}"]) as sender:
            try:
                return _crowd_cost(emulator, whep_of(stream))
            finally:
                sender.kill()


def _crowd_cost(emulator: ours.Ours, address: str) -> _Crowd:
    time.sleep(5)
    # The first viewer makes the server import what all viewers need.
    with _viewing(address, 1, "crowd"):
        pass
    time.sleep(3)
    alone, threads = _cpu_share(emulator.process), emulator.process.threads()
    with _viewing(address, 1, "crowd"):
        time.sleep(2)
        one, one_threads = _cpu_share(emulator.process), emulator.process.threads()
    time.sleep(3)
    with _viewing(address, _CROWD, "crowd") as packets:
        time.sleep(2)
        everybody, all_threads = _cpu_share(emulator.process), emulator.process.threads()
    share = min(packets) / max(packets) if packets else 0.0
    return _Crowd(
        one - alone, everybody - alone, one_threads - threads, all_threads - threads, share
    )


def _cpu_share(process: Any) -> float:
    began, before = time.monotonic(), process.cpu_seconds()
    time.sleep(_WINDOW_SECONDS)
    return float(process.cpu_seconds() - before) / (time.monotonic() - began)


def _film(folder: Path) -> Path:
    """Twenty seconds of 720p30 as browsers send it, so that a publisher only copies."""
    path = folder / "film.mkv"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi"]
    command += ["-i", "testsrc2=size=1280x720:rate=30:duration=20", "-f", "lavfi"]
    command += ["-i", "sine=sample_rate=48000:duration=20", "-pix_fmt", "yuv420p"]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-g", "60"]
    command += ["-profile:v", "baseline", "-level", "3.1", "-bf", "0", "-b:v", "2500k"]
    command += ["-maxrate", "2500k", "-bufsize", "2500k", "-c:a", "libopus", "-ac", "2", str(path)]
    subprocess.run(command, check=True, timeout=300)
    return path


def _film_with_b_frames(folder: Path) -> Path:
    """Twenty seconds of 360p30 as OBS sends it, which no browser can show over WebRTC."""
    path = folder / "film.flv"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi"]
    command += ["-i", "testsrc2=size=640x360:rate=30:duration=20", "-f", "lavfi"]
    command += ["-i", "sine=sample_rate=48000:duration=20", "-pix_fmt", "yuv420p"]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-g", "60", "-bf", "2", "-b:v", "800k"]
    command += ["-c:a", "aac", "-ac", "2", str(path)]
    subprocess.run(command, check=True, timeout=300)
    return path


@contextmanager
def _sending(film: Path, address: str) -> Iterator[None]:
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    process = subprocess.run([ffmpeg, "-v", "error", "-muxers"], capture_output=True, check=True)
    if b" whip " not in process.stdout:
        raise Missing("this ffmpeg does not speak WHIP")
    command = [ffmpeg, "-v", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i", str(film)]
    with subprocess.Popen([*command, "-c", "copy", "-f", "whip", address]) as sender:
        try:
            yield
        finally:
            sender.kill()


@contextmanager
def _viewing(address: str, count: int, how: str = "watch") -> Iterator[list[int]]:
    """Run this many viewers; at their end the list is filled with what each of them received.

    `watch`: each track's frames, by aiortc. `crowd`: packets, by viewers that cost less.
    """
    frames: list[int] = []
    command = [sys.executable, "-m", "benchmarks.webrtc_peer", how, address, str(count)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as viewers:
        assert viewers.stdout is not None
        if viewers.stdout.readline().strip() != "ready":
            raise RuntimeError("the viewers did not get in")
        yield frames
        text, _ = viewers.communicate("", timeout=60)
        frames += json.loads(text)


def whip_of(stream: ours.Stream) -> str:
    return stream.low_latency.partition("/customer-")[0] + f"/{stream.key}/webRTC/publish"


def whep_of(stream: ours.Stream) -> str:
    return stream.low_latency.partition("manifest/")[0] + "webRTC/play"


if __name__ == "__main__":
    print(measure().markdown())
