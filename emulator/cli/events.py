"""`events`: what happened in a world of a running emulator."""

import argparse
import json
from typing import Any

from emulator.cli.lib.logs_of import add_log_flags, admin_of, clock, entries, printable, show

NAME = "events"
HELP = "show the events of a world of a running emulator"
EXAMPLES = """
  live-emulator events
  live-emulator events --kind StreamWentLive
  live-emulator events --follow --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kind", default="", metavar="KIND", help="as in StreamEnded")
    add_log_flags(parser)


def run(args: argparse.Namespace) -> int:
    read = entries(admin_of(args), "events", "events", {"kind": args.kind})
    return show(args, "events", read, _line)


def _line(event: dict[str, Any]) -> str:
    values = " ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in event["values"].items()
    )
    return printable(f"{event['seq']:6}  {clock(event['at'])}  {event['kind']}  {values}")
