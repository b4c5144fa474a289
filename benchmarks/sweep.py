"""Sweeps: many seeds of `chat-flood` in one process, in two, and on a Dask cluster of two workers.

The ways alternate, a part of the seeds each, so that other load affects all equally. There is no
peer for such sweeps: the ratio of the ways counts. Two processes need twice as much of a machine as
one, so with other load they would have no core each: where permitted, the rounds run with real-time
priority, with pauses between.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.table import Section, spread

_ROUNDS, _SEEDS = 3, 300
# The number of seeds in one sweep, during which memory must not grow.
_LONG_SEEDS = 1_000
_SPEED_UP_BAR = 1.8
_CLUSTER_BAR = 1.1
_GROWTH_MIB_BAR = 10.0
_REST_SECONDS = 5
_RUN = [sys.executable, "-m", "emulator", "scenario", "run", "chat-flood"]


class Swept(NamedTuple):
    """One sweep: seconds by the clock, CPU seconds of all its processes, their MiB over time."""

    seconds: float
    core_seconds: float
    worker_mib: list[float]
    report: dict[str, Any]
    result_bytes: float


def measure() -> Section:
    """Three rounds of 300 seeds each way, and one sweep of 1,000."""
    ways: dict[str, list[Swept]] = {"-j 1": [], "-j 2": [], "--on": []}
    with cluster() as address:
        # A cluster's workers import modules once, which is not part of a sweep.
        sweep(range(2), "--on", address)
        for number in range(_ROUNDS):
            seeds = range(1 + number * _SEEDS, 1 + (number + 1) * _SEEDS)
            ways["-j 1"].append(sweep(seeds, "-j", "1"))
            ways["-j 2"].append(sweep(seeds, "-j", "2"))
            ways["--on"].append(sweep(seeds, "--on", address))
    one, two, dask = ([item.seconds for item in items] for items in ways.values())
    faster = [a / b for a, b in zip(one, two, strict=True)]
    slower = [a / b for a, b in zip(dask, two, strict=True)]
    long = sweep(range(1, 1 + _LONG_SEEDS), "-j", "2", is_long=True)
    growth = _growth_mib(long)
    is_same = all(
        len({item.report["runs_hash"] for item in items}) == 1
        for items in zip(*ways.values(), strict=True)
    )
    cores = {
        way: [item.core_seconds / _SEEDS * 1000 for item in ways[way]] for way in ("-j 1", "-j 2")
    }
    # Two cores do twice as much as one, minus the additional work of the second process.
    free = [2 * a / b for a, b in zip(*cores.values(), strict=True)]
    size = statistics.median(item.result_bytes for item in ways["-j 2"])
    rows = [
        (f"{_SEEDS} seeds of `chat-flood` (70 s each, some 2,800 lines)", "figure"),
        ("`-j 1`", spread(one, "s", 1)),
        ("`-j 2`", f"{spread(two, 's', 1)}, {spread(faster, 'times as fast', 2)}"),
        ("Dask, two workers", f"{spread(dask, 's', 1)}, {spread(slower, 'times as long', 2)}"),
        ("core time a run with `-j 1`, start included", spread(cores["-j 1"], "ms")),
        (
            "core time a run with `-j 2`, start included",
            f"{spread(cores['-j 2'], 'ms')}: on two free cores {spread(free, 'times as fast', 2)}",
        ),
        ("bytes back a run, as JSON", f"{size:,.0f}"),
        ("a worker's memory from its 100th run to its 500th", f"{growth:+.1f} MiB"),
    ]
    bars = [
        (
            f"`-j 2` at least {_SPEED_UP_BAR} times as fast as `-j 1`",
            statistics.median(faster) >= _SPEED_UP_BAR,
        ),
        (
            "Dask within a tenth of `-j 2`",
            statistics.median(slower) <= _CLUSTER_BAR,
        ),
        (f"memory grows by at most {_GROWTH_MIB_BAR:g} MiB", growth <= _GROWTH_MIB_BAR),
        ("each way gives the same runs", is_same),
        (f"no seed of 1 to {_LONG_SEEDS:,} fails", not long.report["failed"]),
    ]
    notes = [
        f"Medians, with the least and the most of {_ROUNDS} alternating rounds. Load of the machine"
        f" at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."
    ]
    return Section(title="Sweeps", rows=rows, bars=bars, notes=notes, packages=("distributed",))


def sweep(seeds: range, *flags: str, is_long: bool = False) -> Swept:
    """One sweep as a command, and its cost. A long one leaves others their share of the cores."""
    time.sleep(_REST_SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        ends = f"{seeds.start}..{seeds.stop - 1}"
        command = [*_RUN, "--seeds", ends, "--report", folder, *flags]
        before = os.times()
        first = None if is_long else _take_the_cores
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=first)
        samples: list[float] = []
        watcher = threading.Thread(target=_watch, args=(process, samples))
        watcher.start()
        process.wait()
        watcher.join()
        after = os.times()
        report = json.loads((Path(folder) / "report.json").read_text())
        size = (Path(folder) / "results.jsonl").stat().st_size / len(seeds)
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    return Swept(report["times"]["wall_ms"] / 1000, spent, samples, report, size)


def _take_the_cores() -> None:
    """In a new process: take real-time priority, which its children inherit."""
    with suppress(PermissionError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def _watch(process: "subprocess.Popen[bytes]", samples: list[float]) -> None:
    """Sample the largest process below it twice per second. Only Linux lists child processes."""
    threads = Path(f"/proc/{process.pid}/task")
    while process.returncode is None:
        sizes = [0.0]
        with suppress(OSError):
            children = " ".join(path.read_text() for path in threads.glob("*/children"))
            for pid in children.split():
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                sizes.append(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
        samples.append(max(sizes))
        time.sleep(0.5)


def _growth_mib(swept: Swept) -> float:
    """Growth from a fifth of its time, when all is warm, to its end: medians of a tenth each."""
    samples = swept.worker_mib
    tenth = max(1, len(samples) // 10)
    early, late = samples[2 * tenth : 3 * tenth], samples[-2 * tenth : -tenth]
    return statistics.median(late) - statistics.median(early)


@contextmanager
def cluster() -> Iterator[str]:
    """A scheduler and two workers of one thread each, on loopback: the scheduler's address."""
    processes = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            scheduler = _dask("scheduler", "--host", "127.0.0.1", "--port", "0", is_read=True)
            processes.append(scheduler)
            assert scheduler.stderr is not None
            line = next(line for line in scheduler.stderr if b"Scheduler at:" in line)
            address = line.split()[-1].decode()
            for number in range(2):
                local = ("--local-directory", f"{folder}/{number}")
                processes.append(_dask("worker", address, "--nthreads", "1", "--no-nanny", *local))
            yield address
        finally:
            for process in processes:
                process.kill()
                process.communicate()


def _dask(role: str, *arguments: str, is_read: bool = False) -> "subprocess.Popen[bytes]":
    module = f"distributed.cli.dask_{role}"
    output = subprocess.PIPE if is_read else subprocess.DEVNULL
    command = [sys.executable, "-m", module, "--no-dashboard", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=output, preexec_fn=_take_the_cores
    )


if __name__ == "__main__":
    print(measure().markdown())
