"""`publish`: go live with the test picture or a file, over real RTMP, RTMPS or WebRTC."""

import argparse
import json
import os
import sys
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.cli import Failed
from emulator.cli.lib import options
from emulator.cli.lib.discovery import add_server_flag, only_running
from emulator.cli.lib.line import LiveLine
from emulator.cli.lib.progress import progress_text
from emulator.cli.lib.stopping import stop_signals
from emulator.core.clock import SystemClock
from emulator.core.errors import Refused
from emulator.media.publisher.config import LiveControls, PublishConfig
from emulator.media.publisher.link import PushTarget, parse_target
from emulator.media.publisher.push import Push, PushProgress, PushSource, Report

if TYPE_CHECKING:
    from emulator.media.webrtc.client.whip_push import WhipPush

NAME = "publish"
HELP = "go live on a stream with a test picture or a file"
EXAMPLES = """
  live-emulator publish STREAM_KEY
  live-emulator publish --stream 8f14e45f-ceea-467f-a0f0-3c2b1d9e5a77 --rtmps
  live-emulator publish STREAM_KEY --whip http://127.0.0.1:8787
  live-emulator publish STREAM_KEY --file talk.mp4 --loop
  live-emulator publish STREAM_KEY --size 1920x1080 --fps 60 --bitrate 6M --seconds 30
  echo STREAM_KEY | live-emulator publish -
"""

_ADDRESSES = {"rtmp": "rtmp://127.0.0.1:1935/live", "rtmps": "rtmps://127.0.0.1:1936/live"}
_DEFAULTS = PublishConfig()


