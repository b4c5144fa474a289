"""The README's walk against a real process: serve, make a stream, publish, watch, end, stop."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 120
READY = Path("ready.json")
# To each its own way to be stopped: Windows' processes hear nothing else.
GROUP: dict[str, Any] = (
    {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if sys.platform == "win32" else {}
)
STOP = signal.CTRL_BREAK_EVENT if sys.platform == "win32" else signal.SIGINT


def until(look: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (result := look()):
        assert time.monotonic() < deadline, f"timed out waiting for: {what}"
        time.sleep(0.1)
    return result


def ask(method: str, url: str, body: object = None) -> Any:
    headers = {"Authorization": "Bearer ak_demo", "Content-Type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def main() -> None:
    ports = ["--port", "0", "--rtmp-port", "0", "--rtmps-port", "0"]
    command = [sys.executable, "-m", "emulator", "serve", "--data", "data", *ports]
    command += ["--ready-file", str(READY)]
    server = subprocess.Popen(command, **GROUP)
    try:
        until(lambda: server.poll() is not None or READY.exists(), "the ready file")
        assert server.poll() is None, "the server ended"
        ready = json.loads(READY.read_text("utf-8"))
        base = f"{ready['http']}/api/v1"
        stream = ask("POST", f"{base}/streams/", {"title": "My First Stream"})
        where = f"{base}/streams/id/{stream['id']}"
        publish = [sys.executable, "-m", "emulator", "publish", stream["stream_key"]]
        publish += ["--url", ready["rtmp"], "--seconds", "6"]
        with subprocess.Popen(publish) as publisher:
            until(lambda: ask("GET", where)["status"] == "live", "the stream to be live")
            until(lambda: has_media(stream["playback_url"]), "its playlist")
            assert publisher.wait(PATIENCE_SECONDS) == 0
        ended = until(lambda: ended_or_none(ask("GET", where)), "the stream to end")
        vod = f"{base}/streams/vods/{ended['vod_id']}"
        until(lambda: ask("GET", vod)["status"] == "ready", "the recording")
    finally:
        if server.poll() is None:
            os.kill(server.pid, STOP)
        assert server.wait(PATIENCE_SECONDS) == 0
    assert not READY.exists(), "the ready file outlives its server"


def has_media(url: str) -> bool:
    try:
        with urllib.request.urlopen(url) as answer:
            return b"#EXTM3U" in answer.read()
    except urllib.error.HTTPError:
        return False


def ended_or_none(stream: Any) -> Any:
    return stream if stream["status"] == "ended" and stream["vod_id"] else None


if __name__ == "__main__":
    main()
