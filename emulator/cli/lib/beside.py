"""Beside: shared by the commands that run another command with an emulator in memory."""

import argparse
import os
from typing import Any

from emulator.cli.lib import options
from emulator.cli.lib.failure import Failed
from emulator.settings import Settings, add_flags

# Nothing is kept, and no port can be taken already.
_USUAL: dict[str, Any] = {"data": ":memory:", "port": 0, "rtmp_port": 0, "rtmps_port": 0}


def add_command_flags(parser: argparse.ArgumentParser) -> None:
    """Add arguments: the command after `--`, its variables, and its emulator's settings."""
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        type=options.pair("NAME=TEMPLATE"),
        metavar="NAME=TEMPLATE",
        help="also set the variable NAME; {http}, {ws}, {rtmp}, {rtmps}, {ca}, {admin}, {api_key}"
        " are filled in; may be repeated",
    )
    add_flags(parser, defaults=Settings(**_USUAL))
    parser.add_argument(
        "command",
        nargs=argparse.REMAINDER,
        metavar="-- COMMAND",
        help="the command to run, with its arguments",
    )
    parser.usage = "%(prog)s [options] -- COMMAND"


def command_of(args: argparse.Namespace, name: str) -> list[str]:
    """The command to run. Raises `Failed` if there is none."""
    command: list[str] = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        text = f"Which command? Write it after --, as in: live-emulator {name} -- npm test."
        raise Failed(text, 2)
    return command


def in_memory(flags: dict[str, Any]) -> dict[str, Any]:
    """The settings: flags, then variables, then an emulator in memory on free ports."""
    usual = {
        name: value
        for name, value in _USUAL.items()
        if not os.environ.get(f"LIVE_EMULATOR_{name.upper()}")
    }
    return {**usual, **flags}
