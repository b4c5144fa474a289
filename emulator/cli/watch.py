"""`watch`: follows one stream's state by the API until it ends."""

import argparse
import json
import time
from datetime import datetime
from typing import Any

from emulator.cli import Failed
from emulator.cli.lib.api import Api, ApiError
from emulator.cli.lib.colour import colour_of
from emulator.cli.lib.discovery import add_server_flag
from emulator.cli.lib.line import LiveLine
from emulator.cli.lib.plain import plain
from emulator.core.clock import SystemClock

NAME = "watch"
HELP = "follow a stream's state until it ends"
EXAMPLES = """
  live-emulator watch 8f14e45f-ceea-467f-a0f0-3c2b1d9e5a77
  live-emulator watch 8f14e45fceea467fa0f03c2b1d9e5a77 --open
  live-emulator watch STREAM_ID --json | jq -r .status
"""

_POLL_SECONDS = 1.0


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stream", metavar="STREAM_ID|UID", help="the stream's id or CDN uid")
    parser.add_argument("--open", action="store_true", help="open the watch page in a browser")
    parser.add_argument("--json", action="store_true", help="print each change as one JSON line")
    add_server_flags(parser)


def add_server_flags(parser: argparse.ArgumentParser) -> None:
    """Add flags for the emulator and the key; their defaults are in `exec`'s environment."""
    add_server_flag(parser)
    parser.add_argument("--api-key", default="", metavar="KEY", help="API key; default: ak_demo")


def run(args: argparse.Namespace) -> int:
    api = Api(args.server, args.api_key)
    stream = find(api, args.stream)
    if args.open:
        import webbrowser

        webbrowser.open(watch_page(stream))
    follow = _follow_json if args.json else _follow
    follow(api, stream)
    return 0


def find(api: Api, named: str) -> dict[str, Any]:
    """The stream with this id or CDN uid. Raises `Failed` if there is none."""
    try:
        return dict(api.call("GET", f"/api/v1/streams/id/{_in_path(named)}"))
    except ApiError as refusal:
        # An id that is not a UUID may be refused as such (422) before it is looked for.
        if refusal.status not in {404, 422}:
            raise
    page = 1
    while True:
        query = f"?status_filter=all&per_page=100&page={page}"
        result = api.call("GET", f"/api/v1/streams/{query}")
        for stream in result["streams"]:
            if stream["cloudflare_stream_id"] == named.lower():
                return dict(stream)
        if not result["has_more"]:
            raise Failed(f"There is no stream {named!r} on {api.url}.")
        page += 1


def watch_page(stream: dict[str, Any]) -> str:
    """The address of the page that plays a stream, next to its playlist."""
    return str(stream["hls_url"]).removesuffix("manifest/video.m3u8") + "watch"


def live_seconds(stream: dict[str, Any]) -> float:
    """The seconds that a stream has been live, by its own times; 0 before."""
    if not stream["started_at"]:
        return 0.0
    started = datetime.fromisoformat(stream["started_at"]).timestamp()
    if stream["ended_at"]:
        return max(0.0, datetime.fromisoformat(stream["ended_at"]).timestamp() - started)
    return max(0.0, SystemClock().now_ms() / 1000 - started)


def clock_time(seconds: float) -> str:
    """`0:07`, `12:30`, `1:02:03`."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _follow(api: Api, stream: dict[str, Any]) -> None:
    line = LiveLine()
    line.say(plain(stream["title"]), "bold")
    line.say(f"  watch  {watch_page(stream)}")
    line.say(f"  HLS    {stream['hls_url']}")
    status = ""
    while True:
        if stream["status"] != status:
            status = stream["status"]
            line.say(status, colour_of(status))
        if status == "ended":
            break
        viewers = stream["viewer_count"]
        line.show(f"{status}  {clock_time(live_seconds(stream))}  viewers {viewers}")
        stream = _next(api, stream)
    if stream["vod_id"]:
        line.say(f"  VOD    {api.url}/api/v1/streams/vods/{stream['vod_id']}")


def _follow_json(api: Api, stream: dict[str, Any]) -> None:
    payload: dict[str, Any] = {}
    while True:
        now = {
            "id": stream["id"],
            "status": stream["status"],
            "started_at": stream["started_at"],
            "ended_at": stream["ended_at"],
            "viewer_count": stream["viewer_count"],
            "vod_id": stream["vod_id"],
            "hls_url": stream["hls_url"],
            "watch_url": watch_page(stream),
        }
        if now != payload:
            payload = now
            print(json.dumps(now), flush=True)
        if stream["status"] == "ended":
            return
        stream = _next(api, stream)


def _next(api: Api, stream: dict[str, Any]) -> dict[str, Any]:
    time.sleep(_POLL_SECONDS)
    return dict(api.call("GET", f"/api/v1/streams/id/{stream['id']}"))


def _in_path(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
