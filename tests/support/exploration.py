"""An app for searches without a process: a rule decides with which plans it fails."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from emulator.exploration.lab import Budget, Lab
from emulator.exploration.plan import Written
from emulator.exploration.search import Exploration, Search
from emulator.exploration.sightings import Use
from emulator.exploration.trial import Outcome, Result
from emulator.parallel.folder import ResultFolder
from emulator.parallel.processes import WorkerDied
from emulator.parallel.work import Performer, Work

Rule = Callable[[list[Written]], bool]
USES = [
    Use("api.delay", "POST", "/streams", "", "", 1),
    Use("api.delay", "GET", "/streams", "", "", 5),
    Use("webhook.slow", "", "", "", "stream.live", 2),
]


class FakeApp:
    """An app that each fault strikes. `runs` counts its runs."""

    def __init__(self, fails: Rule) -> None:
        self._fails = fails
        self.runs = 0

    def perform(self, order: Any) -> Any:
        self.runs += 1
        plan = order["plan"]
        has_failed = self._fails(plan)
        result: Result = "failed" if has_failed else "passed"
        status = int(has_failed)
        outcome = Outcome(result, status, struck=[1] * len(plan), lines=["it broke"])
        if not plan:
            outcome = Outcome(result, status, uses=USES, events={"StreamWentLive": 1})
        return to_builtins(outcome)

    def close(self) -> None:
        """Nothing to close: the app keeps nothing between runs."""


class DyingWorkers(ThreadPoolExecutor):
    """Threads as workers; a worker dies with each run whose plan `kills` names."""

    def __init__(self, count: int, kills: Rule) -> None:
        super().__init__(count)
        self._kills = kills

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        order = args[-1]
        if not self._kills(order["plan"]):
            return super().submit(fn, *args, **kwargs)
        future: Future[Any] = Future()
        future.set_exception(WorkerDied("it was ended."))
        return future


def search(
    app: Performer,
    folder: Path,
    *,
    runs_max: int = 60,
    workers: int = 1,
    is_resumed: bool = False,
    when_run: Callable[[Lab, Budget], None] = lambda *_: None,
    kills: Rule = lambda _: False,
) -> Exploration:
    """Run a search, and return its result."""
    budget = Budget(None)
    identity = {"command": ["app"]}
    # A new setup for each search, since a worker keeps its warm app by the setup.
    work = Work(lambda _: app, str(id(app)).encode())
    with (
        DyingWorkers(workers, kills) as executor,
        ResultFolder(folder, "exploration", identity, is_resumed=is_resumed) as results,
    ):
        lab = Lab(
            work, executor, lambda: workers, results, budget, lambda lab: when_run(lab, budget)
        )
        searching = Search(lab, seed=1, runs_max=runs_max, limit_ms=None, say=lambda _: None)
        return searching.run()
