"""`snapshot`: a world of a running emulator as it was, to come back to."""

import argparse

from emulator.cli.lib.admin import add_world_flags, admin_of, answer
from emulator.cli.lib.plain import plain

NAME = "snapshot"
HELP = "save, restore or list a world's snapshots"
EXAMPLES = """
  live-emulator snapshot save before-the-flood
  live-emulator snapshot list
  live-emulator snapshot restore before-the-flood
"""


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="save|restore|list")
    for verb, text in (
        ("save", "save the world as it is"),
        ("restore", "restore the world to a snapshot"),
    ):
        argument_parser = verbs.add_parser(verb, help=text)
        argument_parser.add_argument("name", help="name of the snapshot")
        add_world_flags(argument_parser)
    add_world_flags(verbs.add_parser("list", help="list the snapshots"))


def run(args: argparse.Namespace) -> int:
    admin = admin_of(args)
    if args.verb == "list":
        payload = admin.call("GET", "snapshots")
        lines = [f"{plain(item['name']):30}  {item['taken_at']}" for item in payload["snapshots"]]
    elif args.verb == "save":
        payload = admin.call("POST", "snapshots", {"name": args.name})
        lines = [f"Saved the snapshot {args.name}."]
    else:
        payload = admin.call("POST", f"snapshots/{args.name}/restore")
        lines = [f"The world is as it was at {payload['taken_at']}."]
    return answer(args, payload, lines)
