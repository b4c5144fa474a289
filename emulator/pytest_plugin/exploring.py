"""Exploring: `pytest --live-explore`, and what a run of it does with the worlds of its tests."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from emulator.pytest_plugin.own_world import OwnWorld

# Named by both sides: where a run's plan is, and where it says what its worlds saw.
PLAN_VARIABLE = "LIVE_EMULATOR_PLAN"
USES_VARIABLE = "LIVE_EMULATOR_USES"
_OPTION = "--live-explore"


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("live-emulator")
    group.addoption(
        _OPTION,
        action="store_true",
        help="find the faults that these tests do not survive, each run a pytest of its own",
    )
    group.addoption(
        f"{_OPTION}-args",
        default="",
        metavar="OPTIONS",
        help="options of `live-emulator explore`, such as '--runs 500 -j 4'",
    )


def explore(config: pytest.Config) -> int:
    """Run `live-emulator explore` over this pytest; gives its exit code."""
    import shlex

    own = config.getoption("live_explore_args")
    command = [
        *(sys.executable, "-m", "emulator", "explore", "--own-emulator"),
        *shlex.split(own),
        *("--", sys.executable, "-m", "pytest"),
        *_without_ours(config.invocation_params.args),
    ]
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()
    try:
        return subprocess.call(command, cwd=config.invocation_params.dir)
    except KeyboardInterrupt:
        # It has heard it as well, and has reported by now or is about to.
        return 130


def attach(world: "OwnWorld") -> None:
    """Give a test's world the faults of this run's plan, if this is a run of an exploration."""
    path = os.environ.get(PLAN_VARIABLE)
    if path is None:
        return
    from msgspec import to_builtins

    from emulator.exploration.injector import Injector
    from emulator.exploration.plan import check_names, parse, read_file

    written = read_file(Path(path))
    uses_path = os.environ.get(USES_VARIABLE)
    if uses_path is None:  # Somebody has written it, rather than an exploration.
        check_names(Path(path), written)
    plan = parse(written)
    injector = world.emulator.call(lambda: Injector(world.platform, plan))

    def finish() -> None:
        def look() -> object:
            seen = to_builtins(injector.seen())
            injector.close()
            return seen

        line = json.dumps(world.emulator.call(look)) + "\n"
        if uses_path is None:
            return
        with Path(uses_path).open("a", encoding="utf-8") as file:
            file.write(line)

    world.when_dropped.append(finish)


def _without_ours(arguments: Sequence[str]) -> list[str]:
    others, is_value = [], False
    for argument in map(str, arguments):
        if is_value:
            is_value = False
        elif argument == f"{_OPTION}-args":
            is_value = True
        elif argument != _OPTION and not argument.startswith(f"{_OPTION}-args="):
            others.append(argument)
    return others
