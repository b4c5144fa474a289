"""Run a scenario's text in tests: on a virtual clock, without a server."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulator.core.bus import Bus
from emulator.core.clock import ManualClock
from emulator.core.world_clock import WorldClock
from emulator.scenario.engine.results import Broken, Judged, Noted, Result, StepDone
from emulator.scenario.engine.run import Run, Server
from emulator.scenario.engine.runner import Runner
from emulator.scenario.language.load import Known, load, no_files
from emulator.scenario.output.fold import Fold
from emulator.world.world import World

# The worlds of the runs: a fixture closes them when the test ends, in their own thread.
OPEN: list[World] = []


@dataclass
class Played:
    """The results of a scenario. Its world is open until the test ends."""

    runner: Runner
    world: World
    results: list[Result] = field(default_factory=list)

    @property
    def run(self) -> Run:
        return self.runner.run

    @property
    def steps(self) -> list[StepDone]:
        return [result for result in self.results if isinstance(result, StepDone)]

    @property
    def judged(self) -> list[Judged]:
        return [result for result in self.results if isinstance(result, Judged)]

    @property
    def notes(self) -> list[tuple[int, str]]:
        return [(result.at_ms, result.text) for result in self.results if isinstance(result, Noted)]

    @property
    def broken(self) -> list[str]:
        return [result.reason for result in self.results if isinstance(result, Broken)]

    @property
    def missed(self) -> list[str]:
        return [judged.path for judged in self.judged if not judged.is_met]

    @property
    def is_fine(self) -> bool:
        return not self.broken and not self.missed and all(step.is_ok for step in self.steps)


async def played_with_report(text: str) -> Fold:
    """Run it, and return the figures of its report."""
    folds: list[Fold] = []
    await play(text, fold_into=folds)
    return folds[0]


async def play(text: str, *, fold_into: list[Fold] | None = None, **how: Any) -> Played:
    """Run it in a new world. `how` goes to `prepare`."""
    runner, bus = prepare(text, **how)
    fold, played = Fold(runner), Played(runner, runner.run.world)
    runner.look = fold.look
    bus.subscribe(fold.handlers())
    async for result in runner.play():
        played.results.append(result)
        fold.take(result)
    if fold_into is not None:
        fold_into.append(fold)
    return played


def prepare(
    text: str,
    *,
    chosen: dict[str, Any] | None = None,
    read_file: Callable[[str], str] = no_files,
    server: Server | None = None,
    is_virtual: bool = True,
    ends_ms: int | None = None,
    write: Callable[[str], object] | None = None,
) -> tuple[Runner, Bus]:
    """A run that is ready to begin, in a new world whose clock stands, and the world's bus."""
    scenario = load(text, "test.yaml", chosen=chosen, read_file=read_file, known=Known())
    begins_ms = scenario.begins_ms
    clock = WorldClock.standing(ManualClock().now_ms() if begins_ms is None else begins_ms)
    bus = Bus()
    world = World(clock=clock, publish=bus.publish, name="scenario")
    OPEN.append(world)
    run = Run(
        world=world,
        clock=clock,
        scenario=scenario,
        server=server or Server(),
        seed=scenario.seed,
        is_own_world=True,
        is_virtual=is_virtual,
    )
    return Runner(run, bus.subscribe, ends_ms=ends_ms, write=write), bus
