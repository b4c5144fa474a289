"""The cost of a call as the world grows: up to a million streams, and as many lines in one chat."""

import http.client
import json
import os
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.table import Section
from emulator import server
from emulator.server import Emulator
from emulator.settings import Settings
from emulator.world.audience import attendance
from emulator.world.live import streams
from emulator.world.world import World

_SIZES = (100, 10_000, 1_000_000)
_ROUNDS = 60
_TIMES_MAX = 3.0
# The limit for a word in all titles: a search costs more with each match, up to 1,000.
_COMMON_MS_MAX = 5.0
_COMMON = "query=evening"
# This many streams are live in a world of any size, and have the rare word in their title.
_LIVE, _RARE = 50, 20

_USERS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
INSERT INTO users (id, username, email, created_at_ms)
    SELECT 'user-' || i, 'grown' || i, 'grown' || i || '@example.com', ?2 FROM n
"""
_STREAMS = f"""
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
INSERT INTO streams (id, uid, stream_key, user_row, category_row, title, status,
        started_at_ms, ended_at_ms, created_at_ms, updated_at_ms)
    SELECT 'stream-' || i, printf('%032x', i), 'live_grown' || i, ?2 + i % ?3, 1,
        iif(i % (?1 / {_RARE}) = 0, 'a rare evening ', 'an evening ') || i,
        iif(i % (?1 / {_LIVE}) = 0, 'live', 'ended'), ?4 + i,
        iif(i % (?1 / {_LIVE}) = 0, NULL, ?4 + i + 1000), ?4 + i, ?4 + i FROM n
"""
# A tenth of them have a recording.
_VODS = """
INSERT INTO vods (id, uid, user_row, stream_row, title, status, duration_ms, created_at_ms,
        ready_at_ms)
    SELECT 'vod-' || row, printf('%032x', row), user_row, row, title, 'ready', 60000,
        created_at_ms, created_at_ms FROM streams WHERE id LIKE 'stream-%0'
"""
_MESSAGES = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
INSERT INTO messages (id, stream_row, user_row, content, created_at_ms)
    SELECT '00000000-0000-4000-8000-' || printf('%012d', i),
        (SELECT row FROM streams WHERE id = 'stream-1'), ?2, 'line ' || i, ?3 + i FROM n
"""

# The cost of calls that read live streams, by the number of live streams; some are watched.
_LIVES, _WATCHED = (100, 1_000, 20_000), 100
_LIVE_CALLS = (
    "/streams/",
    "/streams/trending",
    "/streams/rising",
    "/streams/categories",
    "/streams/categories/trending",
    "/streams/id/{live}",
)

_CALLS = (
    "/streams/",
    "/streams/?page=2",
    "/streams/?status_filter=all",
    "/streams/vods",
    "/streams/id/{live}",
    "/streams/search?query=rare",
    "/streams/search?query=evening",
    "/streams/search?query=evening&status_filter=live",
    "/streams/search/suggestions?query=evening",
    "/streams/trending",
    "/streams/users/grown1/profile",
    "/streams/users/grown1/streams?status_filter=all",
    "/streams/categories",
    "/streams/stream-1/chat",
    "/streams/stream-1/chat/history?before={line}",
)


def measure() -> Section:
    """Measure each size in a new emulator on a folder, over a socket, one call at a time."""
    payload: dict[str, list[float]] = {f"`GET {call}`": [] for call in _CALLS}
    payload["`POST /streams/{stream_id}/chat`"] = []
    sizes = []
    for size in _SIZES:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(
                data=folder,
                port=0,
                rtmp_port=0,
                rtmps_port=0,
                chat_lines_per_minute=0,
                chat_repeats_max=0,
            )
            with server.running(settings) as emulator:
                began = time.perf_counter()
                line = emulator.call(partial(_grow, emulator.platform.world, size))
                grown = time.perf_counter() - began
                for name, times in _ask(emulator, f"stream-{size}", line).items():
                    payload[name].append(min(times))
                megabytes = sum(path.stat().st_size for path in Path(folder).glob("world*")) / 2**20
                sizes.append((size, megabytes, _resident_megabytes(), grown))
    for size in _LIVES:
        for name, times in _of_live(size).items():
            label = f"{name}, of {', '.join(f'{count:,}' for count in _LIVES)} that are live"
            payload.setdefault(label, []).append(min(times))
    first = _SIZES[0]
    rows = [("call", *(f"{size:,}" for size in _SIZES), f"times {first:,}")]
    rows += [
        (name, *(f"{value:.2f} ms" for value in values), f"{values[-1] / values[0]:.1f}")
        for name, values in payload.items()
    ]
    rows.append(("database", *(f"{megabytes:,.0f} MB" for _, megabytes, _, _ in sizes), ""))
    rows.append(("memory of the process", *(f"{value:,.0f} MB" for _, _, value, _ in sizes), ""))
    bars = [_bar(name, values) for name, values in payload.items()]
    return Section(
        title="Growth",
        rows=rows,
        bars=bars,
        notes=[
            f"The shortest of {_ROUNDS} requests, one by one, without reused answers. Each size is"
            f" a number of streams ({_LIVE} of them and the seed's are live), a tenth as many"
            " recordings, and as many lines in one chat. All sizes are measured in one process, the"
            " smallest first, and memory is that process's at the time.",
            "All streams have `evening` in their title. In the rows of live streams"
            f" {_WATCHED} of them are watched. Recommendations read each live stream, so"
            " they are not among these rows.",
        ],
        packages=("starlette", "uvicorn"),
    )


