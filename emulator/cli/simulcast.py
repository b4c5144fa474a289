"""`simulcast`: where else a running emulator pushes a stream."""

import argparse
import sys
from typing import Any

from emulator.cli.lib.admin import add_world_flags, admin_of, answer
from emulator.cli.lib.plain import plain

NAME = "simulcast"
HELP = "push a live stream on to other RTMP addresses"
EXAMPLES = """
  live-emulator simulcast add STREAM_ID rtmp://127.0.0.1:1937/live TARGET_KEY
  pass show target-key | live-emulator simulcast add STREAM_ID rtmps://ingest.example.com/live -
  live-emulator simulcast list STREAM_ID
  live-emulator simulcast remove STREAM_ID TARGET_ID
"""


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|list|remove")
    add = verbs.add_parser("add", help="push the stream to this address whenever it is live")
    add.add_argument("stream_id", metavar="STREAM_ID", help="the stream to push")
    add.add_argument(
        "url",
        metavar="URL",
        help="server to push to, without the key: rtmp://host[:port]/app, or rtmps://",
    )
    add.add_argument("key", metavar="KEY", help="stream key at that server; - reads it from stdin")
    add_world_flags(add)
    listed = verbs.add_parser("list", help="list a stream's targets and their state")
    listed.add_argument("stream_id", metavar="STREAM_ID", help="the stream")
    add_world_flags(listed)
    remove = verbs.add_parser("remove", help="stop pushing the stream to this target")
    remove.add_argument("stream_id", metavar="STREAM_ID", help="the stream")
    remove.add_argument("target_id", metavar="TARGET_ID", help="id, as `simulcast list` shows it")
    add_world_flags(remove)


def run(args: argparse.Namespace) -> int:
    admin = admin_of(args)
    targets = f"streams/{args.stream_id}/targets"
    if args.verb == "list":
        payload = admin.call("GET", targets)
        lines = [_line(target) for target in payload["targets"]] or ["The stream has no targets."]
    elif args.verb == "add":
        key = sys.stdin.readline().strip() if args.key == "-" else args.key
        payload = admin.call("POST", targets, {"url": args.url, "key": key})
        lines = [_line(payload)]
    else:
        admin.call("DELETE", f"{targets}/{args.target_id}")
        payload, lines = {"removed": 1}, [f"The stream is no longer pushed to {args.target_id}."]
    return answer(args, payload, lines)


def _line(target: dict[str, Any]) -> str:
    again = f", again at {target['due_at']}" if target["due_at"] else ""
    reason = f"  ({target['reason']}{again})" if target["reason"] else ""
    return plain(f"{target['id']}  {target['state']:10}  {target['url']}{reason}")
