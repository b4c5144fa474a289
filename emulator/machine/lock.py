"""Locks: one holder of a file, among all processes of this machine. They die with their process.

`flock` where Python has it. Elsewhere, as on Windows, `filelock` knows what there is: its import
costs a start some 35 ms, and on POSIX it would make the same call.
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
    """Lock the file `path`, made where it is missing. Returns what lets it go again.

    None while another process holds it. Raises `OSError` where it cannot be opened. What the file
    holds is nobody's business: Windows lets none but the holder read it.
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

    # Not reentrant, and of any thread: the holder is the process.
    lock = FileLock(path, blocking=False, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lambda: lock.release(force=True)
