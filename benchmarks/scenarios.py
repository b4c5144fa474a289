"""Scenarios: the speed of virtual runs and of parsing, and the cost of a flood in real time.

There is no peer for runs; parsing is compared with PyYAML's own loading of the same text.
"""

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from benchmarks.contest import clip, load, ours, watch
from benchmarks.contest.clip import Kind
from benchmarks.table import Section
from emulator.core.bus import Bus
from emulator.core.clock import ManualClock
from emulator.core.world_clock import WorldClock
from emulator.platform.runs import RunRequest
from emulator.scenario.engine.run import Run
from emulator.scenario.engine.runner import Runner
from emulator.scenario.language.load import load as read
from emulator.server import Emulator
from emulator.settings import Settings
from emulator.world.store.events import entries
from emulator.world.world import World

_LINES_BAR = 100_000
_ARRIVALS_BAR = 1_000_000
_DAY_SECONDS_BAR = 30.0
_DAY_MIB_BAR = 300
_VALIDATE_SECONDS_BAR = 1.0
_START_MS_BAR = 100.0
_LATE_MS_BAR = 100.0
_STEPS = 10_000
_ROUNDS = 3
_SOCKETS = 200
_LIVE_SECONDS = 10.0
_QUIET = {
    "LIVE_EMULATOR_CHAT_LINES_PER_MINUTE": "1000000",
    "LIVE_EMULATOR_ANONYMOUS_CHAT": "read",
}

_HEAD = """
scenario: Benchmark
world:
  users: [{name: ada}]
  streams: [{name: s, owner: ada, title: Measured}]
  rules: {chat_lines_per_minute: 0}
timeline:
  - stream.start: s
  - chat.settings: {stream: s, links: false, blocked_words: [cabbage], ai_moderation: true}
"""
_FLOOD = (
    _HEAD
    + "  - {for: 10s, chat.flood: {stream: s, rate: 5000/s, authors: 500,"
    + " lines: [hype, questions, emoji, spam], links: 1%, repeat: 20%}}\n"
)
_CROWD = (
    _HEAD
    + "  - {for: 1h, viewers.add: {stream: s, count: 5000000, arrivals: poisson,"
    + ' stay: "lognormal(8m, 1.0)"}}\n'
)


def measure() -> Section:
    """First in the core, then as a command, then in real time."""
    lines = [_lines_a_second() for _ in range(_ROUNDS)]
    arrivals = [_arrivals_a_second() for _ in range(_ROUNDS)]
    seconds, plain_seconds = _validating()
    started_ms = asyncio.run(_starts_ms())
    day_cpu, day_wall, day_mib = _day()
    late_ms, heard = _in_real_time()
    late_p99 = sorted(late_ms)[len(late_ms) * 99 // 100]
    rows = [
        ("what", "figure"),
        ("flood through `post`, moderation on", f"{_middle(lines):,.0f} lines a second of a core"),
        ("viewers, with stays", f"{_middle(arrivals):,.0f} arrivals a second of a core"),
        (
            "`twenty-four-hours`: 5 streams, 200,000 lines, 1,000,000 viewers",
            f"{day_cpu:.1f} s of a core, {day_wall:.1f} s by the clock, {day_mib:.0f} MiB",
        ),
        (f"reading a file of {_STEPS:,} steps", f"{seconds:.2f} s of a core"),
        ("PyYAML's own loading of that text", f"{plain_seconds:.2f} s of a core"),
        ("from an order to the first step of a run", f"{_middle(started_ms):.1f} ms"),
        (
            f"200 lines a second to {_SOCKETS} sockets with one 720p publisher, parts late",
            f"p99 {late_p99:.0f} ms (median {_middle(late_ms):.0f}, {len(late_ms)} parts)",
        ),
    ]
    bars = [
        (f"flood: {_LINES_BAR:,} lines a second of a core", _middle(lines) >= _LINES_BAR),
        (f"viewers: {_ARRIVALS_BAR:,} arrivals a second", _middle(arrivals) >= _ARRIVALS_BAR),
        (f"a day: at most {_DAY_SECONDS_BAR:g} s of a core", day_cpu <= _DAY_SECONDS_BAR),
        (f"a day: at most {_DAY_MIB_BAR} MiB", day_mib <= _DAY_MIB_BAR),
        (f"reading: at most {_VALIDATE_SECONDS_BAR:g} s", seconds <= _VALIDATE_SECONDS_BAR),
        (f"start: at most {_START_MS_BAR:g} ms", _middle(started_ms) <= _START_MS_BAR),
        (f"parts late by at most {_LATE_MS_BAR:g} ms (p99)", late_p99 <= _LATE_MS_BAR),
    ]
    notes = [
        "Seconds of a core are CPU time of the process, so that other load on the machine does not"
        f" count. In real time, the sockets got {heard:,} messages in all."
    ]
    return Section(title="Scenarios", rows=rows, bars=bars, notes=notes, packages=("pyyaml",))


def _lines_a_second() -> float:
    world, seconds = _played(_FLOOD)
    number = sum(
        len(entry.bodies)
        for kind in ("ChatPosted", "ChatHeld")
        for entry in entries(world.store, after=0, kind=kind)
    )
    world.close()
    return number / seconds


def _arrivals_a_second() -> float:
    world, seconds = _played(_CROWD)
    number = world.store.number("SELECT sum(views) FROM audience")
    world.close()
    return number / seconds


def _played(text: str) -> tuple[World, float]:
    """A world after a scenario, and the CPU seconds that it took."""
    clock, bus = WorldClock.standing(ManualClock().now_ms()), Bus()
    world = World(clock=clock, publish=bus.publish, name="scenario")
    world.store.publish_burst = bus.publish_burst
    scenario = read(text, "benchmark.yaml")
    run = Run(world=world, clock=clock, scenario=scenario, is_own_world=True)
    runner = Runner(run, bus.subscribe)

    async def play() -> None:
        async for _ in runner.play():
            pass

    gc.collect()
    began = time.process_time()
    asyncio.run(play())
    return world, time.process_time() - began


def _validating() -> tuple[float, float]:
    steps = "".join(
        f"  - {{name: step {n}, at: {n}s, log: Line number {n}}}\n" for n in range(_STEPS)
    )
    text = f"scenario: Long\ntimeline:\n{steps}"
    own = [_cpu_seconds(lambda: read(text, "long.yaml")) for _ in range(_ROUNDS)]
    plain = [_cpu_seconds(lambda: yaml.load(text, Loader=yaml.CSafeLoader)) for _ in range(_ROUNDS)]
    return _middle(own), _middle(plain)


async def _starts_ms() -> list[float]:
    """Milliseconds from an order to the first step, on a running server."""
    scenario = read("scenario: Empty\ntimeline: [{log: begun}]\n", "empty.yaml")
    times_ms = []
    async with Emulator(Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0)) as emulator:
        runs = emulator.worlds.runs
        for _ in range(20):
            began = time.perf_counter()
            entry = runs.start(RunRequest(scenario=scenario), emulator.platform)
            await entry.done.wait()
            times_ms.append((time.perf_counter() - began) * 1000)
    return times_ms


