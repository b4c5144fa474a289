"""`scenario record`: watch a world of a running emulator, and write the scenario of it."""

import argparse
import json
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from emulator.cli.scenario.writing import write_files
from emulator.cli.tools.admin import Admin


def run(args: argparse.Namespace) -> int:
    """Until Ctrl-C, or for as long as was said."""
    path = Path(args.file)
    name = "".join(each if each.isalnum() or each in "_-" else "-" for each in path.stem)[:64]
    seconds = None if args.ends_ms is None else args.ends_ms / 1000
    admin = Admin(args.server, args.world, args.admin_token)
    point = admin.call("POST", "scenarios/recordings")
    print("Recording. Ctrl-C stops it and writes the scenario.", flush=True)
    try:
        # Nothing sets it: a wait that Ctrl-C ends on every system.
        threading.Event().wait(seconds)
    except KeyboardInterrupt:
        print(flush=True)
    query = {"after": point["after"], "since_ms": point["now_ms"], "name": name or "recorded"}
    found: dict[str, Any] = admin.call("GET", "scenarios/recordings", query=urlencode(query))
    texts = {path.name: found["text"], **found["files"]}
    if args.exact:
        texts[f"{path.stem}.jsonl"] = found["exact"]
    write_files(path.parent, texts)
    told = {"events": found["events"], "files": [str(path.parent / each) for each in texts]}
    print(
        json.dumps(told) if args.json else f"{found['events']} events: {', '.join(told['files'])}"
    )
    return 0
