"""`/_emulator/metrics`: the process and its worlds as numbers, in Prometheus' text format.

All numbers are counters that exist anyway, or counts by an index: a scrape is cheap.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from starlette.responses import Response

from emulator.platform.platform import Platform
from emulator.platform.worlds import Worlds
from emulator.version import __version__
from emulator.web.chat.chats import Chats
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint

_MEDIA_TYPE = "text/plain"
# Prometheus' exposition format, version 0.0.4.
_CONTENT_TYPE = f"{_MEDIA_TYPE}; version=0.0.4; charset=utf-8"
_PREFIX = "live_emulator_"
_STATUSES = ("offline", "live", "ended")
_VOD_STATUSES = ("processing", "ready", "failed", "deleted")

Kind = Literal["counter", "gauge"]
Sample = tuple[Mapping[str, str], float]


@endpoint("GET", "/metrics", downloads=(_MEDIA_TYPE,))
def get_metrics(call: Call) -> Response:
    """Read all metrics of this process and its worlds."""
    lines = [line for family in _families(call.worlds) for line in family]
    return Response("\n".join(lines) + "\n", media_type=_CONTENT_TYPE)


def _families(worlds: Worlds) -> Iterator[Iterator[str]]:
    cpu_seconds = time.process_time()
    log, platforms = worlds.shared.requests, worlds.all()
    yield _family("info", "gauge", "the running version", [({"version": __version__}, 1)])
    yield _family("cpu_seconds_total", "counter", "processor time used", [({}, cpu_seconds)])
    memory = _memory_peak_bytes()
    if memory is not None:
        yield _family("memory_peak_bytes", "gauge", "most memory in use", [({}, memory)])
    tasks = len(asyncio.all_tasks())
    yield _family("tasks", "gauge", "tasks of the event loop", [({}, tasks)])
    yield _family(
        "http_requests_total",
        "counter",
        "requests to both APIs, by world, method and class of status",
        [
            ({"world": world, "method": method, "status": f"{kind}xx"}, count)
            for (world, method, kind), count in log.counts.items()
        ],
    )
    yield _family(
        "http_request_seconds_total",
        "counter",
        "time spent answering requests",
        [({}, log.duration_us / 1_000_000)],
    )
    for name, kind, text, samples in _of_worlds(platforms):
        yield _family(name, kind, text, samples)


def _memory_peak_bytes() -> int | None:
    """Return the peak of memory in use; None if Python cannot tell, as on Windows."""
    if sys.platform == "win32":
        return None
    else:
        try:
            import resource
        except ImportError:
            return None
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # Kilobytes on Linux, bytes on macOS (getrusage(2)).
        return peak * (1 if sys.platform == "darwin" else 1024)


def _of_worlds(worlds: list[Platform]) -> Iterator[tuple[str, Kind, str, list[Sample]]]:
    def each(number: str, kind: Kind, description: str) -> tuple[str, Kind, str, list[Sample]]:
        samples: list[Sample] = [
            ({"world": world.world.name}, _NUMBERS[number](world)) for world in worlds
        ]
        return number, kind, description, samples

    yield each("world_seconds", "gauge", "the world's time, in seconds since 1970")
    yield each("world_speed", "gauge", "seconds of the world in one second of the machine")
    yield each("world_acts_due", "gauge", "things due later on the world's clock")
    yield each("users", "gauge", "accounts")
    yield "streams", "gauge", "streams by status", _counted(worlds, "streams", _STATUSES)
    yield "vods", "gauge", "recordings by status", _counted(worlds, "vods", _VOD_STATUSES)
    yield "viewers", "gauge", "viewers of live streams now", list(_viewers(worlds))
    yield each("chat_sockets", "gauge", "open chat sockets")
    yield each("events_total", "counter", "events in the world's journal")


_NUMBERS: dict[str, Callable[[Platform], float]] = {
    "world_seconds": lambda item: item.clock.now_ms() / 1000,
    "world_speed": lambda item: item.clock.speed,
    "world_acts_due": lambda item: item.clock.pending,
    "users": lambda item: item.world.store.number("SELECT count(*) FROM users"),
    "chat_sockets": lambda item: item.service(Chats).sockets,
    "events_total": lambda item: item.world.store.number("SELECT max(seq) FROM events"),
}


def _counted(worlds: list[Platform], table: str, statuses: tuple[str, ...]) -> list[Sample]:
    """Return the rows of a table by status; a status without rows is 0."""
    samples: list[Sample] = []
    for world in worlds:
        rows = world.world.store.rows(f"SELECT status, count(*) FROM {table} GROUP BY status")
        values: dict[str, int] = {row[0]: row[1] for row in rows}
        samples += [
            ({"world": world.world.name, "status": status}, values.get(status, 0))
            for status in statuses
        ]
    return samples


def _viewers(worlds: list[Platform]) -> Iterator[Sample]:
    for platform in worlds:
        world = platform.world
        live = [
            row["id"] for row in world.store.rows("SELECT id FROM streams WHERE status = 'live'")
        ]
        real = sum(map(world.viewers.real, live))
        simulated = sum(map(world.cohorts.count, live))
        yield {"world": world.name, "kind": "real"}, real
        yield {"world": world.name, "kind": "simulated"}, simulated


def _family(name: str, kind: Kind, description: str, samples: list[Sample]) -> Iterator[str]:
    yield f"# HELP {_PREFIX}{name} {description}"
    yield f"# TYPE {_PREFIX}{name} {kind}"
    for labels, value in samples:
        shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield (
            f"{_PREFIX}{name}{{{shown}}} {value:.15g}" if shown else f"{_PREFIX}{name} {value:.15g}"
        )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
