"""Locks: one holder of a file among all processes of this machine. A lock ends with its process.

Uses `flock` where Python has it, otherwise (as on Windows) the library `filelock`: importing that
takes some 35 ms of a start, and on POSIX it makes the same call.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

_HAS_FLOCK = False
if sys.platform != "win32":
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock

        _HAS_FLOCK = True
    except ImportError:  # A Python without it.
        pass

Release = Callable[[], None]


def try_lock(path: Path) -> Release | None:
    """Lock the file `path`, and make it if it is missing. Returns a function that unlocks it.

    Returns None while another process holds the lock. Raises `OSError` if the file cannot be
    opened. Nothing may be stored in the file: on Windows only the holder can read it.
    """
    if sys.platform == "win32" or not _HAS_FLOCK:
        return _by_library(path)
    else:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            flock(descriptor, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        return lambda: os.close(descriptor)


def _by_library(path: Path) -> Release | None:
    import warnings

    with warnings.catch_warnings():
        # Without any lock of the system it takes a file that is there for a lock that is held, and
        # its writer's process for the holder. Nothing better can be had then.
        warnings.simplefilter("ignore")
        from filelock import FileLock, Timeout

    # Not reentrant, and for any thread: the holder is the process.
    lock = FileLock(path, blocking=False, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lambda: lock.release(force=True)
