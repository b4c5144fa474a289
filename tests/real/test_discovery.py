"""Commands find the emulator that runs on this machine, without an address."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from emulator.cli.lib.ports import why_not
from tests.support.commands import finished, live_emulator
from tests.support.live_server import Walk


class Terminal:
    """A person's terminal: an environment with a separate cache folder."""

    def __init__(self, home: Path) -> None:
        named = ("LIVE_EMULATOR_", "XDG_CACHE_HOME")
        self.variables = {
            name: value for name, value in os.environ.items() if not name.startswith(named)
        }
        self.variables["XDG_CACHE_HOME"] = str(home)

    def run(self, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return finished(live_emulator(*words), env=self.variables | variables)

    @contextmanager
    def serving(self, data: str) -> Iterator[dict[str, Any]]:
        ports = ("--port", "0", "--rtmp-port", "0", "--rtmps-port", "0")
        with subprocess.Popen(
            live_emulator("serve", "--json", "--data", data, *ports),
            stdout=subprocess.PIPE,
            text=True,
            env=self.variables,
        ) as process:
            assert process.stdout is not None
            try:
                yield json.loads(process.stdout.readline())
            finally:
                process.terminate()


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "cache")


def test_discovery_uses_the_one_emulator_and_asks_which_of_several(
    terminal: Terminal, tmp_path: Path
) -> None:
    folder = tmp_path / "somewhere"
    with ExitStack() as stack:
        # Given one emulator, on ports and a folder that no command knows,
        first = stack.enter_context(terminal.serving(str(folder)))
        # when a command names no emulator, then it uses that one.
        shown = json.loads(terminal.run("env", "--json").stdout)
        assert shown["LIVE_EMULATOR_URL"] == first["http"]

        # With two running, the error names both, and how to choose.
        second = stack.enter_context(terminal.serving(":memory:"))
        asked = terminal.run("world", "list")
        assert asked.returncode == 2
        assert "2 emulators are running, so say which:" in asked.stderr
        assert first["http"] in asked.stderr
        assert f"{second['http']}  pid {second['pid']}  :memory:" in asked.stderr
        for chosen in (
            terminal.run("world", "list", "--server", second["http"]),
            terminal.run("world", "list", LIVE_EMULATOR_URL=second["http"]),
            terminal.run("world", "list", LIVE_EMULATOR_DATA=str(folder)),
        ):
            assert chosen.returncode == 0, chosen.stderr

    # When none runs any more, it says how to start one, and the announcement files are gone.
    none = terminal.run("world", "list")
    assert none.returncode == 1
    if why_not("127.0.0.1", 8787) is None:
        assert "No emulator runs here" in none.stderr
        assert "Start one with `live-emulator serve`" in none.stderr
    assert not (tmp_path / "cache").exists() or not list((tmp_path / "cache").rglob("running"))


def test_discovery_trusts_and_publishes_to_the_emulator_that_it_finds(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.variables["LIVE_EMULATOR_TLS"] = "true"
    with terminal.serving(str(tmp_path / "data")) as ready:
        assert ready["http"].startswith("https:")
        Walk(ready).create("By its key")
        words = ("streams", "--status", "offline", "--keys", "--json")
        [stream] = json.loads(terminal.run(*words).stdout)["streams"]
        published = terminal.run(
            *("publish", stream["stream_key"], "--seconds", "1", "--size", "160x90", "--json")
        )

        assert published.returncode == 0, published.stderr
        assert json.loads(published.stdout.splitlines()[-1])["state"] == "ended"
