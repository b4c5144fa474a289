"""`outbox`: mails that the platform would have sent, with the links in them."""

import argparse
from collections.abc import Iterator
from typing import Any

from emulator.cli.lib.admin import admin_of, answer
from emulator.cli.lib.colour import paint
from emulator.cli.lib.logs_of import add_log_flags, clock, show
from emulator.cli.lib.plain import plain

NAME = "outbox"
HELP = "show the mails that the platform would have sent, with their links"
EXAMPLES = """
  live-emulator outbox
  live-emulator outbox --to ada@example.com --kind magic_link
  live-emulator outbox --follow --json
  live-emulator outbox --clear
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to", default="", metavar="ADDRESS", help="show only mails to this address"
    )
    parser.add_argument(
        "--kind",
        default="",
        metavar="KIND",
        help="show only mails of this kind, such as magic_link",
    )
    parser.add_argument(
        "--clear", action="store_true", help="delete all mails; links in them still work"
    )
    add_log_flags(parser)


def run(args: argparse.Namespace) -> int:
    admin = admin_of(args)
    if args.clear:
        admin.call("DELETE", "outbox")
        return answer(args, {"cleared": True}, ["The outbox is empty."])
    seen: set[str] = set()

    def read() -> Iterator[dict[str, Any]]:
        """The mails that were not read before, oldest first."""
        pages = admin.pages("outbox", {"to": args.to, "kind": args.kind})
        fresh = [mail for page in pages for mail in page["mails"] if mail["id"] not in seen]
        seen.update(mail["id"] for mail in fresh)
        yield from reversed(fresh)

    return show(args, "mails", read, _line)


def _line(mail: dict[str, Any]) -> str:
    at, kind = paint(clock(mail["sent_at"]), "dim"), paint(plain(mail["kind"]), "cyan")
    return f"{at}  {kind}  " + plain(f"{mail['to']}  {mail['subject']}  {mail['link']}")
