"""`chat`: a stream's chat in a terminal, or in a pipe: what is said, and a way to say something."""

import argparse
import asyncio
import json
import os
import sys
import threading
from datetime import datetime
from typing import Any

from emulator.cli.lib.api import Api, ApiError
from emulator.cli.lib.chatting import Chatting, Event
from emulator.cli.lib.plain import plain
from emulator.cli.watch import add_server_flags, find

NAME = "chat"
HELP = "read a stream's chat and speak in it"
EXAMPLES = """
  live-emulator chat 8f14e45f-ceea-467f-a0f0-3c2b1d9e5a77
  live-emulator chat STREAM_ID --as bob
  echo "first!" | live-emulator chat STREAM_ID --as bob
  live-emulator chat STREAM_ID --json | jq -r 'select(.type == "message") | .data.content'
"""

_CHUNK_BYTES = 65_536
_SAID = {
    "message_deleted": "a message was deleted",
    "chat_cleared": "the chat was cleared",
    "settings": "the settings of this chat were changed",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stream", metavar="STREAM_ID|UID", help="the stream's id or CDN uid")
    parser.add_argument(
        "--as",
        dest="user",
        default="",
        metavar="USER",
        help="account that sends the lines; it is made if it does not exist",
    )
    parser.add_argument("--json", action="store_true", help="print each event as one JSON line")
    add_server_flags(parser)


def run(args: argparse.Namespace) -> int:
    api = Api(args.server, args.api_key)
    if args.user:
        api = _speaking_as(api, args.user)
    stream = find(api, args.stream)
    username = api.call("GET", "/api/v1/auth/me")["username"]
    if not args.json:
        print(f"{stream['title']}  ({stream['status']}), as {username}", flush=True)
    return asyncio.run(_chat(api, str(stream["id"]), username, is_json=args.json))


def _speaking_as(api: Api, username: str) -> Api:
    """A client of this server and world with a user's key. Raises `ApiError` for no such user."""
    _, at, world = api.key.partition("@")
    automatic = api.with_key(f"ak_auto_{username}{at}{world}")
    try:
        automatic.call("GET", "/api/v1/auth/me")
    except ApiError as refusal:
        if refusal.status != 401:
            raise
        # Automatic accounts may be off (`strict_auth`); seeded ones have keys of their own.
        return api.with_key(f"ak_demo_{username}{at}{world}")
    return automatic


async def _chat(api: Api, stream_id: str, username: str, *, is_json: bool) -> int:
    show = _show_json if is_json else _show
    chatting = Chatting(api, stream_id, username, show, _complain)
    reading = threading.Thread(
        target=_read_input, args=(chatting, asyncio.get_running_loop()), daemon=True
    )
    reading.start()
    await chatting.run()
    return 1 if chatting.refused else 0


def _read_input(chatting: Chatting, loop: asyncio.AbstractEventLoop) -> None:
    """Post the lines of standard input.

    In a script the command ends when all lines are answered; with an empty input it keeps reading
    the chat. In a terminal, Ctrl-D ends it. This reads the descriptor, since a thread that holds
    `sys.stdin` would keep the process from ending.
    """
    rest = b""
    has_said = False
    while chunk := os.read(0, _CHUNK_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            has_said = _say(chatting, loop, line) or has_said
    has_said = _say(chatting, loop, rest) or has_said
    if has_said or os.isatty(0):
        loop.call_soon_threadsafe(chatting.finish)


def _say(chatting: Chatting, loop: asyncio.AbstractEventLoop, line: bytes) -> bool:
    content = line.decode(errors="replace").strip()
    if content:
        loop.call_soon_threadsafe(chatting.say, content)
    return bool(content)


def _show_json(event: Event) -> None:
    print(json.dumps(event), flush=True)


def _show(event: Event) -> None:
    text = _event_line(event["type"], event.get("data", {}))
    if text:
        print(plain(text), flush=True)


def _event_line(kind: str, data: dict[str, Any]) -> str:
    """An event as one line for people; empty for an event that they need not see."""
    if kind == "message":
        return _line(data)
    match kind:
        case "error":
            wait = data.get("retry_after_seconds")
            said = f"{data['message']} (wait {wait:g} s)" if wait else data["message"]
        case "viewer_count":
            said = f"{data['count']} watching"
        case "stream_status":
            said = f"the stream is {data['status']}"
        case "user_banned":
            said = f"{data['username']} was {'timed out' if data['expires_at'] else 'banned'}"
        case _:
            said = _SAID.get(kind, "")
    return f"* {said}" if said else ""


def _line(message: dict[str, Any]) -> str:
    at = datetime.fromisoformat(message["created_at"]).astimezone()
    badges = "".join(f"[{badge['type']}] " for badge in message["badges"])
    gone = "(deleted) " if message["is_deleted"] else ""
    name = message["user"]["username"]
    return f"{at:%H:%M:%S} {badges}{name}: {gone}{message['content']}"


def _complain(text: str) -> None:
    print(f"* {plain(text)}", file=sys.stderr, flush=True)
