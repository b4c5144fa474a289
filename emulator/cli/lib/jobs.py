"""Jobs of a command: run over an executor, with a progress line, a clean stop and a resume."""

import threading
from collections.abc import Callable, Sequence

from msgspec import Struct

from emulator.cli.lib.line import LiveLine
from emulator.cli.lib.places import Place
from emulator.cli.lib.progress import progress_text
from emulator.core.clock import monotonic_ms
from emulator.core.errors import Refused
from emulator.parallel.folder import ResultFolder
from emulator.parallel.jobs import Done, run
from emulator.parallel.work import Job, Work

# After this many jobs the remaining time can be estimated.
_PACE_JOBS = 3


class Ending(Struct, frozen=True):
    """The end of the jobs: all done, `is_stopped` by a signal, or cut short by a `problem`."""

    is_stopped: bool = False
    problem: str = ""


def collect(
    work: Work,
    jobs: Sequence[Job],
    place: Place,
    take: Callable[[Done], object],
    *,
    line: LiveLine,
    stop: threading.Event,
    folder: ResultFolder | None = None,
    detail: Callable[[], str] = lambda: "",
) -> Ending:
    """Do the jobs without a result in `folder`, pass every result to `take`, and show progress.

    Results that the folder has come first, in the order in which they were kept. `detail` is shown
    after the number of done jobs. A `Refused` is not raised, but is the problem of the ending:
    results so far are kept.
    """
    keys = folder.keys if folder else set()
    # Jobs are made one by one, since there may be a million.
    before = {job.key: job for job in jobs if job.key in keys} if keys else {}
    left = (job for job in jobs if job.key not in before)
    done = len(before)
    for key, result in folder.results() if folder else ():
        if key in before:
            take(Done(before[key], result))
    pace = _Pace(len(jobs), done)
    try:
        for entry in run(work, left, place.executor, workers=place.workers, stop=stop):
            if folder and not entry.error:
                folder.add(entry.job.key, entry.result)
            take(entry)
            done += 1
            line.show("  ".join(filter(None, (pace.text(done), detail()))))
    except Refused as refused:
        return Ending(problem=refused.message)
    finally:
        line.clear()
    return Ending(is_stopped=stop.is_set() and done < len(jobs))


class _Pace:
    """The pace of the jobs done in this process, without those of the folder."""

    def __init__(self, total: int, before: int) -> None:
        self._total = total
        self._before = before
        self._began_ms = monotonic_ms()

    def text(self, done: int) -> str:
        """`412 of 1,000 runs  41 %, 2m10s left`."""
        here, seconds = done - self._before, None
        if here >= _PACE_JOBS:
            elapsed = (monotonic_ms() - self._began_ms) / 1000
            seconds = elapsed / here * (self._total - done)
        share = progress_text(done / self._total, seconds)
        return f"{done:,} of {self._total:,} runs  {share}"
