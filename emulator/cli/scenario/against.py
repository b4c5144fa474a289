"""`scenario run --against`: plays on an emulator that runs already, by its admin API."""

import argparse
import threading
from typing import Any
from urllib.parse import quote

from emulator.cli.lib.admin import Admin
from emulator.cli.lib.line import LiveLine
from emulator.cli.lib.progress import progress_text
from emulator.cli.lib.stopping import stop_signals
from emulator.core.quantities import duration_text
from emulator.scenario import files
from emulator.scenario.language.scenario import Scenario

_LOOK_SECONDS = 0.2


def play(
    args: argparse.Namespace, scenarios: list[Scenario], ends_ms: int | None
) -> list[dict[str, Any]]:
    """Start the runs, watch them, and return their reports.

    Ctrl-C, SIGTERM and SIGHUP stop the runs on the other emulator, too."""
    admin = Admin(args.against, args.world, args.admin_token)
    line = LiveLine()
    reports: list[dict[str, Any]] = []
    with stop_signals() as stop:
        for _ in range(args.repeat):
            if stop.is_set():
                break
            started = [
                admin.call("POST", "scenarios", _order(args, name, scenario, ends_ms, admin))
                for name, scenario in zip(args.files, scenarios, strict=True)
            ]
            ids = [item["id"] for item in started]
            if not _watch(admin, ids, line, stop):
                for run_id in ids:
                    admin.call("DELETE", f"scenarios/runs/{quote(run_id)}")
                _watch(admin, ids, line, threading.Event())
            runs = [admin.call("GET", f"scenarios/runs/{quote(run_id)}") for run_id in ids]
            reports += [run["report"] for run in runs]
    line.end()
    return reports


def _watch(admin: Admin, ids: list[str], line: LiveLine, stop: threading.Event) -> bool:
    """Show the runs' progress until all are over (True), or `stop` is set (False)."""
    while True:
        runs = [admin.call("GET", f"scenarios/runs/{quote(run_id)}") for run_id in ids]
        line.show(" | ".join(map(_progress, runs)))
        if all(run["state"] == "over" for run in runs):
            return True
        if stop.wait(_LOOK_SECONDS):
            return False


def _progress(run: dict[str, Any]) -> str:
    steps = ", ".join(run["under_way"][:2]) or run["state"]
    words = (
        progress_text(run["progress"], run["remaining_seconds"]),
        f"{duration_text(run['clock_ms'] // 1000 * 1000)} {run['scenario']}: {steps},"
        f" {run['viewers']} viewers, {run['lines']} lines",
    )
    return "  ".join(word for word in words if word)


def _order(
    args: argparse.Namespace, name: str, scenario: Scenario, ends_ms: int | None, admin: Admin
) -> dict[str, Any]:
    path = files.find(name)
    return {
        "text": files.text_of(path),
        "file": path.name,
        "files": dict(scenario.files),
        # For films, if the emulator runs on this machine as this user.
        "folder": str(path.parent.resolve()) if scenario.has_films else "",
        "folder_key": admin.folder_key() if scenario.has_films else "",
        "params": dict(args.params),
        "seed": args.seed,
        "speed": 1.0 if args.speed is None else args.speed,
        "keep": args.keep,
        "world": "this" if args.world or args.speed != 0 else "own",
        "ends_ms": ends_ms,
    }
