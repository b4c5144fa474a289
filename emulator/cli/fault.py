"""`fault`: the faults of a running emulator."""

import argparse
import json
from typing import Any

from emulator.cli import Failed
from emulator.cli.lib import options
from emulator.cli.lib.admin import add_world_flags, admin_of, answer
from emulator.cli.lib.plain import plain

NAME = "fault"
HELP = "start and stop faults in a running emulator"
EXAMPLES = """
  live-emulator fault add api.fail path=/streams status=503 --share 30% --for 10s
  live-emulator fault add media.stall --for 4s
  live-emulator fault list
  live-emulator fault clear
"""


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|add|clear")
    add_world_flags(verbs.add_parser("list", help="list the faults that are on"))
    add = verbs.add_parser("add", help="start a fault")
    add.add_argument(
        "kind", metavar="KIND", help="kind of fault, such as api.fail; an unknown kind lists all"
    )
    add.add_argument(
        "values",
        metavar="NAME=VALUE",
        nargs="*",
        help="a value of this kind, such as status=503; may be repeated",
    )
    add.add_argument(
        "--share",
        metavar="SHARE",
        help="strike this share of all calls or messages, such as 30%%; default: all",
    )
    add.add_argument(
        "--times",
        type=options.integer,
        metavar="N",
        help="strike at most N times; default: no limit",
    )
    add.add_argument(
        "--skip",
        type=options.integer,
        metavar="N",
        help="let the first N calls or messages pass; default: 0",
    )
    add.add_argument(
        "--for",
        dest="length",
        metavar="DURATION",
        help="stop after this long, such as 10s; default: never",
    )
    add_world_flags(add)
    clear = verbs.add_parser("clear", help="stop one fault, or all of them")
    clear.add_argument(
        "id",
        nargs="?",
        metavar="ID",
        help="id of the fault, as `fault list` shows it; default: all faults",
    )
    add_world_flags(clear)


def run(args: argparse.Namespace) -> int:
    admin = admin_of(args)
    if args.verb == "list":
        payload = admin.call("GET", "faults")
        lines = [_line(fault) for fault in payload["faults"]] or ["Nothing is broken."]
    elif args.verb == "add":
        payload = admin.call("POST", "faults", _written(args))
        lines = [_line(payload)]
    elif args.id:
        admin.call("DELETE", f"faults/{args.id}")
        payload, lines = {"cleared": 1}, [f"{args.id} is over."]
    else:
        payload = admin.call("DELETE", "faults")
        lines = [f"Faults that are over now: {payload['cleared']}."]
    return answer(args, payload, lines)


def _written(args: argparse.Namespace) -> dict[str, Any]:
    beside = {"share": args.share, "times": args.times, "for": args.length, "skip": args.skip}
    values = dict(map(_value, args.values))
    return {args.kind: values, **{name: item for name, item in beside.items() if item is not None}}


def _value(text: str) -> tuple[str, object]:
    """The value that a text stands for: a number, true or false, otherwise the text itself."""
    name, equals, written = text.partition("=")
    if not equals:
        raise Failed(f"{text!r}: a value is written NAME=VALUE, such as status=503.", 2)
    try:
        return name, json.loads(written)
    except ValueError:
        return name, written


def _line(fault: dict[str, Any]) -> str:
    values = plain(" ".join(f"{name}={item}" for name, item in fault["values"].items()))
    often = f"{fault['struck']}" + (f" of {fault['times']}" if fault["times"] else "")
    until = f"  until {fault['until']}" if fault["until"] else ""
    share = f"  share {fault['share']:.0%}" if fault["share"] < 1 else ""
    skip = f"  behind the first {fault['skip']}" if fault["skip"] else ""
    line = f"{fault['id']:10}  {fault['kind']:16}  struck {often}{share}{skip}{until}  {values}"
    return line.rstrip()
