"""`scenario record`: watches a world of a running emulator, and writes a scenario of it."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from emulator.cli.lib.admin import Admin, admin_of
from emulator.cli.lib.stopping import stop_signals
from emulator.cli.scenario.writing import write_files


def run(args: argparse.Namespace) -> int:
    """Record until Ctrl-C, SIGTERM or SIGHUP, or for the given time; then write the file."""
    path = Path(args.file)
    name = "".join(char if char.isalnum() or char in "_-" else "-" for char in path.stem)[:64]
    seconds = None if args.ends_ms is None else args.ends_ms / 1000
    admin = admin_of(args)
    with stop_signals() as stop:
        point = admin.call("POST", "scenarios/recordings")
        print("Recording. Ctrl-C stops it and writes the scenario.", flush=True)
        stop.wait(seconds)
        summary = _write(args, admin, path, {**point, "name": name or "recorded"})
    try:
        print(summary, flush=True)
    except OSError:
        # The terminal was closed, which stopped the recording. The files are written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _write(args: argparse.Namespace, admin: Admin, path: Path, recording: dict[str, Any]) -> str:
    """Write the recording's files; returns the line that says so."""
    query = {
        "after": recording["after"],
        "since_ms": recording["now_ms"],
        "name": recording["name"],
    }
    values: dict[str, Any] = admin.call("GET", "scenarios/recordings", query=query)
    texts = {path.name: values["text"], **values["files"]}
    if args.exact:
        texts[f"{path.stem}.jsonl"] = values["exact"]
    write_files(path.parent, texts)
    payload = {"events": values["events"], "files": [str(path.parent / text) for text in texts]}
    if args.json:
        return json.dumps(payload)
    return f"{values['events']} events: {', '.join(payload['files'])}"
