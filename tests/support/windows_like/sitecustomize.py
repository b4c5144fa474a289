"""A Python that lacks what Windows lacks: in each process with this folder on `PYTHONPATH`.

POSIX-only modules, functions and signals are removed, the event loop has no signals and watches no
file descriptors, and a file that this process has open can be neither replaced nor removed, nor its
folder moved. Names that Windows refuses are refused. So the fallbacks for Windows are really
executed; Windows' own locks and consoles are not simulated.

`sys.platform` and `os.name` stay: with others, Python's library would make Windows' system calls.
"""

import asyncio
import asyncio.selector_events
import asyncio.unix_events
import errno
import multiprocessing.util  # noqa: F401  It imports modules that are removed below.
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile  # noqa: F401
import time
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec

from windows_names import is_refused  # type: ignore[import-not-found]  # In this folder.

# POSIX-only modules, and uvloop, which has no release for Windows.
_MODULES = frozenset(
    "crypt curses fcntl grp nis pty pwd readline resource spwd syslog termios tty uvloop".split()  # noqa: SIM905
)
_OF_OS = """
    O_CLOEXEC O_NONBLOCK chown fchmod fchown fdatasync fork forkpty getegid geteuid getgid getgroups
    getloadavg getpgid getpgrp getresuid getsid getuid killpg lchown mkfifo nice openpty pipe2
    posix_fadvise posix_fallocate posix_spawn pread preadv pwrite pwritev sendfile setsid
    sync wait3 wait4
"""
_OF_SIGNAL = "SIGALRM SIGHUP SIGPIPE SIGQUIT SIGUSR1 SIGUSR2 setitimer sigwait"
_OF_TIME = "CLOCK_BOOTTIME CLOCK_MONOTONIC CLOCK_REALTIME clock_gettime clock_gettime_ns"
_OF_SOCKET = "SO_REUSEPORT TCP_NOTSENT_LOWAT"


class _Absent(MetaPathFinder):
    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        if fullname.partition(".")[0] in _MODULES:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


class _Transport(asyncio.selector_events._SelectorSocketTransport):  # type: ignore[misc, name-defined]
    """A transport like the Proactor's: a read in progress continues while it is paused."""

    _taken: bytes | None = None

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        if self._paused and not self._closing:
            self._paused = False
            if self._taken is not None:
                self._loop.call_soon(self._deliver)

    def _read_ready(self) -> None:
        if not self._paused:
            super()._read_ready()
            return
        self._loop._remove_reader(self._sock_fd)
        self._taken = self._sock.recv(self.max_size)

    def _deliver(self) -> None:
        if self._paused or self._closing or self._taken is None:
            return
        taken, self._taken = self._taken, None
        self._add_reader(self._sock_fd, self._read_ready)
        if not taken:
            self._read_ready__on_eof()
        elif isinstance(self._protocol, asyncio.BufferedProtocol):
            asyncio.protocols._feed_data_to_buffered_proto(self._protocol, taken)  # type: ignore[attr-defined]
        else:
            self._protocol.data_received(taken)


class _Loop(asyncio.SelectorEventLoop):
    """A loop like the Proactor's: the missing methods raise `NotImplementedError`."""

    add_signal_handler = asyncio.AbstractEventLoop.add_signal_handler
    remove_signal_handler = asyncio.AbstractEventLoop.remove_signal_handler
    add_reader = asyncio.AbstractEventLoop.add_reader
    add_writer = asyncio.AbstractEventLoop.add_writer
    create_unix_connection = asyncio.AbstractEventLoop.create_unix_connection
    create_unix_server = asyncio.AbstractEventLoop.create_unix_server

    def _make_socket_transport(self, *arguments: object, **options: object) -> _Transport:
        return _Transport(self, *arguments, **options)


def _open_files() -> set[str]:
    names = set()
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208  An audit hook must not recurse.
        try:
            names.add(os.readlink(f"/proc/self/fd/{number}"))  # noqa: PTH115
        except OSError:
            continue
    return names


def _refuse_busy(name: object) -> None:
    path = os.path.realpath(os.fsdecode(name))  # type: ignore[arg-type]  # From an audit event.
    if os.path.basename(path).startswith("lock"):  # noqa: PTH119
        return  # filelock's, which here is on POSIX, and on Windows does something else.
    if any(busy == path or busy.startswith(f"{path}/") for busy in _open_files()):
        raise PermissionError(errno.EACCES, "It is open in this process", path)


def _refuse_name(name: object) -> None:
    if not isinstance(name, str | bytes):
        return  # A descriptor has no name.
    last = os.path.basename(os.fsdecode(name))  # noqa: PTH119
    if is_refused(last):
        raise OSError(errno.EINVAL, "Windows has no such name", last)


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event == "os.remove":
        _refuse_busy(arguments[0])
    elif event == "os.rename":
        _refuse_busy(arguments[0])
        _refuse_busy(arguments[1])
        _refuse_name(arguments[1])
    elif event == "os.mkdir" or (event == "open" and int(arguments[2]) & os.O_CREAT):  # type: ignore[call-overload]
        _refuse_name(arguments[0])


def _install() -> None:
    for name in _MODULES & set(sys.modules):
        del sys.modules[name]
    sys.meta_path.insert(0, _Absent())
    for module, names in (
        (os, _OF_OS),
        (signal, _OF_SIGNAL),
        (time, _OF_TIME),
        (socket, _OF_SOCKET),
    ):
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)
    # Use whole paths, as on systems where folders cannot be opened.
    shutil._use_fd_functions = False  # type: ignore[attr-defined]
    shutil._USE_CP_SENDFILE = False  # type: ignore[attr-defined]
    subprocess._USE_POSIX_SPAWN = False  # type: ignore[misc]  # It is gone.
    asyncio.unix_events._UnixDefaultEventLoopPolicy._loop_factory = _Loop  # type: ignore[attr-defined]
    sys.addaudithook(_audit)


_install()
