"""An exploration: the cost of a run, with a warm and a new emulator, beyond the bare command."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from platform import node

from benchmarks.table import Section, spread
from emulator.exploration.trial import Setup, Trials
from emulator.settings import MEMORY, Settings

_BAR_MS = 300
_RUNS = 9
_COMMAND = [sys.executable, "-c", "print('fine')"]


def measure() -> Section:
    """Measure all alternately, so that other load on the machine affects all equally."""
    warm, fresh = _trials(is_fresh=False), _trials(is_fresh=True)
    closing = (warm.close, fresh.close)
    order = {"plan": [], "limit_ms": 60_000}
    ways: dict[str, Callable[[], object]] = {
        "bare command": lambda: subprocess.run(_COMMAND, stdout=subprocess.DEVNULL, check=True),
        "with a warm emulator": lambda: warm.perform(order),
        "with a new emulator": lambda: fresh.perform(order),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(_RUNS + 1):
        for name, run in ways.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    for close in closing:
        close()
    # The first run of each imports modules and starts processes that stay.
    later = {name: [value * 1000 for value in values[1:]] for name, values in seconds.items()}
    bare = statistics.median(later["bare command"])
    more = {name: statistics.median(values) - bare for name, values in later.items()}
    rows = [("a run of `python -c \"print('fine')\"`", "time", "more than bare")]
    rows += [(name, spread(values, "ms"), f"{more[name]:.0f} ms") for name, values in later.items()]
    bar = f"a run costs at most {_BAR_MS:.0f} ms more than the bare command"
    notes = [
        f"Medians of {_RUNS} alternating runs, with the least and the most. Load of the machine"
        f" at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."
    ]
    is_met = more["with a warm emulator"] <= _BAR_MS
    return Section(title="Exploration", rows=rows, bars=[(bar, is_met)], notes=notes)


def _trials(*, is_fresh: bool) -> Trials:
    settings = Settings(data=MEMORY, port=0, rtmp_port=0, rtmps_port=0)
    return Trials(Setup(_COMMAND, str(Path.cwd()), node(), settings, [], is_fresh=is_fresh))
