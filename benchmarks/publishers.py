"""The cost of publishers for a server: CPU, memory, and the delay of parts, compared with peers.

python -m benchmarks.publishers [--soak MINUTES]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.contest import clip, load, nginx, node_media_server, ours, watch
from benchmarks.contest.clip import Kind
from benchmarks.contest.process import Missing, Process
from benchmarks.table import Section

_ROUNDS = 2
_FIRST_SECONDS = 3.0
_SETTLE_SECONDS = 6.0
_WINDOW_SECONDS = 30.0
_WATCH_SECONDS = 15.0
_WATCHED = 4
_CPU_RATIO_MAX = 1.3
_CPU_SHARE_MAX = 0.75
_LATE_MS_MAX = 200
_SOAK_PUBLISHERS = 20
_SOAK_EVERY_SECONDS = 15.0
_SOAK_REPORT_MINUTES = (1, 10)


class Contestant(Protocol):
    """A running server."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def process(self) -> Process: ...

    def address(self) -> tuple[str, str]: ...


Serving = Callable[[Path], AbstractContextManager[Contestant]]


@dataclass(frozen=True)
class Workload:
    """A number of publishers of one kind."""

    count: int
    kind: Kind


@dataclass(frozen=True)
class Cost:
    """The figures of one window. `cpu` and `source_cpu` are shares of one core."""

    name: str
    version: str
    cpu: float
    memory_bytes: float
    source_cpu: float
    source_late_ms: float
    lateness_ms: Sequence[float]


BIG = Workload(12, Kind(1080, 6_000))
MANY = Workload(100, Kind(360, 1_000))
_SERVERS: tuple[Serving, ...] = (ours.serving, nginx.serving, node_media_server.serving)


def measure() -> Section:
    """Measure each load on each server alternately, each time on a new server."""
    costs: dict[Workload, dict[str, list[Cost]]] = {BIG: {}, MANY: {}}
    notes: dict[str, None] = {}
    for _ in range(_ROUNDS):
        for workload, values in costs.items():
            for serving in _SERVERS:
                try:
                    cost = run(workload, serving)
                except Missing as missing:
                    notes[f"Not measured: {missing}"] = None
                    continue
                values.setdefault(cost.name, []).append(cost)
    headings = ("load", "server", "CPU, share of a core", "memory a publisher", "parts late (p99)")
    rows: list[tuple[str, ...]] = [headings]
    for workload, by_workload in costs.items():
        rows += [_row(workload, costs) for costs in by_workload.values()]
    return Section(
        title="Publishers",
        rows=rows,
        bars=_bars(costs),
        notes=[_method(costs), *notes],
        packages=("uvloop",),
    )


