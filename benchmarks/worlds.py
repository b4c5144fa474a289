"""The cost of separate worlds: made, reset, kept by the thousand, compared with `emulate`."""

import asyncio
import gc
import multiprocessing
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
from emulator.platform.worlds import Worlds
from emulator.seeding import file
from emulator.seeding.template import Template, seed_state
from emulator.server import Emulator
from emulator.settings import Settings
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
_WORLD_KIB_MAX = 400
_PEER_TIMES_MAX = 3.0


def measure() -> Section:
    """Memory first, before anything was freed; then the core, a folder, HTTP, and the peer."""
    bounded_kib, left_kib, left_later_kib = _bounded_kib()
    template = Template(seed_state(file.read("default"), RulesConfig()))
    (each_kib, resting_kib), rows_new = _world_kib(template), _facts(template)
    core = _in_the_core(template)
    core["the first read of a world that rests, in the core"] = _wakes(template)
    core["reset a world on disk"] = _on_disk(template)
    http = asyncio.run(_over_http())
    rows = [("what", "median (least to most)")]
    rows += [(name, spread(times_ms, "ms", 2)) for name, times_ms in {**core, **http}.items()]
    rows += [
        (f"memory of a world, of {_WORLDS:,} in one process", f"{each_kib:.0f} KiB"),
        ("the same once it is unused (`world_rest_ms`)", f"{resting_kib:.0f} KiB"),
        (f"a world that was used, of {_WORLDS:,} made at once", f"{bounded_kib:.0f} KiB"),
        ("what is left of it after they were dropped", f"{left_kib:.0f} KiB"),
        (f"the same of {_WORLDS:,} more", f"{left_later_kib:.0f} KiB"),
    ]
    reset_ms = core[_RESET]
    bars = [
        (f"memory of a world that was used: {_WORLD_KIB_MAX:g} KiB", bounded_kib <= _WORLD_KIB_MAX),
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
        world.store.rest()
    Heap().give_back()
    at_rest = (_resident_bytes() - before) / _WORLDS / 1024
    for world in worlds:
        world.close()
    return in_use, at_rest


def _bounded_kib() -> tuple[float, float, float]:
    """Of a server's worlds, all used at once; and what stays of two thousand that were dropped.

    In a process of its own, that has freed nothing yet.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_run_bounded)


def _run_bounded() -> tuple[float, float, float]:
    return asyncio.run(_in_a_server())


async def _in_a_server() -> tuple[float, float, float]:
    settings = Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0, worlds_max=_WORLDS + 1)
    async with Emulator(settings) as emulator, httpx.AsyncClient() as http:
        # Until it has answered, modules are imported.
        (await http.get(f"{emulator.ready['http']}/api/v1/streams/")).raise_for_status()
        in_use, left = await _thousand(emulator.worlds)
        _, left_later = await _thousand(emulator.worlds)
    return in_use, left, left_later


async def _thousand(worlds: Worlds) -> tuple[float, float]:
    before = _trimmed_bytes()
    for number in range(_WORLDS):
        _live(worlds.make(f"w{number}", "default").world)
        await asyncio.sleep(0)  # As between two requests.
    in_use = (_trimmed_bytes() - before) / _WORLDS / 1024
    for number in range(_WORLDS):
        await worlds.drop(f"w{number}")
    return in_use, (_trimmed_bytes() - before) / _WORLDS / 1024


def _trimmed_bytes() -> int:
    gc.collect()
    Heap().give_back()
    return _resident_bytes()


def _wakes(template: Template) -> list[float]:
    world = _make(template, SystemClock(), "tired")
    times_ms = _times(
        lambda: world.store.number("SELECT count(*) FROM users"), lambda: world.store.rest()
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
