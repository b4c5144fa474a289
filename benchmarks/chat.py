"""A chat room's fan-out, compared with the same room on bare Starlette and on Node's `ws`.

The readers are another process, which counts bytes. A server's figure is its own CPU time.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.contest import ours
from benchmarks.contest.process import Missing, Process, await_port, free_ports, running
from benchmarks.table import Section
from emulator.core.clock import ManualClock
from emulator.world.chat import messages, settings
from emulator.world.live import streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts, follows
from emulator.world.world import World

_READERS = 1_000
_SPEAKERS = 10
_CROWD = 10_000
_STALLED = 1_000
_SECONDS = 5.0
_RATE = 650
_BURST = 50
_CONTENT_LENGTH = 60
_MODULES = Path(__file__).parent / "peers/node_modules"
_QUIET = {
    "LIVE_EMULATOR_CHAT_LINES_PER_MINUTE": "1000000",
    "LIVE_EMULATOR_CHAT_PING_MS": "3600s",
    "LIVE_EMULATOR_ANONYMOUS_CHAT": "read",
}


@dataclass(frozen=True)
class Contestant:
    """A running server with one room; `path` is the address of the n-th socket."""

    process: Process
    port: int
    path: Callable[[int], str]
    settle_seconds: float = 0.0


class Load:
    """The readers' process."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.contest.chat_load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        self._child.communicate()

    def do(self, what: str, **words: Any) -> dict[str, Any]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps({"do": what, **words}) + "\n")
        self._child.stdin.flush()
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError(f"the readers ended while they did {what}")
        payload: dict[str, Any] = json.loads(line)
        return payload

    def join(self, server: Contestant, count: int, first: int = 0) -> dict[str, Any]:
        paths = [server.path(number) for number in range(first, first + count)]
        return self.do(
            "join",
            port=server.port,
            paths=paths,
            speakers=_SPEAKERS,
            settle_seconds=server.settle_seconds,
        )


@dataclass
class Figures:
    """Deliveries per second of the server's CPU, the CPU share, and the last reader's wait."""

    per_cpu_second: float
    per_second: float
    cores: float
    p50_ms: float
    p99_ms: float
    late_p99_ms: float
    is_whole: bool

    def text(self) -> str:
        behind = "" if self.is_whole else ", **fell behind**"
        return (
            f"{self.per_second:,.0f}/s on {100 * self.cores:.0f} % of a core, last reader "
            f"{self.p50_ms:.0f} ms, p99 {self.p99_ms:.0f} ms{behind}"
        )


def measure() -> Section:
    """Measure three servers in turn in the same three ways, then what only ours supports."""
    line_bytes, fan = _ours_fan()
    payload: dict[str, dict[str, Figures]] = {"live-emulator": fan}
    notes = []
    for name, serving in (("Starlette loop", _starlette), ("Node `ws`", _node)):
        try:
            payload[name] = _peer_fan(serving, line_bytes)
        except Missing as missing:
            notes.append(f"Not compared with {name}: {missing}")
    crowd = _crowd()
    stalled = _stalled()
    admitted = _admitted()
    names = list(payload)
    rows: list[tuple[str, ...]] = [("what", *names)]
    for key, title in (
        ("lone", f"one line at a time to {_READERS:,} readers"),
        ("paced", f"{_RATE} lines a second to {_READERS:,} readers"),
        ("bursts", f"bursts of {_BURST} lines to {_READERS:,} readers"),
    ):
        cells = [f"{payload[name][key].per_cpu_second:,.0f} a CPU second" for name in names]
        rows.append((f"{title}: deliveries", *cells))
        rows.append(("the same", *(payload[name][key].text() for name in names)))
    blanks = [""] * (len(names) - 1)
    rows += [(what, cell, *blanks) for what, cell in (*crowd.rows, *stalled.rows, *admitted.rows)]
    return Section(
        title="Chat",
        rows=rows,
        bars=[*_bars(payload), *crowd.bars, *stalled.bars, *admitted.bars],
        notes=[
            f"A line is {line_bytes} bytes on the wire for every server; ours are validated, "
            "moderated and journalled on disk, the peers' are parsed and sent. "
            f"{_SECONDS:g} s each; {_SPEAKERS} of the readers speak. The readers are one process "
            "on the same machine, which shares its cores with the server and whatever else runs: "
            "while it sent and read our paced lines, its own turns of 2 ms were late by up to "
            f"{fan['paced'].late_p99_ms:.0f} ms (p99), which adds to every reader's wait.",
            *notes,
        ],
        packages=("starlette", "uvicorn", "uvloop", "websockets"),
    )


