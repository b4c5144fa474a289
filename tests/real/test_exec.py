"""`exec` as a CI job runs it: a separate process, whose command finds an emulator."""

import json
import logging
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from emulator.cli import main
from tests.support.commands import live_emulator

PATIENCE_SECONDS = 60
SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
ASK = """
import json, os, urllib.request
key = {"Authorization": "Bearer " + os.environ["LIVE_EMULATOR_API_KEY"]}
address = os.environ["LIVE_EMULATOR_URL"] + "/api/v1/auth/me"
print(json.load(urllib.request.urlopen(urllib.request.Request(address, headers=key)))["username"])
"""

ASK_A_WORLD = """
import json, os, urllib.error, urllib.request
def status(key):
    url = os.environ["LIVE_EMULATOR_URL"] + "/api/v1/auth/me"
    bearer = {"Authorization": "Bearer " + key}
    try:
        return urllib.request.urlopen(urllib.request.Request(url, headers=bearer)).status
    except urllib.error.HTTPError as error:
        return error.code
for name in ("one", "two"):
    admin = os.environ["LIVE_EMULATOR_ADMIN_URL"] + "/worlds"
    body, json_type = json.dumps({"name": name}).encode(), {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(admin, body, json_type))
    print([status("ak_demo@" + name) for _ in range(2)])
"""


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    """Restore this process's logging, which the command sets up."""
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn")
    before = (root.handlers[:], root.level, uvicorn.level)
    yield
    root.handlers[:], level, uvicorn_level = before
    root.setLevel(level)
    uvicorn.setLevel(uvicorn_level)


def start(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        live_emulator("exec", *arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: str) -> tuple[int, str, str]:
    process = start(*arguments)
    output, complaint = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, output, complaint


def test_exec_command_child_finds_the_emulator_in_its_environment() -> None:
    assert run("--", sys.executable, "-c", ASK) == (0, "demo\n", "")


def test_exec_command_fills_in_variables_and_frees_its_ports() -> None:
    patch = ("--env", "API_BASE={http}/api/v1", "--env", "TOKEN={api_key}", "--seed", "none")
    status, output, _ = run(*patch, "--", sys.executable, "-c", SHOW)

    shown = json.loads(output)
    assert status == 0
    assert shown["API_BASE"] == shown["LIVE_EMULATOR_URL"] + "/api/v1"
    assert shown["TOKEN"] == "ak_demo"
    for name in ("WS_URL", "RTMP_URL", "RTMPS_URL", "CA", "API_KEY", "ADMIN_URL"):
        assert shown[f"LIVE_EMULATOR_{name}"]
    where = urlsplit(shown["LIVE_EMULATOR_URL"])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((str(where.hostname), where.port or 0))


def test_exec_command_faults_apply_to_worlds_that_the_command_creates(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("faults:\n- api.fail: {operation: GET /auth/me}\n  times: 1\n", "utf-8")
    status, output, complaint = run("--faults", str(plan), "--", sys.executable, "-c", ASK_A_WORLD)

    assert (status, output) == (0, "[503, 200]\n[503, 200]\n")
    assert "`GET /auth/me` answered 503 once: struck 2 times." in complaint


@pytest.mark.parametrize("status", [0, 42])
def test_exec_command_exit_code_of_the_child_is_passed_on(status: int) -> None:
    assert main(["exec", "--", sys.executable, "-c", f"raise SystemExit({status})"]) == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_exec_command_signal_reaches_the_child_and_its_end_is_ours(number: signal.Signals) -> None:
    obey = "import signal, sys; signal.signal(int(sys.argv[1]), lambda *_: sys.exit(7));"
    wait = f"{obey} print('ready', flush=True); signal.pause()"
    process = start("--", sys.executable, "-c", wait, str(int(number)))
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 7


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_exec_command_signal_to_the_whole_group_reaches_the_child_once(
    number: signal.Signals,
) -> None:
    # As by a terminal or a CI job, every process of the group gets the signal. The command counts
    # them until a second signal of another kind says that no more will come.
    count = (
        "import signal, sys; got = [];"
        "signal.signal(int(sys.argv[1]), lambda *_: (got.append(1), print('got', flush=True)));"
        "signal.signal(signal.SIGHUP, lambda *_: sys.exit(len(got)));"
        "print('ready', flush=True)\n"
        "while True: signal.pause()"
    )
    process = subprocess.Popen(
        live_emulator("exec", "--", sys.executable, "-c", count, str(number)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, number)
    assert process.stdout.readline() == "got\n"
    os.killpg(process.pid, signal.SIGHUP)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1


def test_exec_command_environment_proxy_is_not_used_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "intranet.test, 10.0.0.1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert run("--", sys.executable, "-c", ASK)[:2] == (0, "demo\n")
    shown = json.loads(run("--", sys.executable, "-c", SHOW)[1])
    expected = "intranet.test,10.0.0.1,localhost,.localhost,127.0.0.1,::1"
    assert shown["NO_PROXY"] == shown["no_proxy"] == expected


def test_exec_command_killed_child_has_the_exit_code_of_a_shell() -> None:
    kill = f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})"
    assert main(["exec", "--", sys.executable, "-c", kill]) == 128 + signal.SIGKILL


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Which command?"),
        (("--", "no-such-program"), "no-such-program cannot be started"),
        (("--env", "A={nothing}", "--", "true"), "There is {version}"),
        (("--env", "A", "--", "true"), "'A' is not NAME=TEMPLATE"),
        (("--seed", "/nowhere.yaml", "--", "true"), "/nowhere.yaml"),
    ],
)
def test_exec_command_failed_start_has_exit_code_two(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exec", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_exec_command_occupied_port_is_reported_and_nothing_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        touched = tmp_path / "touched"
        assert main(["exec", "--port", port, "--", "touch", str(touched)]) == 2
    assert f"Port {port}" in capsys.readouterr().err
    assert not touched.exists()


def test_exec_command_ctrl_c_at_a_terminal_is_handled_by_the_child() -> None:
    script = (
        "import signal\n"
        "try:\n    print('ready', flush=True)\n    signal.pause()\n"
        "except KeyboardInterrupt:\n    raise SystemExit(3)"
    )
    command = live_emulator("exec", "--", sys.executable, "-c", script)
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, command)
    try:
        shown = b""
        while b"ready" not in shown:
            shown += os.read(terminal, 1_000)
        os.write(terminal, b"\x03")
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    finally:
        os.close(terminal)
