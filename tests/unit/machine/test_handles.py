"""File handles: the limit is raised, and a lack of them is logged once per minute."""

import errno
import logging
import resource
import subprocess
import sys

from emulator.machine.handles import OncePerMinute


def record(at: float, failure: Exception | None = None, text: str = "") -> logging.LogRecord:
    info = (type(failure), failure, None) if failure else None
    log_record = logging.LogRecord("x", logging.ERROR, "", 1, text or "%s failed", ("x",), info)
    log_record.created = at
    return log_record


def test_file_handles_shortage_is_logged_once_a_minute() -> None:
    once = OncePerMinute()
    failure = OSError(errno.EMFILE, "Too many open files")
    first = record(100.0, failure)
    assert once.filter(first)
    assert first.getMessage().startswith("out of file handles limit=")
    assert first.exc_info is None
    assert not once.filter(record(100.1, failure))
    assert not once.filter(record(159.0, text="%s: Too many open files"))
    assert once.filter(record(160.0, OSError(errno.ENFILE, "no more")))
    # Other errors are logged each time.
    assert all(once.filter(record(at, OSError(errno.ENOSPC, "full"))) for at in (100, 101))


def test_file_handles_soft_limit_is_raised_to_the_hard_one() -> None:
    hard = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 4_096)
    code = (
        "import resource; "
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (64, {hard})); "
        "from emulator.machine.handles import raise_limit; print(raise_limit())"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert int(process.stdout) == hard
