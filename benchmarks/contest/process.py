"""A server as a child process, with the CPU seconds and the memory of it and its children.

The figures are read from /proc, so only Linux has them; elsewhere `Missing` is raised.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_STOP_SECONDS = 15
_START_SECONDS = 30
_PROC = Path("/proc")


class Missing(Exception):
    """A needed program or system feature is missing; the message is a sentence for the results."""


class Process:
    """One running server."""

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        self._child = child

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def has_ended(self) -> bool:
        return self._child.poll() is not None

    def cpu_seconds(self) -> float:
        """User and system time so far, of the process and its living children."""
        ticks = os.sysconf("SC_CLK_TCK")
        return sum(_cpu_ticks(pid) for pid in _family(self.pid)) / ticks

    def threads(self) -> int:
        """The number of its threads now, without its children's."""
        return len(list((_PROC / str(self.pid) / "task").iterdir()))

    def memory_bytes(self) -> int:
        """Resident memory; shared pages count once per process."""
        page = os.sysconf("SC_PAGE_SIZE")
        return sum(
            int((_PROC / str(pid) / "statm").read_text().split()[1]) * page
            for pid in _family(self.pid)
        )


@contextmanager
def running(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """Run `command` as a child that logs to `log`; SIGTERM ends it at the end of the block."""
    if not (_PROC / "self/statm").exists():
        raise Missing("CPU and memory of a process are read from /proc, which is not here.")
    with (
        log.open("wb") as written,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            env={**os.environ, **(environment or {})},
        ) as child,
    ):
        try:
            yield Process(child)
        finally:
            with suppress(ProcessLookupError):
                child.send_signal(signal.SIGTERM)
            try:
                child.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()


def await_port(process: Process, port: int, log: Path) -> None:
    """Wait until something listens on `port`; raises with the log's end if nothing ever does."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.has_ended or time.monotonic() > deadline:
            raise RuntimeError(f"it did not start: {log.read_text('utf-8', 'replace')[-2000:]}")
        time.sleep(0.01)


def free_ports(count: int) -> list[int]:
    """Ports on which nothing listens now."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _family(pid: int) -> list[int]:
    """`pid` and its children, which may be workers; no peer of ours has grandchildren."""
    children: list[int] = []
    for task in (_PROC / str(pid) / "task").iterdir():
        children += map(int, (task / "children").read_text().split())
    return [pid, *children]


def _cpu_ticks(pid: int) -> int:
    # The command's name is in brackets and may hold anything; utime and stime are fields 14 and 15.
    stat = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return int(stat[11]) + int(stat[12])
