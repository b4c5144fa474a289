"""`open`: a running emulator's pages in the browser."""

import argparse
import json

from emulator.cli import Failed
from emulator.cli.lib.admin import add_admin_flags, admin_of

NAME = "open"
HELP = "open a running emulator's pages in the browser"
EXAMPLES = """
  live-emulator open
  live-emulator open console
  live-emulator open docs --print
"""

_PATHS = {"front": "/", "console": "/_emulator/", "site": "/_emulator/site/", "docs": "/docs"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "page",
        nargs="?",
        choices=tuple(_PATHS),
        default="front",
        help="page to open; front: the start page (default); console: streams, requests, faults; "
        "site: watch as a viewer does; docs: the API, to try it",
    )
    parser.add_argument("--print", action="store_true", help="print the address, do not open it")
    add_admin_flags(parser)


def run(args: argparse.Namespace) -> int:
    address = str(admin_of(args).call("GET", "info")["http"])
    address += _PATHS[args.page]
    print(json.dumps({"page": args.page, "url": address}) if args.json else address, flush=True)
    if not args.print:
        import webbrowser

        if not webbrowser.open(address):
            raise Failed("No browser can be opened here: open the address in one of yours.")
    return 0