def configure(parser: argparse.ArgumentParser) -> None:
    whom = parser.add_argument_group("where to")
    whom.add_argument("key", nargs="?", metavar="KEY", help="a stream key; - reads it from stdin")
    whom.add_argument("--stream", metavar="ID", help="ask the API for this stream's key instead")
    whom.add_argument(
        "--url",
        type=options.option(parse_target),
        help="server without the key, rtmp://host[:port]/app",
    )
    whom.add_argument(
        "--whip", metavar="URL", help="publish over WebRTC to the server at http://host[:port]"
    )
    whom.add_argument("--rtmps", action="store_true", help="publish over RTMPS (RTMP over TLS)")
    whom.add_argument(
        "--ca", metavar="FILE", help="CA certificate to trust; default: LIVE_EMULATOR_CA"
    )
    add_server_flag(whom)
    whom.add_argument(
        "--api-key", default="", metavar="KEY", help="API key for --stream; default: ak_demo"
    )
    what = parser.add_argument_group("what")
    what.add_argument("--file", type=Path, help="send this instead of the test picture")
    what.add_argument("--loop", action="store_true", help="start the file again when it ends")
    what.add_argument(
        "--seconds",
        type=options.seconds,
        help="stop after this long, as in 30 or 1m30s; default: when the file ends, or Ctrl-C",
    )
    what.add_argument(
        "--size",
        type=options.frame_size,
        default=(_DEFAULTS.width, _DEFAULTS.height),
        help="size of the picture; default: 1280x720",
    )
    what.add_argument(
        "--fps",
        type=options.option(_frame_rate),
        default=_DEFAULTS.fps,
        help="frames per second, as in 30 or 30000/1001; default: 30",
    )
    what.add_argument(
        "--bitrate",
        type=options.bits_per_second,
        default=_DEFAULTS.video_kbits * 1000,
        help="bit rate of the video in bit/s; default: 2500k",
    )
    what.add_argument(
        "--keyframe-seconds",
        metavar="SECONDS",
        type=options.seconds,
        default=_DEFAULTS.keyframe_seconds,
        help="time from one key frame to the next; default: 2s",
    )
    what.add_argument(
        "--frozen", action="store_true", help="send a test picture that does not move"
    )
    what.add_argument("--silent", action="store_true", help="send silence with the test picture")
    what.add_argument(
        "--name", default=_DEFAULTS.name, help="text shown in the picture; default: live-emulator"
    )
    parser.add_argument("--json", action="store_true", help="print progress as JSON lines")
    # For parent processes: if the parent dies, the pipe closes and the broadcast ends.
    parser.add_argument("--until-stdin-ends", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    settings = _settings(args)
    target, key, ca = _destination(args)
    stop, controls = threading.Event(), LiveControls()
    report = _json_report() if args.json else _line_report(LiveLine(), args.seconds)
    with stop_signals(stop):
        if args.until_stdin_ends:
            threading.Thread(target=_follow_stdin, args=(controls, stop), daemon=True).start()
        try:
            make = _broadcast(settings, controls)
            _push(args.whip, target, key, ca, stop, report).run(make, args.seconds)
        except Refused as refusal:
            if not args.json:
                prefix = "refused: " if refusal.code == "forbidden" else ""
                raise Failed(prefix + refusal.message) from None
            print(json.dumps({"state": "refused", "message": refusal.message}), flush=True)
            return 1
    return 0


def _push(
    whip: str | None, target: PushTarget, key: str, ca: str, stop: threading.Event, report: Report
) -> "Push | WhipPush":
    if whip is None:
        return Push(target, key, ca, stop, report)
    from emulator.media.webrtc.client.whip_push import WhipPush

    return WhipPush(whip, key, ca, stop, report)


def _settings(args: argparse.Namespace) -> PublishConfig:
    if args.loop and args.file is None:
        raise Failed("--loop needs a --file.", 2)
    try:
        return PublishConfig(
            width=args.size[0],
            height=args.size[1],
            fps=args.fps,
            video_kbits=args.bitrate // 1000,
            keyframe_seconds=args.keyframe_seconds,
            name=args.name,
            file=args.file,
            is_looped=args.loop,
            is_frozen=args.frozen,
            is_silent=args.silent,
        )
    except ValueError as wrong:
        raise Failed(str(wrong), 2) from None


def _destination(args: argparse.Namespace) -> tuple[PushTarget, str, str]:
    """The URL to publish to, the key, and the CA to trust. A named stream gives the first two."""
    if (args.key is None) == (args.stream is None):
        raise Failed("Give either a stream key or --stream ID.", 2)
    scheme = "rtmps" if args.rtmps else "rtmp"
    address = _ADDRESSES[scheme]
    ca = args.ca or os.environ.get("LIVE_EMULATOR_CA") or ""
    if args.stream is None and args.url is None and args.whip is None:
        address, running_ca = _address_of(args.server, scheme)
        ca = ca or running_ca
    key = args.key
    if args.stream is not None:
        from emulator.cli.lib.api import Api
        from emulator.cli.watch import find

        api = Api(args.server, args.api_key)
        stream, ca = find(api, args.stream), ca or api.ca
        if not stream.get("stream_key"):
            raise Failed("Only its owner may read the key of this stream: see --api-key.")
        address, key = stream[f"{scheme}_url"], stream["stream_key"]
    elif key == "-":
        key = sys.stdin.readline().strip()
    if not key:
        raise Failed("The stream key is empty.", 2)
    target: PushTarget = args.url or parse_target(address)
    if args.rtmps and target.scheme != "rtmps":
        raise Failed(f"--rtmps and {target.tc_url} do not fit together.", 2)
    return target, key, ca


def _address_of(server: str, scheme: str) -> tuple[str, str]:
    """The RTMP address and the CA of the emulator at `server`; both may be unknown.

    Without a server, they are those of the environment, or of the one emulator that runs here.
    """
    named = os.environ.get(f"LIVE_EMULATOR_{scheme.upper()}_URL", "")
    if named and not server:
        return named, ""
    url = server or os.environ.get("LIVE_EMULATOR_URL", "")
    if url:
        from emulator.cli.lib.admin import Admin

        return str(Admin(url).call("GET", "info")[scheme]), ""
    local = only_running()
    return (local[scheme], local["ca"]) if local else (_ADDRESSES[scheme], "")


def _broadcast(settings: PublishConfig, controls: LiveControls) -> Callable[[], PushSource]:
    """The broadcast. A film is opened first: a file that cannot be played never connects."""
    if settings.file is None:
        from emulator.media.publisher.synthetic import SyntheticBroadcast

        def make() -> PushSource:
            broadcast = SyntheticBroadcast(settings, SystemClock())
            controls.attach(broadcast)
            return broadcast

        return make
    from emulator.media.publisher.film import FilmBroadcast

    film = FilmBroadcast(settings.file, settings)
    return lambda: film


def _json_report() -> Callable[[PushProgress], None]:
    def report(progress: PushProgress) -> None:
        payload = {
            "state": progress.state,
            "seconds": round(progress.seconds, 3),
            "kbits": progress.kbits,
            "fps": progress.fps,
        }
        print(json.dumps(payload), flush=True)

    return report


def _line_report(line: LiveLine, length: float | None) -> Callable[[PushProgress], None]:
    """A function that shows progress; with a `length` in seconds, it also shows the time left."""

    def report(progress: PushProgress) -> None:
        if progress.state == "publishing":
            rest = ""
            if length:
                share = progress.seconds / length
                rest = "  " + progress_text(share, max(0, length - progress.seconds))
            line.show(
                f"publishing{rest}  {progress.seconds:.0f} s  {progress.kbits} kbit/s"
                f"  {progress.fps} fps"
            )
        elif progress.state == "ended":
            line.say(f"ended after {progress.seconds:.1f} s")
        elif progress.state == "connected":
            line.say("connected: the server accepted the key")

    return report


def _follow_stdin(controls: LiveControls, stop: threading.Event) -> None:
    """Follow the changes of settings on standard input, and stop when it is closed."""
    try:
        # Not by `sys.stdin`, whose lock would still be held here when the interpreter ends.
        while octets := os.read(sys.stdin.fileno(), 4096):
            controls.receive(octets)
    finally:
        stop.set()


def _frame_rate(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"invalid frame rate {text!r}; write it like 30 or 30000/1001") from None
