"""Our command and others as a user runs them: as processes of their own."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def live_emulator(*words: str | Path) -> list[str]:
    """The command with these arguments, of this environment."""
    return [sys.executable, "-m", "emulator", *map(str, words)]


def finished(
    command: Sequence[str | Path], *, timeout: float = 120, **options: Any
) -> "subprocess.CompletedProcess[str]":
    """The command once it has ended, however it did, with what it printed. `timeout` in seconds."""
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=timeout, **options
    )
