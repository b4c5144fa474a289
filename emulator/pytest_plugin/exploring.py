"""Exploring: `pytest --live-explore`."""

import subprocess
import sys
from collections.abc import Sequence

import pytest

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
    """Run `live-emulator explore` with this pytest as its command; returns its exit code."""
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
        # Ctrl-C also reached the child, which reports by itself.
        return 130


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
