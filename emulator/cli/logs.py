"""`logs`: the requests to a running emulator and the events of its world, in one list."""

import argparse
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from emulator.cli import events, requests
from emulator.cli.lib import options
from emulator.cli.lib.admin import Admin, admin_of, answer
from emulator.cli.lib.logs_of import add_log_flags, entries
from emulator.world.world import DEFAULT

NAME = "logs"
HELP = "show the requests and events of a running emulator in one list, by time"
EXAMPLES = """
  live-emulator logs
  live-emulator logs --follow
  live-emulator logs -n 200 --json
"""

_LINES = 50
_BETWEEN_LOOKS_SECONDS = 0.3

Entry = dict[str, Any]
_SHOWN: dict[str, Callable[[Entry], str]] = {
    "request": requests.line,
    "event": events.without_number,
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-n",
        "--lines",
        type=options.whole_number(0, 999_999_999),
        default=_LINES,
        metavar="N",
        help=f"begin with the newest N entries (default: {_LINES})",
    )
    add_log_flags(parser)


def run(args: argparse.Namespace) -> int:
    read = _reader(admin_of(args), args.world or DEFAULT)
    newest = list(deque(read(), maxlen=args.lines))
    if args.json and not args.follow:
        return answer(args, {"entries": newest}, [])
    _print(newest, args.json)
    try:
        while args.follow:
            threading.Event().wait(_BETWEEN_LOOKS_SECONDS)
            _print(list(read()), args.json)
    except KeyboardInterrupt:
        pass
    return 0


def _reader(admin: Admin, world: str) -> Callable[[], Iterator[Entry]]:
    """A function that returns the new entries of both logs, sorted by time."""
    logs = {
        "request": entries(admin, "requests", "requests", {"world": world}),
        "event": entries(admin, "events", "events", {}),
    }

    def read() -> Iterator[Entry]:
        both = [{"log": name, **entry} for name, log in logs.items() for entry in log()]
        # The sort is stable, so that a request comes before the events of its instant.
        yield from sorted(both, key=lambda entry: str(entry["at"]))

    return read


def _print(rows: list[Entry], is_json: bool) -> None:
    for entry in rows:
        print(json.dumps(entry) if is_json else _SHOWN[entry["log"]](entry), flush=True)
