"""`requests`: the requests to a running emulator, and their answers."""

import argparse
from typing import Any

from emulator.cli.lib.logs_of import add_log_flags, admin_of, clock, entries, printable, show

NAME = "requests"
HELP = "show the requests to a running emulator, and their answers"
EXAMPLES = """
  live-emulator requests
  live-emulator requests --status 4xx --path /streams
  live-emulator requests --unknown-fields --follow
  live-emulator requests --user demo --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--path", default="", metavar="TEXT", help="a part of the path")
    parser.add_argument("--method", default="", type=str.upper, metavar="METHOD", help="as in GET")
    parser.add_argument("--status", default="", metavar="STATUS", help="as in 404 or 4xx")
    parser.add_argument(
        "--user", default="", metavar="USERNAME", help="the user that was signed in"
    )
    parser.add_argument(
        "--credential", choices=("valid", "invalid", "none"), help="how the caller signed in"
    )
    parser.add_argument(
        "--unknown-fields", action="store_true", help="only requests with unknown fields"
    )
    add_log_flags(parser)


def run(args: argparse.Namespace) -> int:
    filters = {
        "path": args.path,
        "method": args.method,
        "status": args.status,
        "user": args.user,
        "credential": args.credential,
        "has_unknown_fields": "true" if args.unknown_fields else None,
        "world": args.world,
    }
    return show(args, "requests", entries(admin_of(args), "requests", "requests", filters), _line)


def _line(request: dict[str, Any]) -> str:
    user = request["user"] or ("-" if request["credential"] == "none" else request["credential"])
    line = (
        f"{clock(request['at'])}  {request['status']}  {request['method']:6} {request['path']}"
        f"  {user}  {request['duration_us'] / 1000:.1f} ms"
    )
    if request["unknown_fields"]:
        line += f"  unknown fields: {', '.join(request['unknown_fields'])}"
    return printable(line)