def _bar(name: str, values: Sequence[float]) -> tuple[str, bool]:
    if _COMMON in name:
        return f"{name}: at most {_COMMON_MS_MAX:g} ms at the last", values[-1] <= _COMMON_MS_MAX
    is_flat = values[-1] <= _TIMES_MAX * values[0]
    return f"{name}: at most {_TIMES_MAX:g} times as long at the last", is_flat


def _grow(world: World, size: int) -> str:
    """Fill the world. Returns the id of one of the first chat lines."""
    users = max(10, size // 100)
    now_ms = world.now_ms
    with world.change():
        last = world.store.write(_USERS, users, now_ms)
        first_user = last - users + 1
        world.store.write(_STREAMS, size, first_user, users, now_ms - size - 2000)
        world.store.write(_VODS)
        last = world.store.write(_MESSAGES, size, first_user, now_ms - size)
        row = last - size + 60
        (line,) = world.ids.numbered((row,))
        world.store.write("UPDATE messages SET id = ? WHERE row = ?", line, row)
    return line


def _of_live(size: int) -> dict[str, list[float]]:
    """Measure in a world in memory, all of whose streams are live."""
    with server.running(Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0)) as emulator:
        emulator.call(partial(_go_live, emulator.platform.world, size))
        return _ask(emulator, f"stream-{size}", "", _LIVE_CALLS)


def _go_live(world: World, size: int) -> None:
    now_ms = world.now_ms
    with world.change():
        last = world.store.write(_USERS, max(10, size // 100), now_ms)
        first_user = last - max(10, size // 100) + 1
        world.store.write(_STREAMS, size, first_user, max(10, size // 100), now_ms - size - 2000)
        world.store.write(
            "UPDATE streams SET status = 'live', ended_at_ms = NULL WHERE title LIKE '%evening%'"
        )
    for number in range(1, _WATCHED + 1):
        stream = streams.find(world, f"stream-{number * size // _WATCHED}")
        attendance.simulate(world, stream, number)


def _ask(
    emulator: Emulator, live: str, line: str, calls: Sequence[str] = _CALLS
) -> dict[str, list[float]]:
    host, _, port = emulator.ready["http"].partition("://")[2].partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    headers = {"Authorization": "Bearer ak_demo", "Content-Type": "application/json"}
    payload: dict[str, list[float]] = {}
    for number in range(_ROUNDS):
        for call in calls:
            # An unknown query parameter makes it another request, so that no answer is reused.
            sign = "&" if "?" in call else "?"
            address = f"/api/v1{call.format(live=live, line=line)}{sign}n={number}"
            payload.setdefault(f"`GET {call}`", []).append(_ms(connection, "GET", address, headers))
        if calls is not _CALLS:
            continue
        said = json.dumps({"content": f"Hello {number}"})
        address = f"/api/v1/streams/{live}/chat"
        payload.setdefault("`POST /streams/{stream_id}/chat`", []).append(
            _ms(connection, "POST", address, headers, said)
        )
    connection.close()
    return payload


def _ms(
    connection: http.client.HTTPConnection,
    method: str,
    address: str,
    headers: dict[str, str],
    body: str | None = None,
) -> float:
    began = time.perf_counter()
    connection.request(method, address, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    elapsed_ms = (time.perf_counter() - began) * 1000
    if answer.status not in (200, 201):
        raise RuntimeError(f"{method} {address}: {answer.status} {content[:200]!r}")
    return elapsed_ms


def _resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    print(measure().markdown())
