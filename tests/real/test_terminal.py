"""Commands on a real terminal (a pty) and in a pipe: only people get colour and progress."""

import os
import pty
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.commands import live_emulator
from tests.support.live_server import platform

PATIENCE_SECONDS = 120
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
SLOW = """
scenario: Slow
world:
  users: [{name: ada}]
  streams: [{name: show, owner: ada, title: Slow}]
timeline:
  - stream.start: show
  - wait: 20s
expect:
  stream.show.status: live
"""


def in_terminal(*words: str, **variables: str) -> str:
    """Everything that a command shows on a terminal. Fails unless it exits with 0."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        live_emulator(*words),
        stdin=its,
        stdout=its,
        stderr=its,
        env=plain_environment() | {"TERM": "xterm-256color"} | variables,
    ) as process:
        os.close(its)
        shown = b""
        # On Linux, EIO means that the other side of the pty is closed.
        with suppress(OSError):
            while part := os.read(ours, 65536):
                shown += part
        os.close(ours)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0, shown
    return shown.decode()


def in_pipe(*words: str, **variables: str) -> str:
    return subprocess.run(
        live_emulator(*words),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
        env=plain_environment() | {"TERM": "xterm-256color"} | variables,
    ).stdout


def plain_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in os.environ if name not in ("NO_COLOR", "CI")}


@pytest.fixture
def slow(tmp_path: Path) -> str:
    file = tmp_path / "slow.yaml"
    file.write_text(SLOW)
    return str(file)


def test_terminal_scenario_run_shows_how_much_is_left_and_the_outcome_in_colour(slow: str) -> None:
    shown = in_terminal("scenario", "run", slow, "--speed", "5x")

    assert re.search(r"\r[0-9]+ %, [0-9]+s left  [0-9]+s Slow: wait", shown), shown
    assert "Slow: \x1b[32;1mpassed\x1b[0m." in shown
    assert "Slow: passed." in COLOUR.sub("", shown)


def test_terminal_publish_shows_how_much_is_left() -> None:
    with platform() as walk:
        key = walk.create()["stream_key"]
        at = ("--server", walk.ready["http"], "--seconds", "3", "--size", "160x90")
        shown = in_terminal("publish", key, *at)

    assert re.search(r"\rpublishing  [0-9]+ %, [0-9]+s left  ", shown), shown


def test_terminal_colour_is_for_people_alone() -> None:
    with platform() as walk:
        walk.create()
        words = ("requests", "--server", walk.ready["http"])

        assert COLOUR.search(in_terminal(*words))
        assert COLOUR.search(in_pipe(*words, FORCE_COLOR="1"))
        for plain in (
            in_pipe(*words),
            in_terminal(*words, NO_COLOR="1"),
            in_terminal(*words, TERM="dumb"),
            in_terminal(*words, "--no-color"),
            in_terminal(*words, "--json", FORCE_COLOR="1"),
        ):
            assert "/api/v1/streams/" in plain
            assert "\x1b" not in plain
