"""The command under test: runs it with a time limit, keeps its last lines, leaves no process."""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from msgspec import Struct

from emulator.core.clock import monotonic_ms
from emulator.process_group import own_group

LINES_MAX = 40
_LINE_LENGTH_MAX = 400
_PIECE_BYTES = 64 * 1024
_END_SECONDS = 2.0
_LOOK_SECONDS = 0.01


class CommandRun(Struct, frozen=True):
    """The end of a command. `status` is its exit code; 128 plus a signal's number, as in a shell.

    It is None if the command did not end within its limit. `left`: children outlived the command,
    and were ended.
    """

    status: int | None
    duration_ms: int
    lines: list[str]
    left: bool


def run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], limit_ms: int
) -> CommandRun:
    """Run a command in a folder until it ends. An exception here ends it and its children.

    So does the end of this process, in whatever way: a worker may be killed for want of memory.

    Raises `OSError` if there is no such program or folder. On Windows, children that outlive the
    command are not known, and stay.
    """
    began_ms = monotonic_ms()
    with _Guard() as guard:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **own_group(),
        )
        guard.watch(process.pid)
        lines: deque[str] = deque(maxlen=LINES_MAX)
        reader = threading.Thread(target=_keep_last, args=(process, lines), daemon=True)
        reader.start()
        status: int | None = None
        left = False
        try:
            with suppress(subprocess.TimeoutExpired):
                status = process.wait(limit_ms / 1000)
            duration_ms = monotonic_ms() - began_ms
            left = status is not None and _is_alive(process.pid)
        finally:
            _end(process)
    # A child in a session of its own may keep the pipe open: do not wait for its output.
    reader.join(_END_SECONDS)
    if status is not None and status < 0:
        status = 128 - status
    return CommandRun(status, duration_ms, list(lines), left)


class _Guard:
    """A shell that ends a process group if this process is killed: then its input ends too soon."""

    _SCRIPT = 'read -r group && { read -r end || kill -s KILL -- "-$group"; }'

    def __enter__(self) -> Self:
        self._shell: subprocess.Popen[bytes] | None = None
        if sys.platform != "win32":
            command = ["/bin/sh", "-c", self._SCRIPT]
            nothing = subprocess.DEVNULL
            self._shell = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=nothing, stderr=nothing, **own_group()
            )
        return self

    def watch(self, group: int) -> None:
        """From now on it ends that one."""
        self._write(f"{group}\n")

    def __exit__(self, *_: object) -> None:
        self._write("end\n")
        if self._shell is not None:
            self._shell.communicate()

    def _write(self, line: str) -> None:
        if self._shell is not None and self._shell.stdin is not None:
            with suppress(BrokenPipeError):
                self._shell.stdin.write(line.encode())
                self._shell.stdin.flush()


def _keep_last(process: "subprocess.Popen[bytes]", lines: "deque[str]") -> None:
    assert process.stdout is not None
    rest = b""
    with process.stdout as output:
        while piece := os.read(output.fileno(), _PIECE_BYTES):
            *whole, rest = (rest + piece).split(b"\n")
            lines.extend(map(_text, whole))
            rest = rest[-_PIECE_BYTES:]
    if rest:
        lines.append(_text(rest))


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r")[:_LINE_LENGTH_MAX]


def _is_alive(group: int) -> bool:
    """Whether a process of the group still runs. Ended ones that are not reaped do not count."""
    if sys.platform != "win32":
        try:
            os.killpg(group, 0)
        except OSError:
            return False
        processes = Path("/proc")
        if not processes.is_dir():
            return True
        return any(_is_running(path, group) for path in processes.glob("[0-9]*/stat"))
    else:
        return False


def _is_running(path: Path, group: int) -> bool:
    """Whether this process runs in the group. proc_pid_stat(5): state, parent and group follow the
    name in brackets."""
    try:
        state, _, process_group = path.read_text("utf-8", "replace").rpartition(")")[2].split()[:3]
    except (OSError, ValueError):
        return False
    return process_group == str(group) and state not in "ZX"


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process and its group: with SIGTERM first, then with SIGKILL."""
    is_over = process.poll() is not None
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGTERM)
        if not is_over:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    until_ms = monotonic_ms() + _END_SECONDS * 1000
    while _is_alive(process.pid) and monotonic_ms() < until_ms:
        threading.Event().wait(_LOOK_SECONDS)
