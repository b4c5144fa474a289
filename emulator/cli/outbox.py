"""`outbox`: mails that the platform would have sent, with the links in them."""

import argparse
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from emulator.cli.lib.admin import Admin
from emulator.cli.lib.colour import paint
from emulator.cli.lib.logs_of import add_log_flags, admin_of, clock, printable, show

NAME = "outbox"
HELP = "show the mails that the platform would have sent, with their links"
EXAMPLES = """
  live-emulator outbox
  live-emulator outbox --to ada@example.com --kind magic_link
  live-emulator outbox --follow --json
  live-emulator outbox --clear
"""
_PER_PAGE = 100


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to", default="", metavar="ADDRESS", help="the address a mail was sent to"
    )
    parser.add_argument("--kind", default="", metavar="KIND", help="as in magic_link")
    parser.add_argument(
        "--clear", action="store_true", help="empty it; links that were sent go on working"
    )
    add_log_flags(parser)


def run(args: argparse.Namespace) -> int:
    admin = admin_of(args)
    if args.clear:
        admin.call("DELETE", "outbox")
        print(json.dumps({"cleared": True}) if args.json else "The outbox is empty.")
        return 0
    seen: set[str] = set()

    def read() -> Iterator[dict[str, Any]]:
        """The mails that were not read before, the oldest first."""
        fresh = [mail for mail in _mails(admin, args) if mail["id"] not in seen]
        seen.update(mail["id"] for mail in fresh)
        yield from reversed(fresh)

    return show(args, "mails", read, _line)


def _mails(admin: Admin, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """All of them, the newest first."""
    filters = {name: value for name, value in (("to", args.to), ("kind", args.kind)) if value}
    number, has_more = 1, True
    while has_more:
        query = urlencode({**filters, "page": number, "per_page": _PER_PAGE})
        page = admin.call("GET", "outbox", query=query)
        number, has_more = number + 1, page["has_more"]
        yield from page["mails"]


def _line(mail: dict[str, Any]) -> str:
    at, kind = paint(clock(mail["sent_at"]), "dim"), paint(printable(mail["kind"]), "cyan")
    return f"{at}  {kind}  " + printable(f"{mail['to']}  {mail['subject']}  {mail['link']}")
