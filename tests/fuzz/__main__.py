"""`make fuzz`: fuzz every parser of outside bytes for a while, and print a table.

The time is divided among the targets, and each runs in its own process. The corpus grows in
`.fuzz`; `.fuzz/total.json` has the sums over all runs. The exit code is 1 after a crash: its input
is a new file in `tests/fuzz/crashes`, which `make test` replays from then on.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.targets import TARGETS

PROJECT = Path(__file__).parents[2]
GROWN = PROJECT / ".fuzz"


class Result(NamedTuple):
    """The figures of one fuzzed target."""

    inputs: int
    new_paths: int | None
    crashes: int
    slowest_ms: float
    memory_mb: int


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="total time of all targets")
    parser.add_argument("--inputs", type=int, default=-1, help="maximum per target")
    parser.add_argument("--target", action="append", choices=list(TARGETS))
    options = parser.parse_args()
    names = options.target or list(TARGETS)
    seconds = max(1, round(options.minutes * 60 / len(names)))
    results = {name: _fuzz(name, seconds, options.inputs) for name in names}
    print(_table(results))
    total = _add_up(results)
    print(f"\nOver all runs: {total:,} inputs.")
    return 1 if any(result.crashes for result in results.values()) else 0


def _fuzz(name: str, seconds: int, inputs: int) -> Result:
    GROWN.mkdir(exist_ok=True)
    report = GROWN / f"{name}.json"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.loop", name, f"--seconds={seconds}"]
    command += [f"--inputs={inputs}", f"--grown={GROWN / name}", f"--report={report}"]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if not report.exists():
        raise SystemExit(f"{name} did not begin:\n{ended.stderr}")
    (GROWN / f"{name}.log").write_text(ended.stderr, "utf-8")
    figures = json.loads(report.read_text("utf-8"))
    added = re.search(r"stat::new_units_added:\s+(\d+)", ended.stderr)
    executed = re.search(r"stat::number_of_executed_units:\s+(\d+)", ended.stderr)
    crashes = figures["crashes"] + (ended.returncode != 0)
    if crashes:
        print(f"{name}: see .fuzz/{name}.log", file=sys.stderr)
    return Result(
        inputs=int(executed[1]) if executed else figures["inputs"],
        new_paths=int(added[1]) if added else None,
        crashes=crashes,
        slowest_ms=figures["slowest_ms"],
        memory_mb=figures["memory_mb"],
    )


def _table(results: dict[str, Result]) -> str:
    lines = ["| reader | inputs | new paths | crashes | slowest input, ms | most memory, MB |"]
    lines.append("|---|---|---|---|---|---|")
    for name, result in results.items():
        paths = "-" if result.new_paths is None else f"{result.new_paths:,}"
        lines.append(
            f"| {name} | {result.inputs:,} | {paths} | {result.crashes} | {result.slowest_ms:g} |"
            f" {result.memory_mb} |"
        )
    inputs = sum(result.inputs for result in results.values())
    crashes = sum(result.crashes for result in results.values())
    slowest_ms = max(result.slowest_ms for result in results.values())
    memory_mb = max(result.memory_mb for result in results.values())
    lines.append(f"| all | {inputs:,} | | {crashes} | {slowest_ms:g} | {memory_mb} |")
    return "\n".join(lines)


def _add_up(results: dict[str, Result]) -> int:
    """Add the figures of this run to those of earlier runs. Return the number of all inputs."""
    path = GROWN / "total.json"
    totals: dict[str, dict[str, float]] = json.loads(path.read_text()) if path.exists() else {}
    for name, result in results.items():
        total = totals.setdefault(name, dict.fromkeys(Result._fields, 0))
        total["inputs"] += result.inputs
        total["new_paths"] += result.new_paths or 0
        total["crashes"] += result.crashes
        total["slowest_ms"] = max(total["slowest_ms"], result.slowest_ms)
        total["memory_mb"] = max(total["memory_mb"], result.memory_mb)
    path.write_text(json.dumps(totals, indent=1), "utf-8")
    return int(sum(total["inputs"] for total in totals.values()))


if __name__ == "__main__":
    sys.exit(main())
