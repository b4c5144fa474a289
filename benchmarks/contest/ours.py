"""The emulator to compare: `serve` as a child process, with its media on the disk."""

import json
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from benchmarks.contest.process import Process, running
from emulator.version import __version__

_START_SECONDS = 30
_ANSWER_SECONDS = 30


@dataclass(frozen=True)
class Stream:
    """A stream created over the API. `low_latency` is the address of its LL-HLS playlist."""

    id: str
    api_key: str
    url: str
    key: str
    low_latency: str


class Ours:
    """A running emulator."""

    name = "live-emulator"
    version = __version__

    def __init__(self, process: Process, ready: dict[str, Any]) -> None:
        self.process = process
        self._ready = ready
        self._users = 0

    @property
    def http(self) -> str:
        """Its HTTP address."""
        return str(self._ready["http"])

    def stream(self) -> Stream:
        """A new stream of a new user."""
        self._users += 1
        api_key = f"ak_auto_bench{self._users}"
        result = self._ask("POST", "/streams/", api_key, {"title": "Benchmark"})
        return Stream(
            id=result["id"],
            api_key=api_key,
            url=result["rtmp_url"],
            key=result["stream_key"],
            # The API gives the address of the multivariant playlist in the same folder.
            low_latency=urljoin(result["playback"]["llhls"], "llhls.m3u8"),
        )

    def address(self) -> tuple[str, str]:
        """An address for one more publisher, and its key."""
        stream = self.stream()
        return stream.url, stream.key

    def is_live(self, stream: Stream) -> bool:
        payload = self._ask("GET", f"/streams/id/{stream.id}", stream.api_key)
        return bool(payload["status"] == "live")

    def _ask(self, method: str, path: str, api_key: str, body: object = None) -> Any:
        request = urllib.request.Request(
            f"{self._ready['http']}/api/v1{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:
            return json.load(answer)


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Ours]:
    """A new emulator whose data and log are in `folder`; `settings` are environment variables."""
    ready_file, log = folder / "ready.json", folder / "serve.log"
    command = [sys.executable, "-m", "emulator", "serve", "--ready-file", str(ready_file)]
    command += ["--port", "0", "--rtmp-port", "0", "--rtmps-port", "0"]
    command += ["--data", str(folder / "ours")]
    with running(command, log, settings) as process:
        deadline = time.monotonic() + _START_SECONDS
        while not ready_file.exists():
            if process.has_ended or time.monotonic() > deadline:
                raise RuntimeError(f"serve did not start: {log.read_text('utf-8')[-2000:]}")
            time.sleep(0.01)
        yield Ours(process, json.loads(ready_file.read_text("utf-8")))
