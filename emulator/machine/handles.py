"""Handles: how many files and sockets this process may open, and the warning when none are left.

When they run out, every attempt to open something fails; the log has one line a minute about that.
"""

import errno
import logging
import os
import sys
from typing import NamedTuple

_HAS_RESOURCE = False
if sys.platform != "win32":
    try:
        import resource

        _HAS_RESOURCE = True
    except ImportError:  # A Python without it.
        pass

# More than any emulator needs. Some systems report "no limit" but do not allow that many.
_WANTED = 1_048_576
_ERRORS = (errno.EMFILE, errno.ENFILE)
_WORDS = ("Too many open files",)
_SILENT_SECONDS = 60


class Limits(NamedTuple):
    """The limits of a process's open handles: the current one, and the highest it may set."""

    soft: int
    hard: int


def limits() -> Limits | None:
    """The limits of this process; None on a system without them, such as Windows.

    There a socket is no file, and only memory limits their number.
    """
    if sys.platform == "win32" or not _HAS_RESOURCE:
        return None
    else:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        endless = resource.RLIM_INFINITY
        return Limits(_WANTED if soft == endless else soft, _WANTED if hard == endless else hard)


def raise_limit() -> int:
    """Raise the soft limit to what the system allows. Returns the limit that holds now."""
    allowed = limits()
    if sys.platform != "win32" and allowed is not None:
        # A limit that is infinite already stays so.
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        ceiling = min(allowed.hard, _WANTED)
        for wanted in (ceiling, 65_536, 10_240):  # macOS refuses more than kern.maxfilesperproc.
            if allowed.soft >= wanted:
                break
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            except (OSError, ValueError):
                continue
            break
    return limit()


def limit() -> int:
    """The number of handles that this process may have open."""
    allowed = limits()
    return _WANTED if allowed is None else allowed.soft


def are_gone() -> bool:
    """Whether no file can be opened at this moment."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as failure:
        return failure.errno in _ERRORS
    return False


class OncePerMinute(logging.Filter):
    """A log filter that lets through one line a minute about missing handles."""

    def __init__(self) -> None:
        super().__init__()
        self._logged_at: float | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        if not _is_for_want_of_handles(record):
            return True
        if self._logged_at is not None and 0 <= record.created - self._logged_at < _SILENT_SECONDS:
            return False
        self._logged_at = record.created
        said = _shown(record)
        record.msg = (
            "out of file handles limit=%d: nothing can be opened until some are closed. "
            "Raise the limit with `ulimit -n` before the start. What failed: %s"
        )
        record.args = (limit(), said)
        record.exc_info = record.exc_text = None
        return True


def _is_for_want_of_handles(record: logging.LogRecord) -> bool:
    failure = record.exc_info[1] if record.exc_info else None
    if isinstance(failure, OSError) and failure.errno in _ERRORS:
        return True
    return record.levelno >= logging.WARNING and any(word in _shown(record) for word in _WORDS)


def _shown(record: logging.LogRecord) -> str:
    """The record's message, in one line."""
    first = record.getMessage().partition("\n")[0]
    failure = record.exc_info[1] if record.exc_info else None
    return f"{first} ({failure})" if failure else first
