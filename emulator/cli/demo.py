"""`demo`: shows everything on this machine by itself, from creating a stream to its VOD.

It uses its own server only from outside, as a user would: by the API, RTMPS and HLS.
"""

import argparse
import asyncio
import webbrowser
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from msgspec import Struct

from emulator.cli import Failed, serve
from emulator.cli.lib import audience, logs, options
from emulator.cli.lib.api import Api, ApiError
from emulator.cli.lib.line import LiveLine
from emulator.cli.lib.playing import is_whole_recording, play_low_latency
from emulator.cli.lib.ports import why_not
from emulator.cli.lib.progress import progress_text
from emulator.cli.watch import clock_time, live_seconds, watch_page
from emulator.core.clock import monotonic_ms
from emulator.machine.places import default_folder
from emulator.settings import MEMORY, Settings

NAME = "demo"
HELP = "run the platform with a live test stream, and print the addresses to open"
EXAMPLES = """
  live-emulator demo
  live-emulator demo --open
  live-emulator demo --seconds 10
  live-emulator demo --keep
  live-emulator demo --data :memory:
"""

_POLL_SECONDS = 0.5
# The users whose channels are live in addition to the demo's own.
_CHANNELS_MAX = 8
# In a demo of some seconds no publisher returns, so the end need not be waited for.
_END_MS = 1_000
# A publisher that the site's button has dropped returns within this time.
_RETURN_MS = 10_000
# Long enough for a slow machine; if something takes longer, it is broken.
_PATIENCE_MS = 60_000
_RECORDING = "live-emulator-demo.mp4"


class Seen(Struct):
    """The results that the demo has seen so far. With all of them, it has succeeded."""

    live: bool = False
    played: bool = False
    ended: bool = False
    vod: bool = False

    @property
    def missing(self) -> list[str]:
        return [name for name in self.__struct_fields__ if not getattr(self, name)]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds",
        type=_seconds,
        metavar="N",
        help="stop after this long live, as in 30 or 1m30s; default: Ctrl-C",
    )
    parser.add_argument(
        "--open", action="store_true", help="open the site in the browser of this machine"
    )
    parser.add_argument(
        "--keep", action="store_true", help="serve the VOD after the stream has ended, until Ctrl-C"
    )
    parser.add_argument(
        "--data",
        metavar="DIR",
        help=f"folder for the recording (default: the cache folder); {MEMORY} keeps nothing",
    )


def run(args: argparse.Namespace) -> int:
    logs.set_up("text", "warning")
    return serve.in_loop(lambda: _Demo(args).run())


def _seconds(text: str) -> float:
    seconds = float(options.seconds(text))
    if not 1 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is out of range: 1s to 1d")
    return seconds


