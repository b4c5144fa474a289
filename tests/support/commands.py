"""The `live-emulator` command and other commands as a user runs them: as separate processes."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def live_emulator(*words: str | Path) -> list[str]:
    """The `live-emulator` command line of this environment with these arguments."""
    return [sys.executable, "-m", "emulator", *map(str, words)]


def finished(
    command: Sequence[str | Path], *, timeout: float = 120, **options: Any
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, and return its exit code and output. `timeout` in seconds."""
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=timeout, **options
    )
