"""Discovery: finds the emulator for a command that does not name one."""

import argparse
import os
from pathlib import Path
from typing import Any

from emulator.cli import Failed
from emulator.machine.folder import MEMORY, running_on
from emulator.machine.running import running


def add_server_flag(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add the flag that names an emulator."""
    parser.add_argument(
        "--server",
        default="",
        metavar="URL",
        help="address of the emulator; default: LIVE_EMULATOR_URL, or the one that runs here",
    )


def only_running() -> dict[str, Any] | None:
    """The addresses of the one emulator that runs here; None if there is none.

    `LIVE_EMULATOR_DATA` chooses one of several. Raises `Failed`, exit code 2, for several without a
    choice.
    """
    data = os.environ.get("LIVE_EMULATOR_DATA", "")
    folder = Path(data).expanduser().absolute() if data and data != MEMORY else None
    emulators = running([folder] if folder else [])
    if folder:
        pid = running_on(folder).get("pid")
        emulators = [ready for ready in emulators if ready["pid"] == pid] or emulators
    if len(emulators) > 1:
        raise Failed(_which(emulators), 2)
    return emulators[0] if emulators else None


def _which(emulators: list[dict[str, Any]]) -> str:
    width = max(len(ready["http"]) for ready in emulators)
    lines = [
        f"  {ready['http']:{width}}  pid {ready['pid']}  {ready['data']}" for ready in emulators
    ]
    example = emulators[0]["http"]
    return "\n".join(
        (
            f"{len(emulators)} emulators are running, so say which:",
            *lines,
            f"Add --server {example}, or export LIVE_EMULATOR_URL={example}.",
        )
    )
