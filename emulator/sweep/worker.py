"""SweepWorker: plays runs of a sweep, each in its own world of an emulator that keeps running."""

import gc
import logging
from contextlib import ExitStack
from typing import Any

from emulator.parallel.work import Performer
from emulator.platform.runs import RunRequest
from emulator.platform.scenario_library import known
from emulator.scenario.language.load import load
from emulator.scenario.language.scenario import Scenario
from emulator.server import Emulator, running
from emulator.settings import MEMORY, Settings
from emulator.sweep.result import result_of
from emulator.sweep.travel import SweepSetup, unpack


def prepare(setup: bytes) -> Performer:
    """Make a worker for a sweep from its packed `SweepSetup`."""
    return SweepWorker(unpack(setup))


class SweepWorker:
    """Plays runs. Its emulator listens on free ports, since steps may send requests and media."""

    def __init__(self, setup: SweepSetup) -> None:
        logging.getLogger().setLevel(logging.ERROR)
        self._setup = setup
        self._read: dict[str, Scenario] = {}
        self._stack = ExitStack()
        films = setup.unpack_films()
        self._folder = "" if films is None else self._stack.enter_context(films)
        settings = Settings(data=MEMORY, port=0, rtmp_port=0, rtmps_port=0)
        self._emulator: Emulator = self._stack.enter_context(running(settings))
        # Everything that exists now stays, so collections in each run need not look at it.
        gc.collect()
        gc.freeze()

    def perform(self, order: Any) -> Any:
        """Play one run of a `seed` and `parameters`; shrinking adds its own `text` and `files`.

        Returns its result (`result_of`), or with `full` its whole report.
        """
        scenario = self._scenario(order)
        report = self._emulator.wait(self._play(scenario, order["seed"]))
        return report if order.get("full") else result_of(report)

    def close(self) -> None:
        self._stack.close()

    def _scenario(self, order: Any) -> Scenario:
        text = order.get("text", self._setup.text)
        files = order.get("files", self._setup.files)
        key = repr((order["parameters"], text, files))
        scenario = self._read.get(key)
        if scenario is None:

            def read_file(name: str) -> str:
                if name not in files:
                    raise ValueError(f"{name[:80]} did not come with the scenario")
                return str(files[name])

            scenario = load(
                text,
                self._setup.file,
                chosen=order["parameters"],
                read_file=read_file,
                known=known(),
            )
            # Only the last scenario is kept: runs often differ only in their seeds.
            self._read = {key: scenario}
        return scenario

    async def _play(self, scenario: Scenario, seed: int) -> dict[str, Any]:
        request = RunRequest(
            scenario=scenario,
            seed=seed,
            speed=self._setup.speed,
            ends_ms=self._setup.ends_ms,
            folder=self._folder,
        )
        runs = self._emulator.worlds.runs
        entry = runs.start(request, self._emulator.platform)
        await entry.done.wait()
        assert entry.report is not None
        runs.forget(entry.id)
        return entry.report
