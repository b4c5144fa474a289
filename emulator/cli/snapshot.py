"""`snapshot`: a world of a running emulator as it was, to come back to."""

import argparse
import json

from emulator.cli.lib.admin import Admin, add_admin_flags
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
    for verb, told in (("save", "remember the world as it is"), ("restore", "put it back")):
        each = verbs.add_parser(verb, help=told)
        each.add_argument("name")
        _add_flags(each)
    _add_flags(verbs.add_parser("list", help="list the snapshots"))


def run(args: argparse.Namespace) -> int:
    admin = Admin(args.server, args.world, args.admin_token)
    if args.verb == "list":
        told = admin.call("GET", "snapshots")
        lines = [f"{each['name']:30}  {each['taken_at']}" for each in told["snapshots"]]
    elif args.verb == "save":
        told = admin.call("POST", "snapshots", {"name": args.name})
        lines = [f"{args.name} is saved."]
    else:
        told = admin.call("POST", f"snapshots/{args.name}/restore")
        lines = [f"The world is as it was at {told['taken_at']}."]
    print(json.dumps(told) if args.json else "\n".join(map(plain, lines)))
    return 0


def _add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--world", default="", metavar="NAME", help="default: the default one")
    add_admin_flags(parser)
