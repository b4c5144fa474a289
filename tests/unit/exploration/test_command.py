"""A command under test: its last lines, its time limit, and no processes left of it."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from emulator.exploration import command
from tests.support.live_server import until

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
    assert all(has_ended(pid) for pid in run.lines)


def test_command_that_leaves_a_child_is_reported() -> None:
    text = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
        "print(child.pid)"
    )
    run = python(text)

    assert (run.status, run.left) == (0, True)
    assert all(has_ended(pid) for pid in run.lines)


def test_command_ends_with_a_worker_that_is_killed(tmp_path: Path) -> None:
    # Given a worker whose command has a child,
    child = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
    text = (
        "import os, signal, subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "open('pids.part', 'w').write(f'{os.getpid()} {child.pid}')\n"
        "os.rename('pids.part', 'pids')\n"
        "signal.pause()"
    )
    worker = (
        "import os, sys\nfrom pathlib import Path\nfrom emulator.exploration import command\n"
        f"command.run([sys.executable, '-c', {text!r}], Path.cwd(), os.environ, {LIMIT_MS})"
    )
    with subprocess.Popen([sys.executable, "-c", worker], cwd=tmp_path) as process:
        until((tmp_path / "pids").exists, "the command runs")
        # when the worker is killed, then neither process continues.
        process.kill()
    for pid in (tmp_path / "pids").read_text("utf-8").split():
        until(partial(has_ended, pid), f"{pid} has ended")


def has_ended(pid: str) -> bool:
    """Its new parent process may not have reaped it yet."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"
