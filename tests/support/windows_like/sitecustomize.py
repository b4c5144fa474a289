"""A Python that lacks what Windows lacks: with this folder on `PYTHONPATH`, each process it starts.

Modules, functions and signals of POSIX alone are gone, the event loop has no signals and watches no
descriptors, and a file that this process has open can be neither replaced nor removed, nor a folder
around it moved. Names that Windows refuses are refused. So fallbacks are really executed; what the
system itself does there (its locks, its consoles) is not here.

`sys.platform` and `os.name` stay: Python's own library would ask for Windows' system calls.
"""

import asyncio
import asyncio.unix_events
import errno
import multiprocessing.util  # noqa: F401  It asks for what goes below.
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

from windows_names import is_refused  # type: ignore[import-not-found]  # Beside this file.

# Those of POSIX, and uvloop, which has no release for Windows.
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


class _Loop(asyncio.SelectorEventLoop):
    """As Windows' Proactor: what it has not, it says."""

    def add_signal_handler(self, *_: object) -> None:
        raise NotImplementedError

    remove_signal_handler = add_signal_handler  # type: ignore[assignment]  # It has neither.
    add_reader = add_writer = add_signal_handler  # type: ignore[assignment]
    create_unix_connection = create_unix_server = add_signal_handler  # type: ignore[assignment]


def _open_files() -> set[str]:
    names = set()
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208  Of a hook, which must not recurse.
        try:
            names.add(os.readlink(f"/proc/self/fd/{number}"))  # noqa: PTH115
        except OSError:
            continue
    return names


def _refuse_busy(name: object) -> None:
    path = os.path.realpath(os.fsdecode(name))  # type: ignore[arg-type]  # Of an audit event.
    if os.path.basename(path).startswith("lock"):  # noqa: PTH119
        return  # filelock's, which here is on POSIX, and on Windows does something else.
    if any(busy == path or busy.startswith(f"{path}/") for busy in _open_files()):
        raise PermissionError(errno.EACCES, "It is open in this process", path)


def _refuse_name(name: object) -> None:
    if not isinstance(name, str | bytes):
        return  # A descriptor.
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
    # Whole paths, as where folders cannot be opened.
    shutil._use_fd_functions = False  # type: ignore[attr-defined]
    shutil._USE_CP_SENDFILE = False  # type: ignore[attr-defined]
    subprocess._USE_POSIX_SPAWN = False  # type: ignore[misc]  # It is gone.
    asyncio.unix_events._UnixDefaultEventLoopPolicy._loop_factory = _Loop  # type: ignore[attr-defined]
    sys.addaudithook(_audit)


_install()
