"""SweepWorker: plays runs of a sweep on an emulator that it keeps warm, each in its own world."""

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
    """A worker for the sweep whose `SweepSetup` this is, packed."""
    return SweepWorker(unpack(setup))


class SweepWorker:
    """Its emulator listens on free ports of this machine: steps may send requests and media."""

    def __init__(self, setup: SweepSetup) -> None:
        logging.getLogger().setLevel(logging.ERROR)
        self._setup = setup
        self._read: dict[str, Scenario] = {}
        self._stack = ExitStack()
        films = setup.unpack_films()
        self._folder = "" if films is None else self._stack.enter_context(films)
        settings = Settings(data=MEMORY, port=0, rtmp_port=0, rtmps_port=0)
        self._emulator: Emulator = self._stack.enter_context(running(settings))
        # What is there by now stays: looking for garbage in it would cost each run.
        gc.collect()
        gc.freeze()

    def perform(self, order: Any) -> Any:
        """Play one run: `seed`, `parameters`, and for shrinking a `text` and `files` of its own.

        Gives its result (`result_of`), or with `full` its whole report.
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
            # Of runs that differ in their seeds alone, all are the one that was read last.
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