def _day() -> tuple[float, float, float]:
    """CPU seconds, seconds by the clock and peak MiB of the whole command."""
    script = (
        "import resource, sys; from emulator.cli import main; code = main(sys.argv[1:]);"
        " used = resource.getrusage(resource.RUSAGE_SELF);"
        " print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr); sys.exit(code)"
    )
    command = [sys.executable, "-c", script, "scenario", "run", "twenty-four-hours", "--json"]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    wall = time.monotonic() - began
    cpu, kib = done.stderr.split()[-2:]
    return float(cpu), wall, float(kib) / (1024 if sys.platform == "linux" else 2**20)


def _in_real_time() -> tuple[list[float], int]:
    """The delays of a publisher's parts during a flood, and the messages that its readers got."""
    film = clip.record(Kind(720, 2_500))
    with tempfile.TemporaryDirectory() as folder, ours.serving(Path(folder), **_QUIET) as server:
        stream = server.stream()
        with load.sending(film, [(stream.url, stream.key)]) as sending:
            time.sleep(3)
            readers = _Readers(server.http, stream.id, _SOCKETS)
            _order(server.http, stream.id)
            late_ms = watch.lateness_ms([stream.low_latency], sending.starts, _LIVE_SECONDS)
            return late_ms, readers.stop()


def _order(http: str, stream_id: str) -> None:
    text = (
        "scenario: Loud\n"
        f'world: {{streams: [{{name: s, existing: "{stream_id}"}}]}}\n'
        "timeline:\n  - {for: 20s, chat.flood: {stream: s, rate: 200/s, authors: 200}}\n"
    )
    order: dict[str, Any] = {"text": text, "speed": 1, "world": "this"}
    request = urllib.request.Request(
        f"{http}/_emulator/scenarios",
        json.dumps(order).encode(),
        {"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


class _Readers:
    """Sockets in another thread, which read everything."""

    def __init__(self, http: str, stream_id: str, count: int) -> None:
        self._address = f"ws://{urlsplit(http).netloc}/v1/streams/{stream_id}/chat/ws"
        self._count = count
        self._heard = 0
        self._are_there = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        self._are_there.wait()

    def stop(self) -> int:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        return self._heard

    async def _run(self) -> None:
        from websockets.asyncio.client import connect

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        sockets = [await connect(self._address) for _ in range(self._count)]
        tasks = [asyncio.create_task(self._read(socket)) for socket in sockets]
        self._are_there.set()
        await self._stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, socket: Any) -> None:
        async for _ in socket:
            self._heard += 1


def _cpu_seconds(act: Any) -> float:
    gc.collect()
    began = time.process_time()
    act()
    return time.process_time() - began


def _middle(values: list[float]) -> float:
    return statistics.median(values)


if __name__ == "__main__":
    print(measure().markdown())