class _Demo:
    """One run of the demo. Its methods are in the order in which they are used."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._seconds: float | None = args.seconds
        self._is_kept: bool = args.keep
        self._must_open: bool = args.open
        window_ms = _RETURN_MS if args.seconds is None else _END_MS
        self._settings = _settings(args.data or str(default_folder() / "demo"), window_ms)
        self._line = LiveLine()
        self._seen = Seen()
        # The id of the run of the scenario with the viewers.
        self._viewers_run = ""

    async def run(self) -> int:
        async with AsyncExitStack() as stack:
            self._stop = stack.enter_context(serve.stop_on_signals())
            emulator = await serve.start(self._settings, stack)
            local = emulator.local
            self._api = Api(local["http"], local["api_key"], local["ca"])
            self._stream = await asyncio.to_thread(fresh_stream, self._api, "live-emulator demo")
            await self._publish(stack, local)
            await self._introduce(emulator.ready, local)
            await self._go_live(stack, local)
            await self._leave_alone()
            await self._publisher.stop()
            await self._end()
            await self._keep_serving()
        if not self._seen.live:
            raise Failed("It was stopped before the stream was live.")
        if self._seen.missing:
            raise Failed(f"Not seen: {', '.join(self._seen.missing)}.")
        return 0

    async def _publish(self, stack: AsyncExitStack, local: dict[str, Any]) -> None:
        from emulator.media.publisher.process import PublisherProcess

        self._publisher = publisher = PublisherProcess(
            local["rtmps"], self._stream["stream_key"], ca=local["ca"], name="live-emulator demo"
        )
        await publisher.start()
        stack.push_async_callback(publisher.stop)

    async def _introduce(self, ready: dict[str, Any], local: dict[str, Any]) -> None:
        api = Api(local["http"], "ak_auto_obs", local["ca"])
        yours = await asyncio.to_thread(fresh_stream, api, "From OBS")
        site = f"{ready['http']}/_emulator/site/?demo#/@demo"
        lines = (
            "",
            f"  site    {site}",
            f"  open    {ready['http']}/",
            f"  watch   {watch_page(self._stream)}",
            f"  HLS     {self._stream['hls_url']}",
            f"  API     {ready['http']}/api/v1   API key {ready['api_key']}",
            "",
            "Your own picture: OBS, Settings, Stream, Service Custom",
            f"  Server  {yours['rtmp_url']}",
            f"  Key     {yours['stream_key']}",
            f"  watch   {watch_page(yours)}",
            "",
            f"{self._recorded()} Ctrl-C ends the stream.",
            "",
        )
        self._line.say("\n".join(lines))
        if self._must_open:
            await asyncio.to_thread(webbrowser.open, site)

    def _recorded(self) -> str:
        if self._settings.is_in_memory:
            return "Recorded in memory."
        return f"Recorded in {self._settings.data}."

    async def _go_live(self, stack: AsyncExitStack, local: dict[str, Any]) -> None:
        """Publish and show the stream until the demo is stopped, or until its publisher fails."""
        began_ms = monotonic_ms()
        while not self._must_stop():
            await self._look()
            if self._publisher.failure:
                await self._return(stack, local)
            if not self._seen.live and monotonic_ms() - began_ms > _PATIENCE_MS:
                raise Failed("The stream did not go live.")
            try:
                await asyncio.wait_for(self._stop.wait(), _POLL_SECONDS)
            except TimeoutError:
                continue

    async def _return(self, stack: AsyncExitStack, local: dict[str, Any]) -> None:
        """Publish again after the connection broke, for example by the site's button.

        Fails if the publisher was never live, or if its stream has ended meanwhile.
        """
        if self._stream["status"] != "live":
            raise Failed(self._publisher.failure)
        self._line.say("the publisher was cut off; it comes back")
        await self._publish(stack, local)

    def _must_stop(self) -> bool:
        has_lasted = self._seconds is not None and live_seconds(self._stream) >= self._seconds
        return self._stop.is_set() or (has_lasted and self._seen.live)

    async def _look(self) -> None:
        self._stream = await self._ask(f"/api/v1/streams/id/{self._stream['id']}")
        self._seen.live = self._seen.live or self._stream["status"] == "live"
        if self._seen.live and not self._viewers_run:
            await self._start_viewers()
        if self._seen.live and not self._seen.played:
            await self._play()
        health = await self._ask(f"/_emulator/streams/{self._stream['id']}/ingest")
        kbits = health.get("video_kbits", 0) + health.get("audio_kbits", 0)
        seconds, rest = live_seconds(self._stream), ""
        if self._seconds:
            rest = progress_text(seconds / self._seconds, self._seconds - seconds) + "  "
        self._line.show(
            f"{self._stream['status']}  {rest}{clock_time(seconds)}  "
            f"{kbits / 1000:.1f} Mbit/s  viewers {self._stream['viewer_count']}"
        )

    async def _start_viewers(self) -> None:
        """Start viewers who watch and talk, in this stream and in all other live ones."""
        live = await self._ask(f"/api/v1/streams/trending?limit={_CHANNELS_MAX}")
        owners = {str(stream["user"]["username"]) for stream in live["streams"]} - {"demo"}
        text = audience.scenario("demo", sorted(owners))
        order = {"text": text, "speed": 1, "world": "this"}
        run = await asyncio.to_thread(self._api.call, "POST", "/_emulator/scenarios", order)
        self._viewers_run = str(run["id"])
        self._line.say(f"a simulated audience comes and talks, here and in {len(owners)} channels")

    async def _leave_alone(self) -> None:
        """Let the viewers leave before the stream ends."""
        if self._viewers_run:
            path = f"/_emulator/scenarios/runs/{self._viewers_run}"
            await asyncio.to_thread(self._api.call, "DELETE", path)

    async def _play(self) -> None:
        uid = self._stream["cloudflare_stream_id"]
        try:
            picture = await asyncio.to_thread(play_low_latency, self._api, uid)
        except ApiError as refusal:
            if refusal.status != 404:
                raise
            return  # The first part comes a moment after the first key frame.
        if picture:
            self._seen.played = True
            self._line.say(f"played a part: {picture.width}x{picture.height}")

    async def _end(self) -> None:
        """Wait until the stream has ended and its VOD is ready, after the publisher has gone."""
        self._line.end()
        if not self._seen.live:
            return
        self._line.say("the publisher has stopped, the stream ends")
        if self._seconds is None:
            await self._end_now()
        self._stream = await self._until(f"/api/v1/streams/id/{self._stream['id']}", "ended")
        self._seen.ended = True
        vod = await self._until(f"/api/v1/streams/vods/{self._stream['vod_id']}", "ready")
        self._seen.vod = await asyncio.to_thread(is_whole_recording, self._api, vod["video_url"])
        seconds = vod["duration"]
        self._line.say(f"ended after {clock_time(seconds)}; the VOD has {seconds:.3f} s")
        if self._settings.is_in_memory:
            if self._is_kept:
                self._line.say(f"  page    {_page(vod)}")
            self._line.say("Nothing of it is left behind: it was recorded in memory.")
            return
        path = Path(self._settings.data) / _RECORDING
        film = await asyncio.to_thread(self._api.fetch, vod["mp4_url"])
        await asyncio.to_thread(path.write_bytes, film)
        self._line.say(f"  VOD     {path}")
        again = f"live-emulator serve --data {self._settings.data}"
        self._line.say(f"  page    {_page(vod)}  (while `{again}` runs)")

    async def _end_now(self) -> None:
        """End the stream by the API, so that nobody has to wait for the reconnect window."""
        try:
            address = f"/api/v1/streams/{self._stream['id']}/end"
            await asyncio.to_thread(self._api.call, "POST", address)
        except ApiError as refusal:
            if refusal.status != 409:  # It has ended already.
                raise

    async def _until(self, path: str, status: str) -> dict[str, Any]:
        began_ms = monotonic_ms()
        while True:
            answer = await self._ask(path)
            if answer["status"] == status:
                return answer
            if monotonic_ms() - began_ms > _PATIENCE_MS:
                raise Failed(f"{path} is still {answer['status']!r}, not {status!r}.")
            await asyncio.sleep(_POLL_SECONDS / 5)

    async def _ask(self, path: str) -> dict[str, Any]:
        return dict(await asyncio.to_thread(self._api.call, "GET", path))

    async def _keep_serving(self) -> None:
        if not self._is_kept or self._seen.missing:
            return
        self._stop.clear()
        self._line.say("Still serving. Ctrl-C stops.")
        await self._stop.wait()


def _settings(data: str, window_ms: int) -> Settings:
    """Settings with the default ports if they are free, otherwise any free ones."""
    usual = Settings(data=data)

    def free(port: int) -> int:
        return 0 if why_not(usual.host, port) else port

    return Settings(
        data=data,
        port=free(usual.port),
        rtmp_port=free(usual.rtmp_port),
        rtmps_port=free(usual.rtmps_port),
        reconnect_window_ms=window_ms,
    )


def fresh_stream(api: Api, title: str) -> dict[str, Any]:
    """Make a new stream of the key's owner; end one that an earlier run left offline first."""
    try:
        return dict(api.call("POST", "/api/v1/streams/", {"title": title}))
    except ApiError as refusal:
        if refusal.status != 409:
            raise
    me = api.call("GET", "/api/v1/auth/me")["id"]
    mine = api.call("GET", f"/api/v1/streams/?status_filter=all&user_id={me}&per_page=100")
    for stream in mine["streams"]:
        if stream["status"] != "ended":
            api.call("POST", f"/api/v1/streams/{stream['id']}/end")
    return dict(api.call("POST", "/api/v1/streams/", {"title": title}))


def _page(vod: dict[str, Any]) -> str:
    return str(vod["video_url"]).removesuffix("manifest/video.m3u8") + "watch"
