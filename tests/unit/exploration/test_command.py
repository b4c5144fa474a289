"""A command under test: its last lines, its limit, and nothing of it left behind."""

import os
import sys
from pathlib import Path

import pytest

from emulator.exploration import command

LIMIT_MS = 60_000


def python(text: str, limit_ms: int = LIMIT_MS) -> command.CommandRun:
    return command.run([sys.executable, "-c", text], Path.cwd(), os.environ, limit_ms)


def test_command_keeps_its_last_lines_and_its_exit_code() -> None:
    run = python("for n in range(500): print('line', n)\nraise SystemExit(3)")

    assert (run.status, run.left) == (3, False)
    assert run.lines == [f"line {n}" for n in range(500 - command.LINES_MAX, 500)]


def test_command_that_is_not_there_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        command.run([str(tmp_path / "no-such")], tmp_path, os.environ, LIMIT_MS)


def test_command_that_does_not_end_is_ended_with_its_children() -> None:
    text = (
        "import signal, subprocess, sys\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
        "print(child.pid, flush=True)\n"
        "signal.pause()"
    )
    run = python(text, limit_ms=3_000)

    assert run.status is None
    assert all(not Path(f"/proc/{pid}").exists() or is_zombie(pid) for pid in run.lines)


def test_command_that_leaves_a_child_is_said_to() -> None:
    text = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
        "print(child.pid)"
    )
    run = python(text)

    assert (run.status, run.left) == (0, True)
    assert all(not Path(f"/proc/{pid}").exists() or is_zombie(pid) for pid in run.lines)


def is_zombie(pid: str) -> bool:
    """Whoever adopted it may not have reaped it yet."""
    return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] == "Z"
