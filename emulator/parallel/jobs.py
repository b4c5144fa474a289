"""Jobs: run many independent jobs over one executor, and give their results as they come.

The executor is any `concurrent.futures.Executor`: `processes` for this machine, `cluster` for Dask.
If a worker dies, only its job is lost, and is repeated.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from typing import Any

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.parallel.work import Job, Reply, Work, perform
from emulator.version import __version__

# A job whose worker died this often is not repeated: it is probably the cause.
TRIES_MAX = 3
# The number of jobs that each worker has at once, so that none is idle while a result travels.
_AHEAD = 2
_LOOK_SECONDS = 0.1


class ExecutorLost(Refused):
    """The executor is lost, and its jobs will never end. The message says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__("unavailable", message)


class Done(Struct, frozen=True):
    """A finished job: its `result`, or the reason in `error` why there is none.

    `is_lost`: its worker died at each attempt.
    """

    job: Job
    result: Any = None
    error: str = ""
    is_lost: bool = False


class _Sent(Struct):
    """A job in progress, and how often its worker has died."""

    job: Job
    deaths: int = 0
    has_setup: bool = False


def run(
    work: Work,
    jobs: Iterable[Job],
    executor: Executor,
    *,
    workers: Callable[[], int],
    stop: threading.Event | None = None,
) -> Iterator[Done]:
    """Do all jobs, and yield each when it ends, in any order. Ends early once `stop` is set.

    `workers` returns how many workers there are now. A few jobs for each are sent at a time, so
    that neither this process nor a scheduler holds all of them. Jobs in progress at a stop are not
    cancelled here, but by the executor's `shutdown`. Raises `ExecutorLost`, and `Refused`
    (`conflict`) for a worker of another version.
    """
    stop = stop or threading.Event()
    left = iter(jobs)
    sent: dict[Future[Reply], _Sent] = {}
    is_over = False
    while not stop.is_set():
        while not is_over and len(sent) < _AHEAD * max(1, workers()):
            job = next(left, None)
            if job is None:
                is_over = True
            else:
                entry = _Sent(job)
                sent[_submit(work, entry, executor)] = entry
        if not sent:
            return
        for future in wait(sent, _LOOK_SECONDS, FIRST_COMPLETED).done:
            entry = sent.pop(future)
            done = _settled(entry, future)
            if done is None:
                sent[_submit(work, entry, executor)] = entry
            else:
                yield done


def _submit(work: Work, entry: _Sent, executor: Executor) -> Future[Reply]:
    setup = work.setup if entry.has_setup else None
    try:
        return executor.submit(
            perform, work.prepare, work.digest, setup, __version__, entry.job.order
        )
    except RuntimeError as error:
        raise ExecutorLost(f"The executor accepts no more jobs: {error}.") from None


def _settled(entry: _Sent, future: Future[Reply]) -> Done | None:
    """The finished job; None for one that must be sent again."""
    try:
        kind, value = future.result()
    except BrokenExecutor as error:
        entry.deaths += 1
        if entry.deaths < TRIES_MAX:
            return None
        message = f"Its worker died {entry.deaths} times; the last reason: {error}"
        return Done(entry.job, error=message, is_lost=True)
    except CancelledError:
        raise ExecutorLost("The jobs under way were cancelled by the executor.") from None
    if kind == "setup-missing":
        entry.has_setup = True
        return None
    if kind == "other-version":
        text = f"A worker has live-emulator {value}, and this is {__version__}"
        raise Refused("conflict", f"{text}. Install the same version on both sides.")
    return Done(entry.job, error=value) if kind == "failed" else Done(entry.job, value)
