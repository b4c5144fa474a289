"""`make soak`: publishers, players, WHEP viewers, chat sockets, worlds and scenarios come and go.

A cycle removes all that it creates, so memory, handles, tasks, threads and the disk should stay as
they were. They are read between cycles, when no client is connected. The verdict is the slope of a
line through the readings (least squares), without the first third, in which caches fill.
"""

import argparse
import asyncio
import json
import math
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin

from websockets.sync.client import connect

from emulator.media.publisher.rtmp_client import Accepted
from emulator.platform.runs import REMEMBERED_MAX
from tests.support.encoders import film
from tests.support.live_server import Child, Walk, child
from tests.support.tag_publisher import Replay, tags_of
from tests.support.webrtc import VideoFrame, until, watching
from tests.trials.ledger import vod_of, whole_segments
from tests.trials.trial import Trial, run

_OPTIONS = ("--reconnect-window", "1", "--segment-seconds", "1")
_ENV = {
    "LIVE_EMULATOR_STREAM_CREATIONS_PER_MINUTE": "0",
    "LIVE_EMULATOR_CHAT_REPEATS_MAX": "0",
    # With its default size the log of requests would grow for the first hundred cycles.
    "LIVE_EMULATOR_REQUESTS_KEPT_MAX": "100",
}
_CHATS, _LINES = 3, 5
_PUBLISHED_SECONDS = 3
_SCENARIO = "slow-mode"
# The list of finished runs is full before the first reading.
_RUNS_BEFORE = REMEMBERED_MAX
_WAIT_SECONDS = 60
_BETWEEN_LOOKS_SECONDS = 0.05
# A failed cycle may leave something behind, and it can fail because the machine is too busy.
_FAULTS_MAX = 5
# Characters of the emulator's log that are printed at a fault.
_LOG_SHOWN = 2_000
# The largest slope per cycle. A fault needs even the lower end (two standard errors) above it.
_SLOPES_MAX = {
    "memory, KB": 20.0,
    "handles": 0.02,
    "tasks": 0.02,
    "threads": 0.02,
    "media, KB": 0.5,
    # The journal of all events is kept by design.
    "database, KB": 200.0,
}


class Slope(NamedTuple):
    """The rise of a line per cycle, and its standard error."""

    per_cycle: float
    error: float


@dataclass
class Soak:
    """The readings after each cycle."""

    readings: list[dict[str, float]]
    seconds: float = 0.0


SOAK = Soak([])


def reading(serving: Child, walk: Walk) -> dict[str, float]:
    process = Path("/proc") / str(serving.process.pid)
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    data = Path(walk.ready["data"])
    metrics = walk.get(f"{walk.ready['admin']}/metrics").text.splitlines()
    [tasks] = [line.split()[1] for line in metrics if line.startswith("live_emulator_tasks ")]
    return {
        "memory, KB": float(status["VmRSS"].split()[0]),
        "handles": float(len([*(process / "fd").iterdir()])),
        "tasks": float(tasks),
        "threads": float(status["Threads"]),
        "media, KB": _bytes(data / "media") / 1024,
        "database, KB": sum(path.stat().st_size for path in data.glob("world*")) / 1024,
    }


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def slope(values: Sequence[float]) -> Slope:
    """The least squares line through `values`, one per cycle."""
    count = len(values)
    middle, mean = (count - 1) / 2, sum(values) / count
    spread = sum((n - middle) ** 2 for n in range(count))
    rise = sum((n - middle) * (value - mean) for n, value in enumerate(values)) / spread
    rest = sum((value - mean - rise * (n - middle)) ** 2 for n, value in enumerate(values))
    return Slope(rise, math.sqrt(rest / max(1, count - 2) / spread))


def cycle(walk: Walk, number: int) -> None:
    stream = walk.create(f"Cycle {number}")
    with ExitStack() as stack:
        path = f"{walk.ready['ws']}/api/v1/streams/{stream['id']}/chat/ws?token=ak_demo"
        chats = [stack.enter_context(connect(path, proxy=None)) for _ in range(_CHATS)]
        replay = Replay(stream["rtmp_url"], stream["stream_key"])
        stack.enter_context(replay.plug)
        if not isinstance(replay.publish(), Accepted):
            raise RuntimeError("a publish was refused")
        replay.send(tags_of(film(seconds=_PUBLISHED_SECONDS)))
        walk.until_parts(stream, 0)
        _play(walk, stream)
        asyncio.run(_watch(stream, replay))
        for chat in chats:
            for line in range(_LINES):
                chat.send(json.dumps({"type": "message", "content": f"line {line}"}))
        replay.finish()
    _play_a_scenario(walk)
    _make_and_drop_a_world(walk, number)
    _remove(walk, stream)


