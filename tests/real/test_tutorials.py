"""The four pages that lead each kind of reader to a first success, followed step by step."""

import subprocess
import sys
from pathlib import Path

from emulator import server
from emulator.settings import Settings
from tests.support.commands import finished, live_emulator
from tests.support.docs import PROJECT, commands
from tests.support.live_server import Walk, until

TUTORIALS = PROJECT / "docs" / "tutorials"


def block(name: str, language: str) -> str:
    text = (TUTORIALS / f"{name}.md").read_text("utf-8")
    _, _, rest = text.partition(f"```{language}\n")
    return rest.partition("```")[0]


def run(folder: Path, line: str) -> "subprocess.CompletedProcess[str]":
    """Run a line of a page, with this environment's programs."""
    program, *words = line.split()
    module = {"live-emulator": "emulator"}.get(program, program)
    return finished([sys.executable, "-m", module, *words], cwd=folder)


def test_tutorials_first_test_passes(tmp_path: Path) -> None:
    (tmp_path / "test_live.py").write_text(block("first-test", "python"))

    done = run(tmp_path, "pytest test_live.py -p no:asyncio -p no:cacheprovider")

    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_tutorials_suites_command_finds_the_platform(tmp_path: Path) -> None:
    [_, line] = [shown.line for shown in commands(TUTORIALS / "first-test.md")]

    environment = run(tmp_path, line).stdout

    assert {"LIVE_EMULATOR_URL", "LIVE_EMULATOR_API_KEY"} <= {
        name.partition("=")[0] for name in environment.splitlines()
    }


def test_tutorials_own_scenario_comes_true(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(block("first-scenario", "yaml"))
    own = [
        shown.line for shown in commands(TUTORIALS / "first-scenario.md") if "mine" in shown.line
    ]

    for line in own:
        done = run(tmp_path, line)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "mine" / "report.html").exists()


def test_tutorials_first_stream_is_live_while_it_is_published(tmp_path: Path) -> None:
    settings = Settings(data=str(tmp_path), port=0, rtmp_port=0, rtmps_port=0)
    [publish] = [
        shown.line for shown in commands(TUTORIALS / "first-stream.md") if " publish " in shown.line
    ]
    with server.running(settings) as emulator:
        walk = Walk(emulator.ready)
        stream = walk.create("Hello")
        line = f"{publish} --server {emulator.ready['http']} --seconds 5"
        program = live_emulator(*line.split()[1:])
        words = [word.replace("STREAM_ID", stream["id"]) for word in program]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as publisher:
            until(lambda: walk.stream(stream)["status"] == "live", "the stream to be live")
            publisher.terminate()
        until(lambda: walk.stream(stream)["status"] == "ended", "the stream to end")
        assert walk.stream(stream)["vod_id"]
