"""`streams`: every stream of a world of a running emulator, of all owners."""

import argparse
from collections.abc import Iterator
from typing import Any

from emulator.cli.lib.admin import add_world_flags, admin_of, answer
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
_FIELDS = (
    *("id", "title", "status", "viewer_count", "is_publishing", "protocol", "visibility"),
    *("started_at", "ended_at", "cloudflare_stream_id", "vod_id", "hls_url"),
)
_KEY_FIELDS = ("stream_key", "rtmp_url", "rtmps_url", "whip_url")


def configure(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--status",
        choices=_STATES,
        help="show only streams in this state; default: live and offline",
    )
    which.add_argument("--all", action="store_true", help="show ended streams too")
    parser.add_argument(
        "--find",
        default="",
        metavar="TEXT",
        help="show only streams whose title, owner, id or CDN uid contains this",
    )
    parser.add_argument(
        "--keys", action="store_true", help="show the RTMP server and the stream key too"
    )
    add_world_flags(parser)


def run(args: argparse.Namespace) -> int:
    admin = admin_of(args)
    states = [args.status] if args.status else _STATES if args.all else _STATES[:2]
    streams = [
        stream
        for state in states
        for page in admin.pages("streams", {"status": state, "find": args.find})
        for stream in page["streams"]
    ]
    facts = {"streams": [_fact(stream, args.keys) for stream in streams]}
    lines = [line for stream in streams for line in _lines(stream, args.keys)]
    return answer(args, facts, lines or ["There is no such stream."])


def _fact(stream: dict[str, Any], has_keys: bool) -> dict[str, Any]:
    names = (*_FIELDS, *(_KEY_FIELDS if has_keys else ()))
    return {
        **{name: stream[name] for name in names},
        "username": stream["user"]["username"],
        "watch_url": watch_page(stream),
    }


def _lines(stream: dict[str, Any], has_keys: bool) -> Iterator[str]:
    """One line for a stream; with its key, two more for an encoder's settings."""
    status = stream["status"]
    by = f"  by {stream['protocol']}" if stream["is_publishing"] else ""
    yield (
        f"{paint(f'{status:7}', colour_of(status))}  {stream['viewer_count']:6}  "
        f"{stream['id']}  {plain(stream['user']['username'])}: {plain(stream['title'])}{by}"
    )
    if has_keys:
        yield f"  server  {stream['rtmp_url']}"
        yield f"  key     {stream['stream_key']}"
