"""`requests`: the requests to a running emulator, and their answers."""

import argparse
from typing import Any

from emulator.cli.lib.admin import admin_of
from emulator.cli.lib.colour import colour_of_status, paint
from emulator.cli.lib.logs_of import add_log_flags, clock, entries, show
from emulator.cli.lib.plain import plain

NAME = "requests"
HELP = "show the requests to a running emulator, and their answers"
EXAMPLES = """
  live-emulator requests
  live-emulator requests --status 4xx --path /streams
  live-emulator requests --unknown-fields --follow
  live-emulator requests --user demo --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--path", default="", metavar="TEXT", help="show only requests whose path contains this"
    )
    parser.add_argument(
        "--method",
        default="",
        type=str.upper,
        metavar="METHOD",
        help="show only requests with this method, such as GET",
    )
    parser.add_argument(
        "--status",
        default="",
        metavar="STATUS",
        help="show only answers with this status, such as 404 or 4xx",
    )
    parser.add_argument(
        "--user", default="", metavar="USERNAME", help="show only requests of this user"
    )
    parser.add_argument(
        "--credential",
        choices=("valid", "invalid", "none"),
        help="show only requests with a valid, an invalid or no key or token",
    )
    parser.add_argument(
        "--unknown-fields",
        action="store_true",
        help="show only requests with fields that the API does not know",
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
    return show(args, "requests", entries(admin_of(args), "requests", "requests", filters), line)


def line(request: dict[str, Any]) -> str:
    """A request and its answer as a line for people."""
    user = request["user"] or ("-" if request["credential"] == "none" else request["credential"])
    status = paint(str(request["status"]), colour_of_status(request["status"]))
    took = paint(f"{request['duration_us'] / 1000:.1f} ms", "dim")
    text = plain(f"{request['method']:6} {request['path']}  {user}")
    if request["unknown_fields"]:
        names = plain(f"unknown fields: {', '.join(request['unknown_fields'])}")
        took += f"  {paint(names, 'yellow')}"
    return f"{paint(clock(request['at']), 'dim')}  {status}  {text}  {took}"
