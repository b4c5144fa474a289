"""Search: tries plans until the budget is spent; repeats, shrinks and merges those that fail.

The search depends only on the seed and on the outcomes of runs, not on the order in which they end.
So a search that is resumed from a folder's results continues in the same way.
"""

import json
from collections.abc import Callable, Iterator
from itertools import islice

from msgspec import Struct, field

from emulator.core.errors import Refused
from emulator.core.quantities import duration_text
from emulator.exploration.aims import Profile, cell_of, draws, profile_of, singles
from emulator.exploration.lab import Lab, Run, Stopped
from emulator.exploration.plan import Written
from emulator.exploration.shrink import shrink, smaller
from emulator.exploration.trial import Outcome

# The number of runs without faults, and of runs of a plan that fails.
REPEATS = 3
# The number of plans that are tried before those that failed are examined.
_ROUND = 24
_LIMIT_FACTOR, _LIMIT_MORE_MS = 5, 20_000
_FIXED_PORT = ("address already in use", "eaddrinuse", "address in use", "only one usage of each")


class Finding(Struct):
    """A smallest failing plan, which failed `failed` of `tried` times, and the plans shrunk to it.

    `is_unsteady`: it failed once and then in fewer than half of its runs, so it is only worth a
    look. `is_shrunk` is false if the search was stopped before.
    """

    plan: list[Written]
    outcome: Outcome
    failed: int = 1
    tried: int = 1
    is_shrunk: bool = False
    is_unsteady: bool = False
    sources: list[list[Written]] = field(default_factory=list)

    @property
    def key(self) -> str:
        return json.dumps(self.plan, sort_keys=True)


