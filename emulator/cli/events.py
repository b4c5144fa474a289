"""`events`: what happened in a world of a running emulator."""

import argparse
import json
from typing import Any

from emulator.cli.lib.admin import admin_of
from emulator.cli.lib.colour import paint
from emulator.cli.lib.logs_of import add_log_flags, clock, entries, show
from emulator.cli.lib.plain import plain

NAME = "events"
HELP = "show the events of a world of a running emulator"
EXAMPLES = """
  live-emulator events
  live-emulator events --kind StreamWentLive
  live-emulator events --follow --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kind",
        default="",
        metavar="KIND",
        help="show only events of this kind, such as StreamEnded",
    )
    add_log_flags(parser)


def run(args: argparse.Namespace) -> int:
    read = entries(admin_of(args), "events", "events", {"kind": args.kind})
    return show(args, "events", read, line)


def line(event: dict[str, Any]) -> str:
    """An event as a line for people."""
    return f"{event['seq']:6}  {without_number(event)}"


def without_number(event: dict[str, Any]) -> str:
    """An event as a line without its number, for a list with other kinds of lines."""
    values = " ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in event["values"].items()
    )
    at, kind = paint(clock(event["at"]), "dim"), paint(plain(event["kind"]), "cyan")
    return f"{at}  {kind}  {plain(values)}"
