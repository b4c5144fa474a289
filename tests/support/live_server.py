"""The whole platform as a person uses it: a running server and requests over real sockets.

Nothing here waits for time to pass: `until` repeats a check until it succeeds, and its deadline
only guards against hanging.
"""

import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from emulator import server
from emulator.settings import Settings
from emulator.testing import ApiResponse
from tests.support.commands import live_emulator

T = TypeVar("T")

PATIENCE_SECONDS = 90
_BETWEEN_LOOKS_SECONDS = 0.05


def until(look: Callable[[], T | None], what: str) -> T:
    """Call `look` until its result is true, and return that. Fails with `what` at the deadline."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (result := look()):
        assert time.monotonic() < deadline, f"timed out waiting for: {what}"
        time.sleep(_BETWEEN_LOOKS_SECONDS)
    return result


def send(request: urllib.request.Request, tls: ssl.SSLContext | None = None) -> ApiResponse:
    """Send a request, and return the answer, whatever its status."""
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS, context=tls) as response:
            return ApiResponse(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return ApiResponse(error.code, error.headers, error.read())


class Walk:
    """A user of one running platform; `ready` is the content of its ready file."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self.ready = ready
        is_tls = ready["http"].startswith("https:")
        self._tls = ssl.create_default_context(cafile=ready["ca"]) if is_tls else None

    # The platform's API.

    def ask(
        self, method: str, path: str, body: object = None, key: str | None = "ak_demo"
    ) -> ApiResponse:
        """One request; `path` is below `/api/v1`, or a whole address."""
        address = path if "://" in path else f"{self.ready['http']}/api/v1{path}"
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        sent = None
        if body is not None:
            sent = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        return send(urllib.request.Request(address, sent, headers, method=method), self._tls)

    def get(self, address: str) -> ApiResponse:
        """A request as a player makes it: without credentials."""
        return self.ask("GET", address, key=None)

    def create(self, title: str = "My First Stream", key: str = "ak_demo") -> dict[str, Any]:
        answer = self.ask("POST", "/streams/", {"title": title}, key)
        assert answer.status == 201, answer.text
        created: dict[str, Any] = answer.json
        return created

    def stream(self, stream: dict[str, Any]) -> dict[str, Any]:
        """The stream's current state."""
        answer = self.ask("GET", f"/streams/id/{stream['id']}")
        assert answer.status == 200, answer.text
        now: dict[str, Any] = answer.json
        return now

    def end(self, stream: dict[str, Any]) -> ApiResponse:
        return self.ask("POST", f"/streams/{stream['id']}/end")

    def ingest(self, stream: dict[str, Any]) -> dict[str, Any]:
        """The current facts about the stream's publisher."""
        health: dict[str, Any] = self.get(
            f"{self.ready['admin']}/streams/{stream['id']}/ingest"
        ).json
        return health

    # Time.

    def pass_time(self, seconds: float) -> None:
        """Advance the world's clock by this, and let everything that is due happen."""
        address = f"{self.ready['admin']}/clock/advance"
        answer = self.ask("POST", address, {"seconds": seconds}, key=None)
        assert answer.status == 200, answer.text

    def pass_window(self, stream: dict[str, Any], seconds: float) -> None:
        """After the publisher has gone, advance the clock beyond the reconnect window."""
        until(lambda: not self.ingest(stream)["is_publishing"], "the publisher has gone")
        self.pass_time(seconds)

    # Waiting.

    def until_status(self, stream: dict[str, Any], status: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            now = self.stream(stream)
            return now if now["status"] == status else None

        return until(look, f"the stream is {status}")

    def until_first_part(self, stream: dict[str, Any]) -> str:
        """The low latency playlist, once it lists something (a long poll, `?wait=1`)."""
        address = stream["playback"]["llhls"]
        until(
            lambda: self.get(f"{address}&wait=1").status == 200,
            "the playlist of playlists is there",
        )
        return self.media_playlist(stream, "llhls")

    def until_parts(self, stream: dict[str, Any], count: int) -> str:
        """The low latency playlist, once it lists `count` more parts than now."""
        self.until_first_part(stream)
        wanted = next_part(self.media_playlist(stream, "llhls")) + count

        def look() -> str | None:
            text = self.media_playlist(stream, "llhls")
            return text if next_part(text) >= wanted else None

        return until(look, f"{count} more parts come")

    def until_vod(self, stream: dict[str, Any]) -> dict[str, Any]:
        """The VOD of a stream that is ending, once it is ready."""
        ended = self.until_status(stream, "ended")
        assert ended["vod_id"], "the stream has no vod_id"

        def look() -> dict[str, Any] | None:
            vod: dict[str, Any] = self.ask("GET", f"/streams/vods/{ended['vod_id']}").json
            assert vod["status"] in {"processing", "ready"}, vod
            return vod if vod["status"] == "ready" else None

        return until(look, "the VOD is ready")

    # Media.

    def media_playlist(self, stream: dict[str, Any], name: str = "stream") -> str:
        """A media playlist: the plain one for `stream`, the low latency one for `llhls`."""
        answer = self.get(urljoin(stream["playback_url"], f"{name}.m3u8"))
        assert answer.status == 200, answer.text
        return answer.text

    def media(self, stream: dict[str, Any]) -> dict[str, bytes]:
        """Every init segment, segment and part in the low latency playlist, by name."""
        playlist = urljoin(stream["playback_url"], "llhls.m3u8")
        addresses = addresses_in(self.media_playlist(stream, "llhls"), playlist)
        return {address.rsplit("/", 1)[1]: self.get(address).body for address in addresses}

    def newest_parts(self, stream: dict[str, Any]) -> bytes:
        """The content of a low latency player's buffer: an init segment and the parts after it."""
        media = self.media(stream)
        inits = [content for name, content in media.items() if name.startswith("init")]
        parts = [content for name, content in media.items() if name.startswith("part")]
        return b"".join([inits[-1], *parts])

    def raw_status(self, path: bytes) -> int:
        """The status of a GET with exactly these bytes, which no client library would send."""
        where = urlsplit(self.ready["http"])
        assert where.hostname is not None
        with socket.create_connection((where.hostname, where.port or 80), PATIENCE_SECONDS) as plug:
            plug.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            status_line = plug.makefile("rb").readline()
        return int(status_line.split()[1])


def next_part(playlist: str) -> int:
    """The number of the part that a low latency playlist hints at; `sys.maxsize` after the end."""
    for line in playlist.splitlines():
        if line.startswith("#EXT-X-PRELOAD-HINT:"):
            return int(line.rpartition("part-")[2].partition(".")[0])
    return sys.maxsize if "#EXT-X-ENDLIST" in playlist else 0


def addresses_in(playlist: str, base: str) -> list[str]:
    """The addresses of everything that a media playlist lists, without hints."""
    uris = []
    for line in playlist.splitlines():
        if line.startswith(("#EXT-X-MAP:", "#EXT-X-PART:")):
            uris.append(line.partition('URI="')[2].partition('"')[0])
        elif line and not line.startswith("#"):
            uris.append(line)
    return [urljoin(base, uri) for uri in uris]


def seconds_in(playlist: str) -> float:
    """The sum of the durations of a media playlist's segments."""
    lines = [line for line in playlist.splitlines() if line.startswith("#EXTINF:")]
    return sum(float(line[8:].rstrip(",")) for line in lines)


@contextmanager
def platform(**settings: Any) -> Iterator[Walk]:
    """A platform in this process, in its own thread. A user may create many streams.

    It uses the HTTP server that is not the default where LIVE_EMULATOR_TESTS_HTTP is `every`.
    """
    is_other = os.environ.get("LIVE_EMULATOR_TESTS_HTTP") == "every"
    usual: dict[str, Any] = {
        "http": "hypercorn" if is_other else "uvicorn",
        "data": ":memory:",
        "port": 0,
        "rtmp_port": 0,
        "rtmps_port": 0,
        "streams_per_user": 0,
        "stream_creations_per_minute": 0,
        "reconnect_window_ms": 500,
        "vod_processing_ms": 100,
        "segment_ms": 1000,
    }
    with server.running(Settings(**usual | settings)) as emulator:
        yield Walk(emulator.ready)


class Child:
    """`live-emulator serve` as a separate process, on a data folder that stays when it ends."""

    def __init__(self, data: Path, *options: str, env: dict[str, str] | None = None) -> None:
        self.ready_file = data.with_name(data.name + ".ready.json")
        self.ready_file.unlink(missing_ok=True)
        self.command = live_emulator(
            "serve",
            "--data",
            str(data),
            *("--ready-file", str(self.ready_file), "--streams-per-user", "0"),
            *("--port", "0", "--rtmp-port", "0", "--rtmps-port", "0", *options),
        )
        # With a pipe, the test would have to read it all the time.
        self._log = tempfile.TemporaryFile("a+b")  # noqa: SIM115  As long as the process.
        self._said: str | None = None
        self.process = subprocess.Popen(
            self.command,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            env=os.environ | (env or {}),
        )

    def walk(self) -> Walk:
        """Wait until the ready file is written, and return a user of the platform."""

        def look() -> bool:
            assert self.process.poll() is None, self.said()
            return self.ready_file.exists()

        until(look, "the ready file is written")
        return Walk(json.loads(self.ready_file.read_text()))

    def said(self) -> str:
        """The whole log, after the end of the process."""
        if self._said is None:
            self.process.wait(PATIENCE_SECONDS)
            self._said = self.log()
            self._log.close()
        return self._said

    def log(self) -> str:
        """The log until now."""
        self._log.seek(0)
        return self._log.read().decode()


@contextmanager
def child(data: Path, *options: str, env: dict[str, str] | None = None) -> Iterator[Child]:
    """Start a process; it is killed at the end of the block if it is still running."""
    started = Child(data, *options, env=env)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()
        started.said()
