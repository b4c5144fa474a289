"""`clock`: the time of a world of a running emulator."""

import argparse
from typing import Any

from emulator.cli.lib import options
from emulator.cli.lib.admin import Admin, add_world_flags, admin_of, answer

NAME = "clock"
HELP = "show, stop, advance or speed up a world's clock"
EXAMPLES = """
  live-emulator clock show
  live-emulator clock freeze
  live-emulator clock advance 2h30m
  live-emulator clock speed 10x
  live-emulator clock speed real
"""


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="show|freeze|advance|speed")
    add_world_flags(verbs.add_parser("show", help="the time and the speed of the clock"))
    add_world_flags(verbs.add_parser("freeze", help="stop time until it is advanced"))
    advance = verbs.add_parser(
        "advance", help="move time at once, and wait until all due timers have fired"
    )
    advance.add_argument(
        "duration",
        type=options.duration,
        help="as in 90s, 2h30m, 7d, or a number of seconds",
    )
    add_world_flags(advance)
    speed = verbs.add_parser("speed", help="let time run at this speed; 1 is the machine's pace")
    speed.add_argument(
        "factor",
        type=options.speed,
        metavar="SPEED",
        help="10x: ten times as fast as real time; real: as fast; virtual: stopped",
    )
    add_world_flags(speed)


def run(args: argparse.Namespace) -> int:
    payload = _ask(args, admin_of(args))
    pace = "stands" if payload["mode"] == "virtual" else f"runs at {payload['speed']:g}x"
    line = f"{payload['now']}  {payload['mode']}, {pace}, {payload['ahead_seconds']:+.3f} s, "
    return answer(args, payload, [f"{line}{payload['pending']} due"])


def _ask(args: argparse.Namespace, admin: Admin) -> Any:
    if args.verb == "show":
        return admin.call("GET", "clock")
    if args.verb == "advance":
        return admin.call("POST", "clock/advance", {"seconds": args.duration / 1000})
    if args.verb == "freeze" or not args.factor:
        return admin.call("PUT", "clock", {"mode": "virtual"})
    return admin.call("PUT", "clock", {"speed": args.factor})
