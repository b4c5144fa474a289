"""The cost of separate worlds: made, reset, kept by the thousand, compared with `emulate`."""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from benchmarks.contest import emulate
from benchmarks.contest.process import Missing
from benchmarks.table import Section, spread
from emulator.core.clock import Clock, ManualClock, SystemClock, wall_ns
from emulator.machine.memory import Heap
from emulator.seeding import file
from emulator.seeding.template import Template, seed_state
from emulator.server import Emulator
from emulator.world.chat import messages
from emulator.world.live import streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts, follows
from emulator.world.rules import RulesConfig
from emulator.world.world import World

_ROUNDS = 300
_WORLDS = 1_000
_LINES = 20
_RESET_MS_MAX = 1.0
_RESET_HTTP_MS_MAX = 5.0
_MAKE_MS_MAX = 2.0
_RESTING_KIB_MAX = 400
_PEER_TIMES_MAX = 3.0


def measure() -> Section:
    """Memory first, before anything was freed; then the core, a folder, HTTP, and the peer."""
    template = Template(seed_state(file.read("default"), RulesConfig()))
    (each_kib, resting_kib), rows_new = _world_kib(template), _facts(template)
    core = _in_the_core(template)
    core["the first read of a world that rests, in the core"] = _wakes(template)
    core["reset a world on disk"] = _on_disk(template)
    http = asyncio.run(_over_http())
    rows = [("what", "median (least to most)")]
    rows += [(name, spread(times_ms, "ms", 2)) for name, times_ms in {**core, **http}.items()]
    rows.append((f"memory of a world, of {_WORLDS:,} in one process", f"{each_kib:.0f} KiB"))
    rows.append(("the same once it is unused (`world_rest_ms`)", f"{resting_kib:.0f} KiB"))
    reset_ms = core[_RESET]
    bars = [
        (f"memory of a world at rest: {_RESTING_KIB_MAX:g} KiB", resting_kib <= _RESTING_KIB_MAX),
        (f"reset in the core: {_RESET_MS_MAX:g} ms", _median(reset_ms) <= _RESET_MS_MAX),
        (
            f"reset in the core where times are moved: {_RESET_MS_MAX:g} ms",
            _median(core[_LATER]) <= _RESET_MS_MAX,
        ),
        (
            f"reset over HTTP: {_RESET_HTTP_MS_MAX:g} ms",
            _median(http[_HTTP_RESET]) <= _RESET_HTTP_MS_MAX,
        ),
        (f"make in the core: {_MAKE_MS_MAX:g} ms", _median(core[_MAKE]) <= _MAKE_MS_MAX),
    ]
    notes = [
        "Before each reset, a test has written (not measured): an account, a follow, a stream"
        f" that goes live with two tags, {_LINES} lines of chat. A new world has {rows_new:,} rows."
    ]
    try:
        peer_ms = emulate.reset_ms()
        rows.append(
            (
                f"`emulate` {emulate.version()}: `reset()` of its GitHub service",
                spread(peer_ms, "ms", 2),
            )
        )
        times, later = (_median(core[name]) / _median(peer_ms) for name in (_RESET, _LATER))
        bars.append(
            (f"reset: at most {_PEER_TIMES_MAX:g} times the peer's", times <= _PEER_TIMES_MAX)
        )
        notes.append(
            f"Our reset takes {times:.1f} times the peer's, {later:.1f} where times are moved."
            " The peer's seed has two rows, and nothing was written before."
        )
    except Missing as missing:
        notes.append(f"Not compared with emulate: {missing}")
    return Section(title="Worlds", rows=rows, bars=bars, notes=notes, packages=("starlette",))


_MAKE = "make a world, in the core"
_RESET = "reset a world, in the core"
_LATER = "the same, where another second has begun: its times are moved"
_HTTP_MAKE = "make a world, over HTTP"
_HTTP_RESET = "reset a world, over HTTP"
_HTTP_IDLE = "a call without work, over HTTP"


