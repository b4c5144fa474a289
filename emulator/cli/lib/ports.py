"""Ports: whether a port is free, and if not, which process has it."""

import errno
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from emulator.web.servers.listening import claim

_LISTENING = "0A"  # include/net/tcp_states.h: TCP_LISTEN is 10.


class Holder(NamedTuple):
    """A process that listens. Its values are 0 and "" if this user may not see them."""

    pid: int
    command: str

    def __str__(self) -> str:
        if not self.pid:
            return "another user's process"
        return f"{self.command or 'a process'} (pid {self.pid})"


def why_not(host: str, port: int) -> str | None:
    """The reason why a server cannot listen on `port` of `host`, in a few words; None if it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            claim(probe)
            probe.bind((host, port))
            # With SO_REUSEADDR two sockets may bind, but only one may listen.
            probe.listen(1)
    except OSError as failure:
        if failure.errno == errno.EADDRINUSE:
            return f"is used by {holder(port)}"
        if failure.errno == errno.EACCES:
            return _not_allowed(port)
        return f"cannot be used: {failure.strerror}"
    return None


def holder(port: int) -> Holder:
    """The process that listens on `port`, found in /proc, or by netstat or lsof."""
    if sys.platform == "win32":
        return _by_netstat(port)
    else:
        return _by_proc(port) if Path("/proc/net/tcp").exists() else by_lsof(port)


def _not_allowed(port: int) -> str:
    if sys.platform == "win32":
        # A server that claims its port refuses others so, and Hyper-V reserves some hundred.
        process = holder(port)
        if process.pid:
            return f"is used by {process}"
        return "is reserved (netsh interface ipv4 show excludedportrange tcp); choose another"
    else:
        return "needs root; choose one from 1024 on"


def _by_proc(port: int) -> Holder:
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        if any(link in sockets for link in _open_files(process)):
            return Holder(int(process.name), _command(process))
    return Holder(0, "")


def _open_files(process: Path) -> Iterator[str]:
    """The targets of a process's descriptors; none for another user's process or one that ended."""
    with suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):  # Closed between listing and reading.
                yield str(descriptor.readlink())


def _listening_inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                yield inode


def _command(process: Path) -> str:
    """The program's name; for `python -m x` and the like, with the words that identify it."""
    try:
        words = (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return ""
    # Only the first words, since later ones may contain keys and passwords.
    name = Path(words[0]).name
    script = next((word for word in words[1:4] if word and not word.startswith("-")), "")
    if not name.startswith("python") or "-c" in words[1:4]:  # A script in a word is no name.
        return name
    return f"{name} {Path(script).name}".strip()


def by_lsof(port: int) -> Holder:
    """The process by `lsof`, on macOS and other systems without /proc."""
    listed = _output(["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"])
    payload = {line[0]: line[1:] for line in reversed(listed.splitlines()) if line}
    return Holder(int(payload.get("p", "0")), payload.get("c", ""))


def _by_netstat(port: int) -> Holder:
    pid = listener_of(_output(["netstat", "-a", "-n", "-o", "-p", "TCP"]), port)
    pid = pid or listener_of(_output(["netstat", "-a", "-n", "-o", "-p", "TCPv6"]), port)
    if not pid:
        return Holder(0, "")
    listed = _output(["tasklist", "/FI", f"PID eq {pid}", "/FO", "CSV", "/NH"])
    return Holder(pid, program_of(listed))


def listener_of(netstat: str, port: int) -> int:
    """The process that listens on `port` in the output of Windows' `netstat -ano`; 0 for none."""
    for line in netstat.splitlines():
        words = line.split()
        # The state is in the system's language, but a listener's peer always has port 0.
        if len(words) < 4 or not words[2].endswith(":0"):
            continue
        if words[1].endswith(f":{port}") and words[-1].isdigit():
            return int(words[-1])
    return 0


def program_of(tasklist: str) -> str:
    """The program's name in the output of Windows' `tasklist /FO CSV /NH`; empty for none."""
    name = tasklist.strip().partition('","')[0]
    return name[1:] if name.startswith('"') else ""


def _output(command: list[str]) -> str:
    import subprocess

    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
