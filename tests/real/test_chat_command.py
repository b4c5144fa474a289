"""`live-emulator chat` as people and scripts run it."""

import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.test_commands import PATIENCE_SECONDS
from tests.support.commands import finished, live_emulator
from tests.support.live_server import Walk, child, platform, until


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


def chat(
    walk: Walk, stream: dict[str, Any], *flags: str, said: str = ""
) -> "subprocess.CompletedProcess[str]":
    """The command, with this text on its standard input."""
    return finished(
        live_emulator("chat", stream["id"], "--server", walk.ready["http"], *flags), input=said
    )


class Reading:
    """A running `chat --json` that only reads."""

    def __init__(self, walk: Walk, stream: dict[str, Any], *flags: str) -> None:
        self.process = subprocess.Popen(
            live_emulator("chat", stream["id"], "--json", "--server", walk.ready["http"], *flags),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def hear(self, kind: str) -> Any:
        """Return the data of the next event of this type."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event = json.loads(line)
            if event["type"] == kind:
                return event["data"]
        raise AssertionError(f"it ended: {self.end()}")

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        self.process.send_signal(number)
        output, complaint = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, output, complaint


def test_chat_command_script_sends_its_messages_and_ends(walk: Walk) -> None:
    stream = walk.create("For scripts", "ak_auto_scripts")

    ended = chat(walk, stream, "--as", "bob", said="hello\n\n  there  \nno newline at the end")

    assert (ended.returncode, ended.stderr) == (0, "")
    said = walk.ask("GET", f"/streams/{stream['id']}/chat").json["messages"]
    assert [line["content"] for line in said] == ["hello", "there", "no newline at the end"]
    assert {line["user"]["username"] for line in said} == {"bob"}
    assert "For scripts  (offline), as bob" in ended.stdout
    assert "bob: hello" in ended.stdout


def test_chat_command_refused_message_is_printed_and_sets_the_exit_code(walk: Walk) -> None:
    stream = walk.create("Slow", "ak_auto_slow")
    walk.ask(
        "PUT", f"/streams/{stream['id']}/chat/settings", {"slow_mode_seconds": 60}, "ak_auto_slow"
    )

    ended = chat(walk, stream, "--as", "bob", said="one\ntwo\n")

    assert ended.returncode == 1
    assert "bob: one" in ended.stdout
    assert "* Slow mode is on: one message every 60 s (wait " in ended.stdout


def test_chat_command_every_event_is_a_line_of_json_and_ctrl_c_ends_cleanly(walk: Walk) -> None:
    stream = walk.create("As JSON", "ak_auto_json")
    chat(walk, stream, "--as", "ann", said="from before")
    reading = Reading(walk, stream, "--as", "bob")
    try:
        assert reading.hear("message")["content"] == "from before"
        assert reading.hear("viewer_count") == {"count": 1}
        reading.say("typed")
        assert reading.hear("message")["content"] == "typed"
        walk.ask(
            "POST", f"/streams/{stream['id']}/chat", {"content": "\x1b[31mred"}, "ak_auto_json"
        )
        assert reading.hear("message")["content"] == "\x1b[31mred"
    finally:
        code, _, complaint = reading.end()
    assert (code, complaint) == (130, "")


def test_chat_command_terminal_input_is_sent_and_ctrl_d_ends_it(walk: Walk) -> None:
    stream = walk.create("In a terminal", "ak_auto_terminal")
    keyboard, terminal = pty.openpty()
    typing = subprocess.Popen(
        live_emulator("chat", stream["id"], "--as", "bob", "--server", walk.ready["http"]),
        stdin=terminal,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert typing.stdout is not None
    try:
        os.write(keyboard, b"hello\n")
        assert any("bob: hello" in line for line in typing.stdout)
        os.write(keyboard, b"\x04")
        assert typing.wait(PATIENCE_SECONDS) == 0
    finally:
        typing.kill()
        typing.communicate()
        os.close(keyboard)
        os.close(terminal)


def test_chat_command_missing_stream_or_server_is_reported(walk: Walk) -> None:
    ended = chat(walk, {"id": "nowhere"})
    assert ended.returncode == 1
    assert "There is no stream 'nowhere'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_chat_command_lost_connection_loses_and_repeats_no_message(tmp_path: Path) -> None:
    # Given a reader of a platform that is killed,
    with child(tmp_path / "data") as first:
        walk = first.walk()
        port = walk.ready["http"].rpartition(":")[2]
        stream = walk.create()
        reading = Reading(walk, stream)
        walk.ask("POST", f"/streams/{stream['id']}/chat", {"content": "before"})
        assert reading.hear("message")["content"] == "before"
        first.process.send_signal(signal.SIGKILL)
        first.said()

    # when it runs again at the same address, and 120 messages are sent before the reader
    # reconnects,
    with child(tmp_path / "data", "--port", port) as second:
        walk = second.walk()
        for number in range(120):
            content = {"content": f"line {number}"}
            assert walk.ask("POST", f"/streams/{stream['id']}/chat", content).status == 201
        heard = [reading.hear("message")["content"] for _ in range(120)]

        # then it shows each of them once, in their order, and reads on.
        assert heard == [f"line {number}" for number in range(120)]
        reading.say("still here")
        assert reading.hear("message")["content"] == "still here"
        code, output, complaint = reading.end()
    assert (code, output) == (130, "")
    assert complaint == "* the connection is lost, trying again\n"
    until(lambda: reading.process.poll() is not None, "the command to end")