class Exploration(Struct):
    """The results so far. `tried` has each plan that was drawn, with its first outcome."""

    base: Outcome | None = None
    base_passed: int = 0
    base_tried: int = 0
    profile: Profile | None = None
    tried: list[tuple[list[Written], Outcome]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unsteady: list[Finding] = field(default_factory=list)
    # Plans that failed and were not examined before the end.
    open: list[tuple[list[Written], Outcome]] = field(default_factory=list)
    is_stopped: bool = False
    # The time limit of one run.
    limit_ms: int = 0
    notes: list[str] = field(default_factory=list)


class Search:
    """One search. `runs_max` limits the plans that are drawn; None: only the time limits them."""

    def __init__(
        self,
        lab: Lab,
        *,
        seed: int,
        runs_max: int | None,
        limit_ms: int | None,
        say: Callable[[str], None],
    ) -> None:
        self._lab = lab
        self._seed = seed
        self._runs_max = runs_max
        self._limit_ms = limit_ms
        self._say = say
        self.state = Exploration()

    def run(self) -> Exploration:
        """Search, and return the results when the search ends or is stopped.

        Refuses (`invalid`) a command that fails without faults, that ends its worker, or of which
        two runs at once disturb each other.
        """
        try:
            profile = self._learn()
            self._repeat_base()
            self._try_all(profile)
        except Stopped:
            self.state.is_stopped = True
        return self.state

    def _learn(self) -> Profile:
        lab, state = self._lab, self.state
        lab.limit_ms = self._limit_ms or 600_000
        base = state.base = lab.one([])
        state.base_tried = 1
        if base.result != "passed":
            raise Refused("invalid", _unfit(base, lab.limit_ms))
        state.base_passed = 1
        if base.left:
            state.notes.append(
                "The command leaves processes behind. They are killed after each run, so that they "
                "do not disturb the next one. Make the command wait for the processes it starts."
            )
        if self._limit_ms is None:
            lab.limit_ms = base.duration_ms * _LIMIT_FACTOR + _LIMIT_MORE_MS
        state.limit_ms = lab.limit_ms
        state.profile = profile_of(base)
        return state.profile

    def _repeat_base(self) -> None:
        state = self.state
        repeats = self._lab.all([Run([], number) for number in range(2, REPEATS + 1)])
        for outcome in repeats:
            if outcome.result == "lost":
                continue
            state.base_tried += 1
            state.base_passed += not outcome.has_failed
            said = "\n".join(outcome.lines).lower()
            if outcome.has_failed and any(words in said for words in _FIXED_PORT):
                raise Refused(
                    "invalid",
                    "The command fails when two of it run at the same time: it binds a fixed "
                    f"port.{_last_lines(outcome)}\nLet it take any free port (0), or search "
                    "with -j 1 (on a cluster: one worker for each machine).",
                )
        if state.base_passed < state.base_tried:
            state.notes.append(
                f"Without faults the command passed {state.base_passed} of {state.base_tried} "
                "times: it is flaky, so a finding may have nothing to do with its fault."
            )

    def _try_all(self, profile: Profile) -> None:
        if profile.is_empty:
            raise Refused(
                "invalid",
                "The command passed without using the emulator: no request, socket or publisher "
                "came. Make it read LIVE_EMULATOR_URL, or set its own variable: "
                "--env API_BASE={http}/api/v1. If it starts an emulator itself with the pytest "
                "plugin, add --own-emulator.",
            )
        entries = singles(profile)
        plans = iter([[entry] for entry in entries])
        left = self._runs_max
        while batch := list(islice(plans, _ROUND if left is None else min(_ROUND, left))):
            left = None if left is None else left - len(batch)
            self._try(batch, profile)
        sound = [entry for entry in entries if not self._is_known([entry])]
        for plan_batch in _batches(draws(profile, sound, self._seed)):
            if left is not None and left <= 0:
                return
            fresh = [plan for plan in plan_batch if not self._is_known(plan)][:left]
            left = None if left is None else left - len(fresh)
            if fresh:
                self._try(fresh, profile)

    def _try(self, plans: list[list[Written]], profile: Profile) -> None:
        state, lab = self.state, self._lab
        wanted = [Run(plan) for plan in plans]
        try:
            lab.all(wanted)
        finally:
            outcomes = [(item.plan, outcome) for item in wanted if (outcome := lab.known(item))]
            state.tried += outcomes
            state.open += [pair for pair in outcomes if pair[1].has_failed]
        while state.open:
            plan, outcome = state.open[0]
            self._look_into(plan, outcome, profile)
            state.open.pop(0)

    def _look_into(self, plan: list[Written], outcome: Outcome, profile: Profile) -> None:
        """Repeat a plan that failed; shrink it if it fails again."""
        near = next(
            (item for item in self.state.findings if item.plan in smaller(plan, profile)), None
        )
        if near is not None:
            near.sources.append(plan)
            return
        finding = self._repeated(plan, outcome)
        if finding.is_unsteady:
            self.state.unsteady.append(finding)
            return
        smallest = shrink(plan, self._lab, profile)
        known = next((item for item in self.state.findings if item.plan == smallest), None)
        if known is not None:
            known.sources.append(plan)
            return
        if smallest != plan:
            finding = self._repeated(smallest, self._lab.one(smallest))
        if finding.is_unsteady:
            self.state.unsteady.append(finding)
            return
        finding.is_shrunk = True
        finding.sources.append(plan)
        self.state.findings.append(finding)
        self._announce(finding)

    def _repeated(self, plan: list[Written], outcome: Outcome) -> Finding:
        repeats = self._lab.all([Run(plan, number) for number in range(2, REPEATS + 1)])
        failed = 1 + sum(repeat.has_failed for repeat in repeats)
        tried = 1 + sum(repeat.result != "lost" for repeat in repeats)
        has_struck = not outcome.struck or any(outcome.struck)
        is_unsteady = not has_struck or failed * 2 <= tried
        return Finding(plan, outcome, failed, tried, is_unsteady=is_unsteady)

    def _is_known(self, plan: list[Written]) -> bool:
        """Whether the plan adds no new finding: one of its faults alone fails already."""
        cells = {cell_of(entry) for entry in plan}
        return any(
            cells >= {cell_of(entry) for entry in source}
            for finding in (*self.state.findings, *self.state.unsteady)
            for source in (finding.plan, *finding.sources)
        )

    def _announce(self, finding: Finding) -> None:
        from emulator.exploration.plan import sentence

        self._say(f"found: {sentence(finding.plan)} ({finding.failed} of {finding.tried} fail)")


def _batches(plans: Iterator[list[Written]]) -> Iterator[list[list[Written]]]:
    while batch := list(islice(plans, _ROUND)):
        yield batch


def _unfit(base: Outcome, limit_ms: int) -> str:
    if base.result == "lost":
        return (
            f"The process that runs the command was killed each time. {' '.join(base.lines)} Make "
            "sure that the command kills only its own processes, and that there is enough memory."
        )
    if base.result == "endless":
        return (
            f"Without any fault the command did not end within {duration_text(limit_ms)}, and was "
            f"killed. Give it more time with --limit.{_last_lines(base)}"
        )
    return (
        f"Without any fault the command fails (exit code {base.status}), so there is nothing to "
        f"compare with. Make it pass first: live-emulator exec -- ...{_last_lines(base)}"
    )


def _last_lines(outcome: Outcome) -> str:
    lines = outcome.lines[-10:]
    return "\nIts last lines:\n" + "\n".join(f"  {line}" for line in lines) if lines else ""
