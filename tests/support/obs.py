"""A real OBS on a virtual display, driven through its websocket.

Its home is a temporary folder with the settings of an OBS that was used before: the first-run
wizard is done, and there is a scene, since without one OBS ignores `--startstreaming`.
"""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.support.live_server import PATIENCE_SECONDS, until
from tests.support.required_programs import need

PROFILE = "live-emulator"
_SCENE = {
    "current_scene": "Scene",
    "name": "Untitled",
    "scene_order": [{"name": "Scene"}],
    "sources": [{"id": "scene", "name": "Scene", "settings": {}}],
}


class Home:
    """The home folder of one OBS. `environment` makes programs use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / ".config/obs-studio"
        self.websocket_port = _free_port()
        (self.config / "basic/scenes").mkdir(parents=True)
        (self.config / "basic/scenes/Untitled.json").write_text(json.dumps(_SCENE))
        (self.config / "global.ini").write_text(
            "[General]\nFirstRun=true\n"
            "[OBSWebSocket]\nFirstLoad=false\nServerEnabled=true\nAuthRequired=false\n"
            f"ServerPort={self.websocket_port}\n"
        )
        folder.chmod(0o700)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / ".config"),
            "XDG_RUNTIME_DIR": str(self.folder),
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "QT_QPA_PLATFORM": "xcb",
        }


@contextmanager
def display() -> Iterator[str]:
    """Start a virtual X display. Gives its name."""
    command = [need("Xvfb"), "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        try:
            number = server.stdout.readline().strip()
            assert number, "Xvfb did not start"
            yield f":{number}"
        finally:
            server.terminate()


class Obs:
    """One running OBS, which begins to publish at its start."""

    def __init__(self, home: Home, screen: str, before: tuple[str, ...] = ()) -> None:
        """Start OBS. `before` are words of the command in front of OBS, such as `unshare`."""
        self._home = home
        self._log = home.folder / "obs.log"
        command = (need("obs"), "--multi", "--startstreaming", "--minimize-to-tray")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*before, *command, "--disable-updater", "--profile", PROFILE],
                env={**home.environment, "DISPLAY": screen},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def log(self) -> str:
        """Its log until now."""
        return self._log.read_text("utf-8", errors="replace")

    def until_said(self, words: str) -> None:
        def look() -> bool:
            assert self.process.poll() is None, self.log
            return words in self.log

        until(look, f"OBS says {words!r}")

    def ask(self, request: str, **values: Any) -> dict[str, Any]:
        """Make one request of the obs-websocket protocol, version 5."""
        with self._connected() as line:
            assert json.loads(line.recv(PATIENCE_SECONDS))["op"] == 0
            line.send(json.dumps({"op": 1, "d": {"rpcVersion": 1, "eventSubscriptions": 0}}))
            assert json.loads(line.recv(PATIENCE_SECONDS))["op"] == 2
            asked = {"requestType": request, "requestId": "1", "requestData": values}
            line.send(json.dumps({"op": 6, "d": asked}))
            payload: dict[str, Any] = json.loads(line.recv(PATIENCE_SECONDS))["d"]
        assert payload["requestStatus"]["result"], payload
        answer: dict[str, Any] = payload.get("responseData") or {}
        return answer

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)

    def _connected(self) -> ClientConnection:
        def look() -> ClientConnection | None:
            try:
                return connect(f"ws://127.0.0.1:{self._home.websocket_port}")
            except OSError:
                assert self.process.poll() is None, self.log
                return None

        return until(look, "OBS accepts requests")


@contextmanager
def pushing_obs(home: Home, before: tuple[str, ...] = ()) -> Iterator[Obs]:
    """OBS with the profile in its home. Killed at the end of the block."""
    with display() as screen:
        obs = Obs(home, screen, before)
        try:
            yield obs
        finally:
            obs.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as plug:
        return int(plug.getsockname()[1])