def _in_the_core(template: Template) -> dict[str, list[float]]:
    worlds: list[World] = []
    clock = ManualClock(wall_ns() // 1_000_000)
    world = _make(template, clock, "later")

    def live_on() -> None:
        _live(world)
        clock.advance(1_000)

    payload = {
        _MAKE: _times(lambda: worlds.append(_make(template, SystemClock(), f"w{len(worlds)}"))),
        _RESET: _times(lambda: template.restore(worlds[0]), lambda: _live(worlds[0])),
        _LATER: _times(lambda: template.restore(world), live_on),
        "restore a snapshot, in the core": _restores(worlds[0]),
    }
    for opened in (world, *worlds):
        opened.close()
    return payload


def _restores(world: World) -> list[float]:
    _live(world)
    snapshot = world.store.copy()
    times_ms = _times(lambda: world.load(snapshot), lambda: _live(world, "late"))
    snapshot.close()
    return times_ms


def _on_disk(template: Template) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        world = World(clock=SystemClock(), publish=lambda _: None, path=f"{folder}/world.sqlite3")
        template.restore(world)
        times_ms = _times(lambda: template.restore(world), lambda: _live(world))
        world.close()
    return times_ms


def _world_kib(template: Template) -> tuple[float, float]:
    """KiB of a world in use, and at rest."""
    before = _resident_bytes()
    worlds = [_make(template, SystemClock(), f"w{number}") for number in range(_WORLDS)]
    in_use = (_resident_bytes() - before) / _WORLDS / 1024
    for world in worlds:
        _rest(world)
    Heap().give_back()
    at_rest = (_resident_bytes() - before) / _WORLDS / 1024
    for world in worlds:
        world.close()
    return in_use, at_rest


def _rest(world: World) -> None:
    """Put a world at rest, as after a minute without requests."""
    world.store.rest()
    world.store.rest()


def _wakes(template: Template) -> list[float]:
    world = _make(template, SystemClock(), "tired")
    times_ms = _times(
        lambda: world.store.number("SELECT count(*) FROM users"), lambda: _rest(world)
    )
    world.close()
    return times_ms


def _make(template: Template, clock: Clock, name: str) -> World:
    return template.make(clock, lambda _: None, RulesConfig(), name)


def _live(world: World, username: str = "ada") -> None:
    """Write what a typical test writes."""
    demo = accounts.by_api_key(world, "ak_demo")
    author = accounts.make(world, username)
    follows.follow(world, demo, author)
    stream = streams.create(world, author, StreamPatch({"title": "A test", "tags": ["one", "two"]}))
    streams.start(world, stream)
    for number in range(_LINES):
        messages.post(world, stream.id, demo, f"line {number}")


async def _over_http() -> dict[str, list[float]]:
    resets, makes, idle = [], [], []
    async with Emulator() as emulator, httpx.AsyncClient(base_url=emulator.ready["admin"]) as http:
        for number in range(_ROUNDS // 3):
            _live(emulator.platform.world)
            resets.append(await _ms(http, "POST", "/reset", {}))
            makes.append(await _ms(http, "POST", "/worlds", {"name": f"w{number}"}))
            idle.append(await _ms(http, "GET", "/health"))
    return {_HTTP_MAKE: makes, _HTTP_RESET: resets, _HTTP_IDLE: idle}


async def _ms(
    http: httpx.AsyncClient, method: str, path: str, body: dict[str, str] | None = None
) -> float:
    began = time.perf_counter()
    answer = await http.request(method, path, json=body)
    elapsed_ms = (time.perf_counter() - began) * 1000
    answer.raise_for_status()
    return elapsed_ms


def _times(act: Callable[[], object], before: Callable[[], object] = lambda: None) -> list[float]:
    times_ms = []
    for _ in range(_ROUNDS):
        before()
        began = time.perf_counter()
        act()
        times_ms.append((time.perf_counter() - began) * 1000)
    return times_ms


def _facts(template: Template) -> int:
    world = _make(template, SystemClock(), "counted")
    count = sum(
        world.store.number(f"SELECT count(*) FROM {table}") for table in world.store.columns()
    )
    world.close()
    return count


def _median(values: list[float]) -> float:
    return statistics.median(values)


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    print(measure().markdown())