@dataclass
class Part:
    """One more measurement's rows and requirements."""

    rows: list[tuple[str, str]]
    bars: list[tuple[str, bool]]


def _bars(measured: dict[str, dict[str, Figures]]) -> list[tuple[str, bool]]:
    ours_ = measured["live-emulator"]
    paced, bursts, lone = ours_["paced"], ours_["bursts"], ours_["lone"]
    bars = [
        (f"{_RATE} lines a second: at least 630,000 deliveries", paced.per_second >= 630_000),
        ("on at most 90 % of a core", paced.cores <= 0.9),
        ("the last reader's p99 at most 100 ms", paced.p99_ms <= 100),
        (
            f"bursts: 2,000,000 a CPU second ({bursts.per_cpu_second:,.0f})",
            bursts.per_cpu_second >= 2_000_000,
        ),
    ]
    for name, times, lone_times in (("Starlette loop", 6, 1.4), ("Node `ws`", 5, 1.0)):
        if name in measured:
            ratio = paced.per_cpu_second / measured[name]["paced"].per_cpu_second
            lone_ratio = lone.per_cpu_second / measured[name]["lone"].per_cpu_second
            bars += [
                (f"paced: {times} times the {name} ({ratio:.1f})", ratio >= times),
                (
                    f"lone: {lone_times} times the {name} ({lone_ratio:.2f})",
                    lone_ratio >= lone_times,
                ),
            ]
    return bars


def _ours_fan() -> tuple[int, dict[str, Figures]]:
    with _ours() as server, Load() as load:
        load.join(server, _READERS)
        size = int(load.do("size", length=_CONTENT_LENGTH)["bytes"])
        return size, _fan(load, server)


def _peer_fan(
    serving: Callable[[Path, int], AbstractContextManager[Contestant]], line_bytes: int
) -> dict[str, Figures]:
    """Measure the peer's own words around a line first, to pad its lines to our size."""
    padding = 0
    with tempfile.TemporaryDirectory() as name, serving(Path(name), 0) as server, Load() as load:
        load.join(server, _SPEAKERS)
        padding = line_bytes - int(load.do("size", length=_CONTENT_LENGTH)["bytes"]) - 2
    with (
        tempfile.TemporaryDirectory() as name,
        serving(Path(name), max(0, padding)) as server,
        Load() as load,
    ):
        load.join(server, _READERS)
        load.do("size", length=_CONTENT_LENGTH)
        return _fan(load, server)


def _fan(load: Load, server: Contestant) -> dict[str, Figures]:
    return {
        "lone": _timed(load, server, "bursts", count=1, seconds=_SECONDS),
        "bursts": _timed(load, server, "bursts", count=_BURST, seconds=_SECONDS),
        # This comes last, since a server that has fallen behind would disturb another measurement.
        "paced": _timed(load, server, "paced", rate=_RATE, seconds=_SECONDS),
    }


def _timed(
    load: Load, server: Contestant, what: str, readers: int = _READERS, **words: Any
) -> Figures:
    before = server.process.cpu_seconds()
    payload = load.do(what, **words)
    cpu_seconds = server.process.cpu_seconds() - before
    deliveries = payload["lines"] * readers
    return Figures(
        per_cpu_second=deliveries / cpu_seconds,
        per_second=deliveries / payload["seconds"],
        cores=cpu_seconds / payload["seconds"],
        p50_ms=payload["p50_ms"],
        p99_ms=payload["p99_ms"],
        late_p99_ms=payload["late_p99_ms"],
        is_whole=payload["is_whole"] and not payload["lost"],
    )


def _crowd() -> Part:
    with _ours() as server, Load() as load:
        before = server.process.memory_bytes()
        began = time.perf_counter()
        joined = load.join(server, _CROWD)
        kib = (server.process.memory_bytes() - before) / _CROWD / 1024
        load.do("size", length=_CONTENT_LENGTH)
        flood = _timed(load, server, "paced", _CROWD, rate=100, seconds=_SECONDS)
    seconds = time.perf_counter() - began
    return Part(
        rows=[
            (f"{_CROWD:,} connections in one room: memory of each", f"{kib:.1f} KiB"),
            ("their joining", f"{joined['joins_per_second']:,.0f} a second"),
            (f"100 lines a second to them ({seconds:.0f} s in all)", flood.text()),
        ],
        bars=[
            (f"memory a connection at most 50 KiB ({kib:.1f})", kib <= 50),
            (f"{_CROWD:,} readers survive a flood", flood.is_whole),
        ],
    )


