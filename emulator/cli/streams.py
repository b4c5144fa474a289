"""`streams`: every stream of a world of a running emulator, whoever owns it."""

import argparse
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from emulator.cli.lib.admin import Admin, add_admin_flags
from emulator.cli.lib.colour import colour_of, paint
from emulator.cli.lib.plain import plain
from emulator.cli.watch import watch_page

NAME = "streams"
HELP = "list the streams of a running emulator, with their state and viewers"
EXAMPLES = """
  live-emulator streams
  live-emulator streams --status live
  live-emulator streams --find demo --keys
  live-emulator streams --all --json
"""

_STATES = ("live", "offline", "ended")
_PER_PAGE = 100
_FIELDS = (
    *("id", "title", "status", "viewer_count", "is_publishing", "protocol", "visibility"),
    *("started_at", "ended_at", "cloudflare_stream_id", "vod_id", "hls_url"),
)
_KEY_FIELDS = ("stream_key", "rtmp_url", "rtmps_url", "whip_url")


def configure(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--status", choices=_STATES, help="default: live and offline")
    which.add_argument("--all", action="store_true", help="those that have ended, too")
    parser.add_argument(
        "--find", default="", metavar="TEXT", help="a part of a title, an owner, an id or a uid"
    )
    parser.add_argument("--keys", action="store_true", help="show servers and stream keys, too")
    parser.add_argument("--world", default="", metavar="NAME", help="default: the default one")
    add_admin_flags(parser)


def run(args: argparse.Namespace) -> int:
    admin = Admin(args.server, args.world, args.admin_token)
    states = [args.status] if args.status else _STATES if args.all else _STATES[:2]
    streams = [stream for state in states for stream in _streams(admin, state, args.find)]
    if args.json:
        print(json.dumps({"streams": [_fact(stream, args.keys) for stream in streams]}))
        return 0
    for stream in streams:
        print("\n".join(_lines(stream, args.keys)))
    if not streams:
        print("There is no such stream.")
    return 0


def _streams(admin: Admin, status: str, find: str) -> Iterator[dict[str, Any]]:
    number, has_more = 1, True
    while has_more:
        query = {"status": status, "find": find, "page": number, "per_page": _PER_PAGE}
        page = admin.call("GET", "streams", query=urlencode(query))
        number, has_more = number + 1, page["has_more"]
        yield from page["streams"]


def _fact(stream: dict[str, Any], has_keys: bool) -> dict[str, Any]:
    names = (*_FIELDS, *(_KEY_FIELDS if has_keys else ()))
    return {
        **{name: stream[name] for name in names},
        "username": stream["user"]["username"],
        "watch_url": watch_page(stream),
    }


def _lines(stream: dict[str, Any], has_keys: bool) -> Iterator[str]:
    """One line a stream, and with its key two more: what an encoder is told."""
    status = stream["status"]
    by = f"  by {stream['protocol']}" if stream["is_publishing"] else ""
    yield (
        f"{paint(f'{status:7}', colour_of(status))}  {stream['viewer_count']:6}  "
        f"{stream['id']}  {plain(stream['user']['username'])}: {plain(stream['title'])}{by}"
    )
    if has_keys:
        yield f"  server  {stream['rtmp_url']}"
        yield f"  key     {stream['stream_key']}"
