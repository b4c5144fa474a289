"""Logs of a running emulator, as commands show them: reads all pages, and follows new entries.

Entries contain text of clients and viewers, so commands print them `plain`: a request's path must
not control somebody's terminal.
"""

import argparse
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from emulator.cli.lib.admin import Admin, add_world_flags, answer

_BETWEEN_LOOKS_SECONDS = 0.3
_PAGE = 1000


def add_log_flags(parser: argparse.ArgumentParser) -> None:
    """Add flags for the emulator, its world, the form of the output, and `--follow`."""
    parser.add_argument(
        "-f", "--follow", action="store_true", help="keep printing new entries until Ctrl-C"
    )
    add_world_flags(parser)


def entries(
    admin: Admin, path: str, name: str, filters: Mapping[str, object]
) -> Callable[[], Iterator[dict[str, Any]]]:
    """A function that returns the entries of a log that it has not returned before."""
    after = 0

    def read() -> Iterator[dict[str, Any]]:
        nonlocal after
        has_more = True
        while has_more:
            page = admin.call("GET", path, query={**filters, "after": after, "limit": _PAGE})
            after, has_more = page["next_cursor"], page["has_more"]
            yield from page[name]

    return read


def show(
    args: argparse.Namespace,
    name: str,
    read: Callable[[], Iterator[dict[str, Any]]],
    line: Callable[[dict[str, Any]], str],
) -> int:
    """Print all entries, with `--json` as one object; with `--follow` also new ones as lines."""
    if not args.follow:
        rows = list(read())
        return answer(args, {name: rows}, list(map(line, rows)))
    try:
        while True:
            for entry in read():
                print(json.dumps(entry) if args.json else line(entry), flush=True)
            threading.Event().wait(_BETWEEN_LOOKS_SECONDS)
    except KeyboardInterrupt:
        return 0


def clock(instant: str) -> str:
    """The time of day of an instant such as `2026-01-01T12:00:00.000Z`."""
    return instant[11:23]
