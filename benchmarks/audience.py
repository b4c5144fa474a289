"""The cost of an audience: a million simulated viewers, reads of their figures, and real viewers.

The simulation is compared with the obvious implementation: an event queue with an event for each
viewer that comes and for each that leaves, drawn from the same distributions and counted, without
storing anything.
"""

import asyncio
import gc
import heapq
import math
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from starlette.requests import Request

from benchmarks.table import Section, spread
from emulator.core.clock import ManualClock
from emulator.server import Emulator
from emulator.web.playback.hls import Playback
from emulator.web.playback.subject import Subject, subject_of
from emulator.world.audience import cohorts, figures
from emulator.world.audience.cohort import Mix
from emulator.world.audience.curves import Stay
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people import accounts
from emulator.world.rules import RulesConfig
from emulator.world.world import World

_HOUR_MS = 3_600_000
_VIEWERS = 1_000_000
_STREAMS = 1_000
_ROUNDS = 3
_READS = 100
_PLAYERS = 1_000
_TURNS = 7
_BROADCAST_SECONDS_MAX = 2.0
_GROWTH_MIB_MAX = 8.0
_TOTALS_MS_MAX = 5.0
_TIMELINE_MS_MAX = 10.0
_COUNTING_SHARE_MAX = 0.05
_STAY = "lognormal(8m, 1.0)"
_MIX = Mix(
    countries={"US": 0.4, "DE": 0.2, "IN": 0.4},
    devices={"mobile": 0.6, "desktop": 0.4},
    referrers={"search": 0.3},
    signed_in=0.3,
)


