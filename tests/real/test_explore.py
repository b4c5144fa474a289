"""`explore` as a person runs it: with a buggy app and an unusable one, stopped and resumed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.commands import live_emulator
from tests.support.dask_cluster import cluster

PATIENCE_SECONDS = 1_800
ROOT = Path(__file__).parents[2]
# Not a running server's port: it is free now, and the app's run takes it.
FIXED_PORT = """
import socket, time, os
with socket.socket() as plug:
    plug.bind(("127.0.0.1", {port}))
    time.sleep(3)
"""


slow = pytest.mark.skipif(
    "LIVE_EMULATOR_TESTS_SLOW" not in os.environ, reason="a minute: asked for by `make slow`"
)


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        live_emulator("explore", "--report", str(folder), *arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    process = start(folder, *arguments)
    output, complaint = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, output, complaint


def planted(name: str) -> list[str]:
    return [sys.executable, "-m", f"tests.support.planted.{name}"]


def test_explore_finds_a_bug_writes_it_down_and_exec_replays_it(tmp_path: Path) -> None:
    # Given an app that does not retry where the platform is busy,
    status, output, _ = run(tmp_path, "--runs", "9", "-j", "2", "--", *planted("no_retry"))

    # when it is explored, then the bug is found, with one fault,
    assert status == 1, output
    assert "1. `GET /streams/id/{stream_id}` answered 503 once (fails 3 of 3)" in output
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert len(report["findings"]) == 1
    finding = report["findings"][0]
    assert any("API answered 503" in line for line in finding["lines"])
    assert any("-> 503" in line for line in finding["requests"])
    assert "<h2>1. <code>GET /streams/id/{stream_id}</code> answered 503 once</h2>" in (
        tmp_path / "report.html"
    ).read_text("utf-8")
    assert b"<failure" in (tmp_path / "junit.xml").read_bytes()

    # and the saved plan makes the app fail again.
    plan = tmp_path / "finding-1.yaml"
    assert len(yaml.safe_load(plan.read_bytes())["faults"]) == 1
    again = subprocess.run(
        live_emulator("exec", "--faults", plan, "--", *planted("no_retry")),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=PATIENCE_SECONDS,
    )
    assert again.returncode == 1
    assert "answered 503 once: struck once." in again.stderr


def test_explore_stopped_by_ctrl_c_reports_and_can_be_resumed(tmp_path: Path) -> None:
    app = planted("no_retry")
    process = start(tmp_path, "-j", "1", "--", *app)
    assert process.stderr is not None
    lines = iter(process.stderr.readline, "")
    assert any(line.startswith("found: ") for line in lines)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    assert f"Continue it with --resume {tmp_path}." in output
    assert json.loads((tmp_path / "report.json").read_bytes())["is_stopped"]
    before = (tmp_path / "results.jsonl").read_bytes()
    goes_on = ["explore", "--resume", str(tmp_path), "--runs", "9", "--", *app]
    resumed = subprocess.run(
        live_emulator(*goes_on),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=PATIENCE_SECONDS,
    )
    assert resumed.returncode == 1
    assert (tmp_path / "results.jsonl").read_bytes().startswith(before)


@slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--", "./no-such-command"], "./no-such-command cannot be started: No such file"),
        (
            ["--", sys.executable, "-c", "print('alas'); raise SystemExit(3)"],
            "fails (exit code 3), so there is nothing to compare with.",
        ),
        (
            ["--limit", "1s", "--", sys.executable, "-c", "import signal; signal.pause()"],
            "did not end within 1s, and was killed. Give it more time with --limit.",
        ),
        (["--", sys.executable, "-c", ""], "passed without using the emulator"),
        (["--resume", "nowhere", "--", "true"], "Give --report or --resume"),
        ([], "Which command?"),
    ],
    ids=["missing", "failing", "endless", "useless", "two-folders", "none"],
)
def test_explore_explains_an_unusable_command(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    status, output, complaint = run(tmp_path, "-j", "1", *arguments)

    assert (status, output) == (2, "")
    assert message in complaint


@slow
def test_explore_says_that_a_command_binds_a_fixed_port(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    command = [sys.executable, "-c", FIXED_PORT.format(port=unused_tcp_port)]
    status, _, complaint = run(tmp_path, "-j", "2", "--", *command)

    assert status == 2
    assert "it binds a fixed " in complaint
    assert "Address already in use" in complaint


@slow
def test_explore_ends_children_that_a_command_leaves_behind(tmp_path: Path) -> None:
    child = tmp_path / "child"
    leave = (
        f"import subprocess, sys; from tests.support.planted import app;"
        f"child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']);"
        f"open({str(child)!r}, 'w').write(str(child.pid)); app.read('/auth/me')"
    )
    command = [sys.executable, "-c", leave]
    status, output, _ = run(tmp_path / "report", "-j", "1", "--runs", "1", "--", *command)

    assert status == 0, output
    assert "The command leaves processes behind." in output
    stat = Path(f"/proc/{child.read_text('utf-8')}/stat")
    assert not stat.exists() or stat.read_text("utf-8").rpartition(")")[2].split()[0] == "Z"


@slow
def test_explore_does_a_run_again_whose_worker_died(tmp_path: Path) -> None:
    mark = tmp_path / "killed"
    kill = (
        "import os, pathlib; from tests.support.planted import app; app.read('/auth/me');"
        f"mark = pathlib.Path({str(mark)!r}); dies = mark.exists(); mark.touch();"
        "dies or os.kill(os.getppid(), 9)"
    )
    command = [sys.executable, "-c", kill]
    status, output, _ = run(tmp_path / "report", "-j", "1", "--runs", "3", "--", *command)

    assert status == 0, output
    assert "without faults the command passed 3 of 3 times" in output


@slow
def test_explore_for_a_time_ends_in_a_report(tmp_path: Path) -> None:
    status, output, _ = run(tmp_path, "--for", "5s", "-j", "1", "--", *planted("sound"))

    assert status == 0, output
    assert f"Continue it with --resume {tmp_path}." in output
    assert json.loads((tmp_path / "report.json").read_bytes())["is_stopped"]


@slow
def test_explore_on_a_cluster_is_the_same_with_a_worker_killed_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    app = planted("no_retry")
    run(tmp_path / "local", "--runs", "24", "-j", "2", "--", *app)
    with cluster(tmp_path, workers=2) as (address, workers):
        process = start(tmp_path / "on", "--runs", "24", "--on", address, "--", *app)
        assert process.stderr is not None
        assert any(line.startswith("found: ") for line in iter(process.stderr.readline, ""))
        workers[0].kill()
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1, output
    local, other = (without_times(tmp_path / name) for name in ("local", "on"))
    assert json.dumps(local) == json.dumps(other)


def without_times(folder: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((folder / "report.json").read_bytes())
    for name in ("duration_ms", "limit_ms"):
        report.pop(name)
    report["without_faults"].pop("duration_ms")
    return report


@slow
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("no_retry", "`GET /streams/id/{stream_id}` answered 503 once"),
        ("double_post", "`POST /streams/{stream_id}/chat` took effect, but answered 503 once"),
        ("stuck_player", "the publisher was cut off once"),
        ("lost_lines", "the chat socket was closed with 1012 once"),
        ("double_delivery", "the webhook `chat.message` came twice"),
    ],
)
def test_explore_finds_each_planted_bug_and_shrinks_it_to_one_fault(
    tmp_path: Path, name: str, sentence: str
) -> None:
    status, output, _ = run(tmp_path, "--runs", "40", "-j", "2", "--", *planted(name))

    report = json.loads((tmp_path / "report.json").read_bytes())
    assert status == 1, output
    assert report["runs"] <= 200
    assert any(
        finding["sentence"].startswith(sentence) and len(finding["plan"]) == 1
        for finding in report["findings"]
    ), output


@slow
def test_explore_finds_nothing_in_a_sound_app(tmp_path: Path) -> None:
    status, output, _ = run(tmp_path, "--runs", "500", "-j", "2", "--", *planted("sound"))

    assert status == 0, output


@slow
def test_explore_of_a_pytest_suite_finds_a_bug_and_replays_it(tmp_path: Path) -> None:
    (tmp_path / "test_app.py").write_text(
        "def test_app_makes_a_stream(live_world):\n"
        "    answer = live_world.ask('POST', '/streams/', {'title': 'x'})\n"
        "    assert answer.status == 201, answer.text\n",
        "utf-8",
    )
    report = tmp_path / "report"
    pytest_command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    options = ["--live-explore", "--live-explore-args", f"--runs 3 -j 1 --report {report}"]
    explored = subprocess.run([*pytest_command, *options], cwd=tmp_path, capture_output=True)
    assert explored.returncode == 1, explored.stdout
    assert b"1. `POST /streams` answered 503 once (fails 3 of 3)" in explored.stdout

    plan = {"LIVE_EMULATOR_PLAN": str(report / "finding-1.yaml")}
    replayed = subprocess.run(
        pytest_command, cwd=tmp_path, capture_output=True, env={**os.environ, **plan}
    )
    assert replayed.returncode == 1
    assert b"answer was made by a fault" in replayed.stdout