def run(workload: Workload, serving: Serving) -> Cost:
    """Run one load on one new server. Raises `Missing` where that server is not installed."""
    film = clip.record(workload.kind)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
        process = server.process
        playlists, addresses = [], []
        for _ in range(workload.count):
            if isinstance(server, ours.Ours):
                stream = server.stream()
                playlists.append(stream.low_latency)
                addresses.append((stream.url, stream.key))
            else:
                addresses.append(server.address())
        # The first publisher makes the server allocate what it needs only once.
        with load.sending(film, [server.address()]):
            time.sleep(_FIRST_SECONDS)
        empty_bytes = process.memory_bytes()
        with load.sending(film, addresses) as sending:
            time.sleep(_SETTLE_SECONDS)
            began, cpu_seconds = time.monotonic(), process.cpu_seconds()
            time.sleep(_WINDOW_SECONDS)
            cpu_seconds = process.cpu_seconds() - cpu_seconds
            seconds = time.monotonic() - began
            full_bytes = process.memory_bytes()
            step = max(1, workload.count // _WATCHED)
            lateness_ms = watch.lateness_ms(
                playlists[::step], sending.starts[: len(playlists) : step], _WATCH_SECONDS
            )
            lasted = time.monotonic() - sending.starts[0]
        if sending.results["lost"]:
            raise RuntimeError(f"{server.name} dropped {sending.results['lost']} publishers")
        return Cost(
            name=server.name,
            version=server.version,
            cpu=cpu_seconds / seconds,
            memory_bytes=(full_bytes - empty_bytes) / workload.count,
            source_cpu=sending.results["cpu_seconds"] / lasted,
            source_late_ms=sending.results["late_ms_p99"],
            lateness_ms=lateness_ms,
        )


def soak(minutes: float) -> Section:
    """Measure only ours for a long time: the slope of its memory after the first fifth."""
    film = clip.record(MANY.kind)
    samples: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder, ours.serving(Path(folder)) as server:
        addresses = [server.address() for _ in range(_SOAK_PUBLISHERS)]
        with load.sending(film, addresses) as sending:
            began = time.monotonic()
            cpu_seconds = server.process.cpu_seconds()
            while (elapsed := time.monotonic() - began) < minutes * 60:
                samples.append((elapsed / 3600, server.process.memory_bytes() / 2**20))
                time.sleep(_SOAK_EVERY_SECONDS)
            cpu_seconds = server.process.cpu_seconds() - cpu_seconds
        lost = sending.results["lost"]
    settled = samples[len(samples) // 5 :]
    slope, _ = statistics.linear_regression(*zip(*settled, strict=True))
    return Section(
        title="Publishers, for long",
        rows=[
            ("what", "figure"),
            ("publishers", f"{_SOAK_PUBLISHERS} at {MANY.kind}, for {minutes:g} minutes"),
            ("CPU, share of a core", f"{100 * cpu_seconds / (minutes * 60):.1f} %"),
            *(
                (f"memory after {minute:g} min", f"{_memory_after(samples, minute):.1f} MiB")
                for minute in (*_SOAK_REPORT_MINUTES, minutes)
            ),
            ("memory's slope after the first fifth", f"{slope:.1f} MiB an hour"),
            (
                "the same for one publisher's hour",
                f"{1024 * slope / _SOAK_PUBLISHERS:.0f} KiB",
            ),
            ("publishers that were dropped", str(lost)),
        ],
        notes=[
            "Viewers can seek back to a stream's start (`--dvr-seconds 0`), so the list of its "
            "segments grows: the slope cannot be smaller than that."
        ],
        packages=("uvloop",),
    )


def _memory_after(samples: Sequence[tuple[float, float]], minutes: float) -> float:
    """MiB at the first sample of this age, or at the last."""
    late = (mib for hours, mib in samples if hours * 60 >= minutes)
    return next(late, samples[-1][1])


def _row(workload: Workload, costs: Sequence[Cost]) -> tuple[str, ...]:
    shares = [100 * cost.cpu for cost in costs]
    late = sorted(late for cost in costs for late in cost.lateness_ms)
    return (
        f"{workload.count} x {workload.kind}",
        f"{costs[0].name} {costs[0].version}",
        f"{_cpu(costs) * 100:.1f} % ({min(shares):.1f} to {max(shares):.1f})",
        f"{statistics.median(cost.memory_bytes for cost in costs) / 2**20:.2f} MiB",
        f"{late[len(late) * 99 // 100]:.0f} ms (median {statistics.median(late):.0f}, "
        f"most {late[-1]:.0f}, {len(late)} parts)"
        if late
        else "",
    )


def _cpu(costs: Sequence[Cost]) -> float:
    return statistics.median(cost.cpu for cost in costs)


def _bars(costs: dict[Workload, dict[str, list[Cost]]]) -> list[tuple[str, bool]]:
    bars: list[tuple[str, bool]] = []
    me = ours.Ours.name
    big, many = costs[BIG], costs[MANY]
    mine = _cpu(big[me])
    if theirs := big.get(nginx.Nginx.name):
        ratio = mine / _cpu(theirs)
        words = f"{BIG.count} x {BIG.kind}: at most {_CPU_RATIO_MAX} times nginx-rtmp's CPU"
        bars.append((f"{words} ({ratio:.2f})", ratio <= _CPU_RATIO_MAX))
    share = _cpu(many[me])
    words = f"{MANY.count} x {MANY.kind}: at most {_CPU_SHARE_MAX:.0%} of a core"
    bars.append((f"{words} ({share:.0%})", share <= _CPU_SHARE_MAX))
    late = [late for values in costs.values() for cost in values[me] for late in cost.lateness_ms]
    words = f"every part listed within {_LATE_MS_MAX} ms of its end (latest {max(late):.0f} ms)"
    bars.append((words, max(late) <= _LATE_MS_MAX))
    return bars


def _method(costs: dict[Workload, dict[str, list[Cost]]]) -> str:
    every = [cost for values in costs.values() for each in values.values() for cost in each]
    source = max(cost.source_cpu for cost in every)
    late = max(cost.source_late_ms for cost in every)
    return (
        f"{_ROUNDS} alternating rounds, a fresh server each. CPU is user and system time over "
        f"{_WINDOW_SECONDS:.0f} s after {_SETTLE_SECONDS:.0f} s; memory is how much the resident "
        f"set grew after a first publisher had come and gone. Key frames every "
        f"{clip.KEY_FRAME_SECONDS} s, chunks of 4,096 bytes as OBS's, "
        "each chunk a separate write. nginx-rtmp and ours write HLS to the same disk, "
        "nginx-rtmp with `hls_fragment 1s`, ours with parts of 100 ms for the first 8 streams and "
        "of 200 ms for the others; node-media-server writes nothing. All publishers are one "
        "process, which costs at most "
        f"{source:.0%} of a core and sends 99 % of tags within {late:.1f} ms. Lateness is seen by "
        f"{_WATCHED} low latency players in {_WATCH_SECONDS:.0f} s after that: from the sending of "
        "the picture that ends a part to the playlist that lists it."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="ours alone, for long")
    minutes = parser.parse_args().soak
    section = soak(minutes) if minutes else measure()
    print(section.markdown())


if __name__ == "__main__":
    main()