def measure() -> Section:
    """Memory, the broadcasts alternately with the peer's, then reads, then counting."""
    # This comes first, in a process that has freed nothing yet.
    growth_mib = _growth_mib()
    one, many, peer = [], [], []
    for _ in range(_ROUNDS):
        one.append(_broadcast_seconds(1, _VIEWERS))
        many.append(_broadcast_seconds(_STREAMS, _VIEWERS // _STREAMS))
        peer.append(_cpu_seconds(lambda: _queued_broadcast(_VIEWERS)))
    totals_ms, timeline_ms = asyncio.run(_reading())
    polled, counted = asyncio.run(_counting())
    counting = statistics.median(counted)
    share = counting / (statistics.median(polled) - counting)
    rows = [
        ("what", "median (least to most)"),
        (f"{_VIEWERS:,} viewers over an hour on one stream", spread(one, "s of a core", 2)),
        (
            f"{_STREAMS:,} streams with {_VIEWERS // _STREAMS:,} viewers each over an hour",
            spread(many, "s of a core", 2),
        ),
        (f"an event queue with {_VIEWERS:,} viewers, and no figures", spread(peer, "s", 2)),
        ("memory: growth from the second such hour to the fourth", f"{growth_mib:+.1f} MiB"),
        ("`GET /analytics` after that hour", spread(totals_ms, "ms of a core", 2)),
        ("its timeline at one minute", spread(timeline_ms, "ms of a core", 2)),
        (f"a poll of one of {_PLAYERS:,} HLS players", spread(polled, "µs of a core", 1)),
        ("counting, of that", spread(counted, "µs of a core", 1)),
    ]
    broadcast_max = f"{_BROADCAST_SECONDS_MAX:g} s of one core"
    bars = [
        (f"one stream: {broadcast_max}", statistics.median(one) <= _BROADCAST_SECONDS_MAX),
        (
            f"{_STREAMS:,} streams: {broadcast_max}",
            statistics.median(many) <= _BROADCAST_SECONDS_MAX,
        ),
        (f"memory flat: within {_GROWTH_MIB_MAX:g} MiB", growth_mib <= _GROWTH_MIB_MAX),
        (
            f"analytics: {_TOTALS_MS_MAX:g} ms",
            statistics.median(totals_ms) <= _TOTALS_MS_MAX,
        ),
        (
            f"timeline: {_TIMELINE_MS_MAX:g} ms",
            statistics.median(timeline_ms) <= _TIMELINE_MS_MAX,
        ),
        (
            f"counting: at most {_COUNTING_SHARE_MAX:.0%} of serving ({share:.1%})",
            share <= _COUNTING_SHARE_MAX,
        ),
    ]
    notes = [
        f"Arrivals by a bell and Poisson, stays {_STAY}, three countries, two devices, a third"
        " signed in; points, peak, views, retention and events are kept in a store in memory."
        " Reads are over HTTP on a real socket, client and server in one process, whose"
        " CPU time is given. Players poll over sockets from another process, each with a"
        " connection; their cost is the server's CPU time. Counting alone is measured alternately"
        " with it."
    ]
    return Section(title="Audience", rows=rows, bars=bars, notes=notes, packages=("starlette",))


def _broadcast_seconds(stream_count: int, viewers: int) -> float:
    clock, world, live = _opened(stream_count)
    seconds = _cpu_seconds(lambda: _broadcast(clock, world, live, viewers))
    world.close()
    return seconds


def _opened(stream_count: int, path: str = ":memory:") -> tuple[ManualClock, World, list[Stream]]:
    """A world with this many live streams, without viewers."""
    clock = ManualClock()
    rules = RulesConfig(streams_per_user=0)
    world = World(clock=clock, publish=lambda _: None, rules=rules, path=path)
    user = accounts.make(world, "ada", api_key="")
    return clock, world, [_live(world, user, number) for number in range(stream_count)]


def _broadcast(clock: ManualClock, world: World, live: list[Stream], viewers: int) -> None:
    """Run an hour in which `viewers` come to each stream, and read its figures."""
    for stream in live:
        cohorts.add(world, stream, viewers, for_ms=_HOUR_MS, curve="bell", stay=_stay(), mix=_MIX)
    clock.advance(_HOUR_MS)
    for stream in live:
        totals = figures.totals(world, stream)
        if totals.views != viewers:
            raise RuntimeError(f"{totals.views} came instead of {viewers}")


def _live(world: World, user: accounts.User, number: int) -> Stream:
    return streams.start(world, streams.create(world, user, StreamPatch({"title": f"No {number}"})))


def _stay() -> Stay:
    return Stay.parse(_STAY)


def _queued_broadcast(viewers: int) -> int:
    """Run one event per viewer that comes or leaves. Returns the largest number at once."""
    chance = random.Random(1)
    mean, sigma = 480.0, 1.0
    location = math.log(mean) - sigma * sigma / 2
    agenda = [(chance.random() * 3600, 1) for _ in range(viewers)]
    heapq.heapify(agenda)
    count = peak = 0
    while agenda:
        now, change = heapq.heappop(agenda)
        count += change
        peak = max(peak, count)
        if change > 0:
            heapq.heappush(agenda, (now + chance.lognormvariate(location, sigma), -1))
    return peak


def _growth_mib() -> float:
    """The growth of memory from two to four such hours, with the world on disk."""
    with TemporaryDirectory() as folder:
        clock, world, live = _opened(1, path=f"{folder}/broadcast.db")
        _broadcast(clock, world, live, _VIEWERS)
        before = 0
        for hour in range(2, 5):
            cohorts.add(world, live[0], _VIEWERS, for_ms=_HOUR_MS, curve="bell", stay=_stay())
            clock.advance(_HOUR_MS)
            if figures.totals(world, live[0]).views != _VIEWERS * hour:
                raise RuntimeError("somebody did not come")
            if hour == 2:  # From here on, freed memory is reused, and no more is needed.
                gc.collect()
                before = _resident_bytes()
        gc.collect()
        grown = _resident_bytes() - before
        world.close()
        return grown / 2**20


async def _reading() -> tuple[list[float], list[float]]:
    async with Emulator() as emulator, httpx.AsyncClient(base_url=emulator.ready["http"]) as http:
        http.headers["Authorization"] = f"Bearer {emulator.ready['api_key']}"
        stream = (await http.post("/api/v1/streams/", json={"title": "Evening"})).json()
        await http.post(f"/api/v1/streams/id/{stream['id']}/start")
        await http.put("/_emulator/clock", json={"mode": "virtual"})
        order = {
            "count": _VIEWERS,
            "for": "1h",
            "curve": "bell",
            "stay": _STAY,
            "countries": dict(_MIX.countries),
        }
        await http.post(f"/_emulator/streams/{stream['id']}/viewers", json=order)
        await http.post("/_emulator/clock/advance", json={"seconds": 3600}, timeout=60)
        path = f"/api/v1/streams/{stream['id']}/analytics"
        payload = (await http.get(path)).json()
        if payload["total_views"] != _VIEWERS:
            raise RuntimeError(f"the broadcast had {payload['total_views']} views")
        return (
            await _read_ms(http, path),
            await _read_ms(http, f"{path}/viewers?interval_minutes=1"),
        )


async def _read_ms(http: httpx.AsyncClient, path: str) -> list[float]:
    """CPU time in milliseconds. Client and server are one process, so the server takes less."""
    times_ms = []
    for _ in range(_READS):
        began = time.process_time()
        answer = await http.get(path)
        times_ms.append((time.process_time() - began) * 1000)
        answer.raise_for_status()
    return times_ms


async def _counting() -> tuple[list[float], list[float]]:
    """CPU time in microseconds of a poll, and of counting, which is a part of it."""
    async with Emulator() as emulator:
        platform = emulator.platform
        world = platform.world
        stream = next(stream for stream in streams.live(world) if stream.is_simulated)
        path = f"/{stream.uid}/manifest/stream.m3u8"
        async with httpx.AsyncClient(base_url=emulator.ready["http"]) as http:
            (await http.get(path)).raise_for_status()
        # The world's clock stands, so that no viewer times out on a busy machine.
        platform.clock.freeze()
        host, _, port = str(emulator.ready["http"]).removeprefix("http://").partition(":")
        players = await _players(host, port, path)
        # The first poll also stores the viewers, which happens once per viewer.
        await _poll(players)
        if world.viewers.real(stream.id) < _PLAYERS:
            raise RuntimeError("not everybody was counted")
        subject = subject_of(platform, stream.uid)
        requests = [_request(path, number) for number in range(_PLAYERS)]
        polled, counted = [], []
        for _ in range(_TURNS):
            platform.clock.advance(1_000)
            polled.append(await _poll(players))
            platform.clock.advance(1_000)
            counted.append(_count(Playback(platform), requests, subject))
        players.kill()
        await players.wait()
        return polled, counted


def _count(playback: Playback, requests: list[Request], subject: Subject) -> float:
    gc.collect()
    began = time.process_time()
    for request in requests:
        playback.count(request, subject)
    return (time.process_time() - began) / len(requests) * 1_000_000


def _request(path: str, number: int) -> Request:
    """The request that the server makes from a poll."""
    headers = [
        (b"host", b"127.0.0.1:8787"),
        (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0 Safari/537.36"),
        (b"accept", b"*/*"),
        (b"cookie", f"live_emulator_viewer=player{number}".encode()),
    ]
    return Request({"type": "http", "method": "GET", "path": path, "headers": headers})


async def _players(host: str, port: str, path: str) -> asyncio.subprocess.Process:
    players = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.audience_peer", host, port, path, str(_PLAYERS)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    await _heard(players, b"here")
    return players


async def _poll(players: asyncio.subprocess.Process) -> float:
    """Let every player poll once. Returns the CPU time of this process in microseconds per poll."""
    gc.collect()
    began = time.process_time()
    if players.stdin is None:
        raise RuntimeError("the players have no input or output")
    players.stdin.write(b"poll\n")
    await _heard(players, b"polled")
    return (time.process_time() - began) / _PLAYERS * 1_000_000


async def _heard(players: asyncio.subprocess.Process, word: bytes) -> None:
    said = await players.stdout.readline() if players.stdout else b""
    if said.strip() != word:
        raise RuntimeError(f"the players said {said!r}")


def _cpu_seconds(act: Callable[[], object]) -> float:
    gc.collect()
    began = time.process_time()
    act()
    return time.process_time() - began


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    print(measure().markdown())