def _stalled() -> Part:
    """Readers that stop reading, while a thousand others continue."""
    with _ours() as server, Load() as load:
        load.join(server, _READERS)
        load.do("size", length=_CONTENT_LENGTH)
        alone = _timed(load, server, "paced", rate=200, seconds=_SECONDS)
        paths = [server.path(number) for number in range(_READERS, _READERS + _STALLED)]
        load.do("stall", port=server.port, paths=paths)
        before = server.process.memory_bytes()
        stalled = _timed(load, server, "paced", rate=200, seconds=4 * _SECONDS)
        mib = (server.process.memory_bytes() - before) / 2**20
    return Part(
        rows=[
            (f"200 lines a second to {_READERS:,} readers", alone.text()),
            (f"the same with {_STALLED:,} more that stopped reading", stalled.text()),
            ("memory that those cost", f"{mib:.0f} MiB"),
        ],
        bars=[
            (
                f"with {_STALLED:,} stalled readers the others get all lines, p99 at most 100 ms",
                stalled.is_whole and stalled.p99_ms <= 100,
            )
        ],
    )


def _admitted() -> Part:
    """Messages per CPU second through `post`, a hundred per transaction, as in a flood."""
    clock = ManualClock()
    world = World(clock=clock, publish=lambda _: None)
    owner = accounts.make(world, "owner")
    stream = streams.create(world, owner, StreamPatch({"title": "Flood"}))
    users = [accounts.make(world, f"user{number:04}") for number in range(1_000)]
    for user in users:
        follows.follow(world, user, owner)
    asked = {
        "slow_mode_seconds": 1,
        "is_followers_only": True,
        "blocked_words": ("darn", "heck", "some phrase"),
        "are_links_allowed": False,
        "is_ai_moderated": True,
    }
    settings.change(world, stream, owner, asked)
    rates = []
    for turn in range(15):
        clock.advance(1_000)
        began = time.process_time()
        for start in range(0, len(users), 100):
            with world.change():
                for user in users[start : start + 100]:
                    line = f"line {turn} of {user.username}, have fun everybody"
                    messages.post(world, stream.id, user, line)
        rates.append(len(users) / (time.process_time() - began))
    world.close()
    rate = statistics.median(rates)
    return Part(
        rows=[("lines admitted with all moderation on", f"{rate:,.0f} a CPU second")],
        bars=[(f"at least 30,000 lines admitted a CPU second ({rate:,.0f})", rate >= 30_000)],
    )


@contextmanager
def _ours() -> Iterator[Contestant]:
    with tempfile.TemporaryDirectory() as name, ours.serving(Path(name), **_QUIET) as emulator:
        stream = emulator.stream()
        path = f"/api/v1/streams/{stream.id}/chat/ws"

        def path_of(number: int) -> str:
            return f"{path}?token=ak_auto_speaker{number}" if number < _SPEAKERS else path

        port = urlsplit(emulator.http).port or 0
        # Joins are sent as a count, at most five seconds later.
        yield Contestant(emulator.process, port, path_of, settle_seconds=6.0)


@contextmanager
def _starlette(folder: Path, padding: int) -> Iterator[Contestant]:
    script = str(Path(__file__).with_name("chat_peer.py"))
    with _serving([sys.executable, script], folder, padding) as contestant:
        yield contestant


@contextmanager
def _node(folder: Path, padding: int) -> Iterator[Contestant]:
    node = shutil.which("node")
    if node is None or not (_MODULES / "ws").exists():
        raise Missing("ws is missing: npm install --prefix benchmarks/peers ws@8")
    script = str(Path(__file__).with_name("chat_peer.js"))
    with _serving([node, script], folder, padding) as contestant:
        yield contestant


@contextmanager
def _serving(command: list[str], folder: Path, padding: int) -> Iterator[Contestant]:
    (port,) = free_ports(1)
    log = folder / "peer.log"
    with ExitStack() as stack:
        process = stack.enter_context(
            running([*command, str(port), str(padding)], log, {"NODE_PATH": str(_MODULES)})
        )
        await_port(process, port, log)
        yield Contestant(process, port, lambda _: "/room")


if __name__ == "__main__":
    print(measure().markdown())
