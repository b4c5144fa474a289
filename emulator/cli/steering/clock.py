"""`clock`: the time of a world of a running emulator."""

import argparse
import json
import re
from typing import Any

from emulator.cli.tools.admin import Admin, add_admin_flags

NAME = "clock"
HELP = "show a world's time, stop it, let it pass, or run it at another speed"
EXAMPLES = """
  live-emulator clock show
  live-emulator clock freeze
  live-emulator clock advance 2h30m
  live-emulator clock speed 10
  live-emulator clock speed 1
"""

_UNITS_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[smhd])")


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="show|freeze|advance|speed")
    _add_flags(verbs.add_parser("show", help="what time it is, and how it passes"))
    _add_flags(verbs.add_parser("freeze", help="let time stand until it is advanced"))
    advance = verbs.add_parser("advance", help="let time pass at once, and wait for what was due")
    advance.add_argument("duration", type=seconds_of, help="like 90s, 2h30m, 7d, or bare seconds")
    _add_flags(advance)
    speed = verbs.add_parser("speed", help="let time run; 1 is the machine's pace")
    speed.add_argument("factor", type=float, metavar="N", help="world seconds a second")
    _add_flags(speed)


def run(args: argparse.Namespace) -> int:
    told = _ask(args, Admin(args.server, args.world, args.admin_token))
    pace = "stands" if told["mode"] == "virtual" else f"runs at {told['speed']:g}x"
    line = f"{told['now']}  {told['mode']}, {pace}, {told['ahead_seconds']:+.3f} s, "
    print(json.dumps(told) if args.json else f"{line}{told['pending']} due")
    return 0


def seconds_of(text: str) -> float:
    """`2h30m`, `500ms` or bare seconds. Refuses (`ArgumentTypeError`) what it cannot read."""
    parts = _PART.findall(text)
    if parts and "".join(count + unit for count, unit in parts) == text:
        return sum(float(count) * _UNITS_SECONDS[unit] for count, unit in parts)
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text):
        return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a duration; write it like 90s or 2h30m")


def _ask(args: argparse.Namespace, admin: Admin) -> Any:
    if args.verb == "show":
        return admin.call("GET", "clock")
    if args.verb == "advance":
        return admin.call("POST", "clock/advance", {"seconds": args.duration})
    if args.verb == "freeze":
        return admin.call("PUT", "clock", {"mode": "virtual"})
    return admin.call("PUT", "clock", {"speed": args.factor})


def _add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--world", default="", metavar="NAME", help="default: the default one")
    add_admin_flags(parser)
