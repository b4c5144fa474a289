"""Lab: tries plans, each once, over an executor and within a budget; known results are reused."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor

from msgspec import Struct, convert, to_builtins

from emulator.core.clock import monotonic_ms
from emulator.core.errors import Refused
from emulator.exploration.plan import Written
from emulator.exploration.trial import Order, Outcome
from emulator.parallel.folder import ResultFolder
from emulator.parallel.jobs import run
from emulator.parallel.work import Job, Work


class Stopped(Exception):
    """No more runs: the time is up, Ctrl-C was pressed, or the workers are lost or unusable."""


class Budget(threading.Event):
    """An event that a signal sets, or that counts as set once the time is up (None: no limit)."""

    def __init__(self, length_ms: int | None) -> None:
        super().__init__()
        self._began_ms = monotonic_ms()
        self.length_ms = length_ms

    @property
    def is_over(self) -> bool:
        return self.length_ms is not None and self.elapsed_ms >= self.length_ms

    @property
    def elapsed_ms(self) -> int:
        return monotonic_ms() - self._began_ms

    def is_set(self) -> bool:
        return self.is_over or super().is_set()


class Run(Struct, frozen=True):
    """A run of a plan: `repeat` counts its runs, from 1."""

    plan: list[Written]
    repeat: int = 1

    @property
    def key(self) -> str:
        """A key that is the same for the same plan in every process."""
        text = json.dumps(self.plan, sort_keys=True)
        return f"{hashlib.sha256(text.encode()).hexdigest()[:16]}-{self.repeat}"


class Lab:
    """Tries plans. `when_run` is called after each run, also for a result from a folder."""

    def __init__(
        self,
        work: Work,
        executor: Executor,
        workers: Callable[[], int],
        folder: ResultFolder,
        budget: Budget,
        when_run: Callable[["Lab"], None],
    ) -> None:
        self._work = work
        self._executor = executor
        self._workers = workers
        self._folder = folder
        self._budget = budget
        self._when_run = when_run
        self._known = {key: convert(value, Outcome) for key, value in folder.results()}
        # The runs so far, and how many of them failed.
        self.runs = 0
        self.failures = 0
        self.lost = 0
        self.limit_ms = 0
        # A sentence that says why no more runs are possible.
        self.problem = ""

    def one(self, plan: list[Written]) -> Outcome:
        return self.all([Run(plan)])[0]

    def all(self, wanted: Sequence[Run]) -> list[Outcome]:
        """The outcomes of runs, in order. Raises `Stopped`; outcomes until then are kept."""
        outcomes = {item.key: self._known[item.key] for item in wanted if item.key in self._known}
        for outcome in outcomes.values():
            self._note(outcome)
        jobs = {
            item.key: Job(item.key, to_builtins(Order(item.plan, self.limit_ms)))
            for item in wanted
            if item.key not in outcomes
        }
        for key, outcome in self._run_jobs(list(jobs.values())):
            self._known[key] = outcomes[key] = outcome
            self._note(outcome)
        if any(item.key not in outcomes for item in wanted):
            raise Stopped
        return [outcomes[item.key] for item in wanted]

    def known(self, item: Run) -> Outcome | None:
        return self._known.get(item.key)

    def _run_jobs(self, jobs: list[Job]) -> Iterator[tuple[str, Outcome]]:
        """Do the jobs. A lost run is not kept in the folder, so that a resume tries it again."""
        try:
            for done in run(
                self._work, jobs, self._executor, workers=self._workers, stop=self._budget
            ):
                if done.is_lost:
                    self.lost += 1
                    yield done.job.key, Outcome("lost", lines=[done.error])
                elif done.error:
                    self.problem = done.error
                    raise Stopped
                else:
                    self._folder.add(done.job.key, done.result)
                    yield done.job.key, convert(done.result, Outcome)
        except Refused as refused:
            self.problem = refused.message
            raise Stopped from None

    def _note(self, outcome: Outcome) -> None:
        self.runs += 1
        self.failures += outcome.has_failed
        self._when_run(self)
