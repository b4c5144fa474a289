"""`streams`, `logs`, `env` and `open` with a running emulator."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.cli import main
from tests.support.commands import live_emulator
from tests.support.live_server import Walk, platform, until

PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


@pytest.fixture(autouse=True)
def environment(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVE_EMULATOR_URL", walk.ready["http"])


def printed(capsys: pytest.CaptureFixture[str], *typed: str) -> str:
    assert main(list(typed)) == 0
    return capsys.readouterr().out


def test_streams_command_shows_state_and_viewers_and_keys_where_asked(
    walk: Walk, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = walk.create("Mine")

    shown = printed(capsys, "streams")
    assert f"{stream['id']}  demo: Mine" in shown
    live = next(line for line in shown.splitlines() if line.startswith("live "))
    assert int(live.split()[1]) > 0
    assert "live_" not in shown
    assert stream["stream_key"] in printed(capsys, "streams", "--find", "Mine", "--keys")

    # Programs get the same values, and the key if they ask for it.
    [plain] = json.loads(printed(capsys, "streams", "--find", "Mine", "--json"))["streams"]
    assert (plain["status"], plain["username"], plain["viewer_count"]) == ("offline", "demo", 0)
    assert stream["stream_key"] not in json.dumps(plain)
    words = ("streams", "--find", "Mine", "--json", "--keys")
    [with_key] = json.loads(printed(capsys, *words))["streams"]
    assert with_key["stream_key"] == stream["stream_key"]
    assert with_key["rtmp_url"] == walk.ready["rtmp"]

    # Ended streams are shown only on request.
    walk.end(stream)
    assert "Mine" not in printed(capsys, "streams")
    assert "Mine" in printed(capsys, "streams", "--all")
    assert "Mine" in printed(capsys, "streams", "--status", "ended")


def test_logs_command_tells_requests_and_events_in_one_order(
    walk: Walk, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = walk.create("Told")

    entries = json.loads(printed(capsys, "logs", "--json"))["entries"]
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
    assert {entry["log"] for entry in entries} == {"request", "event"}
    assert len(printed(capsys, "logs", "-n", "2").splitlines()) == 2
    shown = printed(capsys, "logs")
    assert "201  POST   /api/v1/streams/  demo" in shown
    assert f"StreamCreated  stream_id={stream['id']}" in shown

    with subprocess.Popen(
        live_emulator("logs", "--follow", "-n", "0"), stdout=subprocess.PIPE, text=True
    ) as following:
        assert following.stdout is not None
        # The command may begin to follow after any of these requests: repeat them until it prints
        # one.
        until(lambda: _is_logged(walk, following), "a request in the log")
        following.send_signal(signal.SIGINT)
        assert following.wait(timeout=PATIENCE_SECONDS) == 0


def _is_logged(walk: Walk, following: "subprocess.Popen[str]") -> bool:
    import select

    walk.ask("GET", "/streams/live")
    assert following.stdout is not None
    is_readable, _, _ = select.select([following.stdout], [], [], 0)
    return bool(is_readable) and "/api/v1/streams/live" in following.stdout.readline()


def test_env_command_sets_the_variables_of_exec(
    walk: Walk, capsys: pytest.CaptureFixture[str]
) -> None:
    values = json.loads(printed(capsys, "env", "--json"))

    assert values["LIVE_EMULATOR_URL"] == walk.ready["http"]
    assert values["LIVE_EMULATOR_RTMP_URL"] == walk.ready["rtmp"]
    assert values["LIVE_EMULATOR_API_KEY"] == "ak_demo"
    script = printed(capsys, "env", "--shell", "sh") + 'printf "%s" "$LIVE_EMULATOR_CA"'
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout == values["LIVE_EMULATOR_CA"]
    assert f"set -gx LIVE_EMULATOR_URL '{walk.ready['http']}'" in printed(
        capsys, "env", "--shell", "fish"
    )
    assert f"$env:LIVE_EMULATOR_URL = '{walk.ready['http']}'" in printed(
        capsys, "env", "--shell", "powershell"
    )
    assert f"LIVE_EMULATOR_URL={walk.ready['http']}\n" in printed(
        capsys, "env", "--shell", "dotenv"
    )

    # In another world it is that world's key.
    world = walk.ask("POST", f"{walk.ready['admin']}/worlds", {"name": "other"}, key=None).json
    named = json.loads(printed(capsys, "env", "--world", "other", "--json"))
    assert named["LIVE_EMULATOR_API_KEY"] == world["api_key"]
    assert main(["env", "--world", "nowhere"]) == 1
    assert "There is no world nowhere" in capsys.readouterr().err


def test_open_command_opens_the_browser_or_prints_the_address(
    walk: Walk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(capsys, "open", "--print") == f"{walk.ready['http']}/\n"
    assert printed(capsys, "open", "docs", "--print") == f"{walk.ready['http']}/docs\n"
    assert json.loads(printed(capsys, "open", "console", "--print", "--json")) == {
        "page": "console",
        "url": walk.ready["console"],
    }

    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path / "opened"}\n')
    browser.chmod(0o755)
    environment = os.environ | {"BROWSER": f"{browser} %s"}
    subprocess.run(
        live_emulator("open", "console"), env=environment, check=True, capture_output=True
    )
    assert until((tmp_path / "opened").exists, "the browser is started")
    assert (tmp_path / "opened").read_text().strip() == walk.ready["console"]


@pytest.mark.parametrize(
    ("typed", "mode"),
    [("10x", ("scaled", 10.0)), ("real", ("real", 1.0)), ("virtual", ("virtual", 0.0))],
)
def test_clock_command_reads_a_speed_as_scenarios_do(
    capsys: pytest.CaptureFixture[str], typed: str, mode: tuple[str, float]
) -> None:
    payload = json.loads(printed(capsys, "clock", "speed", typed, "--json"))
    printed(capsys, "clock", "speed", "real")

    assert (payload["mode"], payload["speed"]) == mode


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        (["world", "new", "BAD/NAME"], "name: String should match pattern"),
        (["requests", "--status", "abc"], "status: "),
    ],
)
def test_commands_explain_a_refused_input(
    capsys: pytest.CaptureFixture[str], typed: list[str], reason: str
) -> None:
    assert main(typed) == 1
    assert reason in capsys.readouterr().err