def _play(walk: Walk, stream: dict[str, Any]) -> None:
    base = urljoin(stream["playback_url"], "stream.m3u8")
    for name in whole_segments(walk.get(base).text):
        walk.get(urljoin(base, name))


async def _watch(stream: dict[str, Any], replay: Replay) -> None:
    """Watch by WebRTC, and leave after some pictures."""
    later = [
        tag.__class__(tag.kind, tag.timestamp_ms + _PUBLISHED_SECONDS * 1000, tag.payload)
        for tag in tags_of(film(seconds=_PUBLISHED_SECONDS))
    ]
    async with watching(stream["playback"]["whep"]) as session:
        await asyncio.to_thread(replay.send, later)
        await until(lambda: session.frames(VideoFrame), "a picture comes")


def _play_a_scenario(walk: Walk) -> None:
    runs = f"{walk.ready['admin']}/scenarios"
    entry = walk.ask("POST", runs, {"name": _SCENARIO}, key=None).json
    _until(
        lambda: walk.get(f"{runs}/runs/{entry['id']}").json["state"] == "over", "the scenario ends"
    )
    walk.ask("DELETE", f"{runs}/runs/{entry['id']}", key=None)


def _make_and_drop_a_world(walk: Walk, number: int) -> None:
    admin = walk.ready["admin"]
    answer = walk.ask("POST", f"{admin}/worlds", {"name": f"soak-{number}"}, key=None)
    if answer.status != 201:
        raise RuntimeError(answer.text)
    walk.ask("DELETE", f"{admin}/worlds/soak-{number}", key=None)


def _remove(walk: Walk, stream: dict[str, Any]) -> None:
    def recording() -> dict[str, Any] | None:
        vod = vod_of(walk, stream["id"])
        return vod if vod is not None and vod["status"] == "ready" else None

    vod = _until(recording, "the recording is ready")
    walk.ask("DELETE", f"/streams/vods/{vod['id']}")
    walk.ask("DELETE", f"/streams/id/{stream['id']}")


def _until(look: Any, what: str) -> Any:
    deadline = time.monotonic() + _WAIT_SECONDS
    while not (result := look()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"timed out waiting for: {what}")
        time.sleep(_BETWEEN_LOOKS_SECONDS)
    return result


def body(trial: Trial, arguments: argparse.Namespace) -> None:
    with child(trial.folder / "data", *_OPTIONS, env=_ENV) as serving:
        walk = serving.walk()
        for _ in range(_RUNS_BEFORE):
            _play_a_scenario(walk)
        number = 0
        while trial.seconds < arguments.minutes * 60:
            number += 1
            try:
                cycle(walk, number)
            except (RuntimeError, AssertionError, OSError) as error:
                trial.fault(f"cycle {number}: {type(error).__name__}: {error}")
                print(serving.log()[-_LOG_SHOWN:], file=sys.stderr)
                if len(trial.faults) == _FAULTS_MAX or serving.process.poll() is not None:
                    break
            SOAK.readings.append(reading(serving, walk))
            SOAK.seconds = trial.seconds
            trial.progress(f"cycle {number}: {SOAK.readings[-1]}")
    judge(trial)


def judge(trial: Trial) -> None:
    for name, (rise, error) in slopes().items():
        if rise - 2 * error > _SLOPES_MAX[name]:
            trial.fault(f"{name}: {rise:+.2f} (error {error:.2f}) per cycle")


def slopes() -> dict[str, Slope]:
    """The slope of each figure; empty after fewer than five settled cycles."""
    settled = SOAK.readings[len(SOAK.readings) // 3 :]
    if len(settled) < 5:
        return {}
    return {name: slope([values[name] for values in settled]) for name in _SLOPES_MAX}


def report() -> Sequence[Sequence[object]]:
    rows: list[Sequence[object]] = [("what", "first", "last", "slope per cycle", "at most")]
    for name, (rise, error) in slopes().items():
        first, last = SOAK.readings[0][name], SOAK.readings[-1][name]
        shown = f"{rise:+.3f} ± {2 * error:.3f}"
        rows.append((name, f"{first:,.0f}", f"{last:,.0f}", shown, f"{_SLOPES_MAX[name]:g}"))
    rows.append(("cycles", len(SOAK.readings), f"in {SOAK.seconds:.0f} s", "", ""))
    return rows


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=480, help="duration (default: 480)")


if __name__ == "__main__":
    sys.exit(run("soak", body, report, options))
