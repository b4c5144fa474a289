"""The code of the pages about test suites, run as by a reader: with pytest, with node, as in CI."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.cli import main
from tests.support.commands import finished, live_emulator
from tests.support.docs import PROJECT, commands
from tests.support.live_server import Walk, platform, until
from tests.support.required_programs import need

pytest_plugins = ["pytester"]

PYTEST_PAGE = PROJECT / "docs/how-to/pytest.md"
LANGUAGES_PAGE = PROJECT / "docs/how-to/other-languages.md"
CI_PAGE = PROJECT / "docs/how-to/ci.md"
FAULTS_PAGE = PROJECT / "docs/how-to/faults.md"
QUICK = ("-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:cacheprovider")


def blocks(page: Path, language: str) -> list[str]:
    pattern = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return pattern.findall(page.read_text("utf-8"))


def test_suites_pytest_page_passes(pytester: pytest.Pytester) -> None:
    tests = [block for block in blocks(PYTEST_PAGE, "python") if "def test_" in block]
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    pytester.makepyfile(**{f"test_{number}": text for number, text in enumerate(tests)})

    result = pytester.runpytest_subprocess(*QUICK, "-p", "no:asyncio")

    result.assert_outcomes(passed=len(tests))


def test_suites_pytest_page_overrides_work(pytester: pytest.Pytester) -> None:
    (conftest,) = (block for block in blocks(PYTEST_PAGE, "python") if "def test_" not in block)
    pytester.makeconftest(conftest)
    pytester.makepyfile(
        """
        def test_settings_and_seed(live_world, live_emulator):
            assert live_emulator.emulator.settings.rules.is_auth_strict
            assert live_world.platform.seed == "none"
        """
    )

    pytester.runpytest_subprocess(*QUICK, "-p", "no:asyncio").assert_outcomes(passed=1)


def test_suites_page_of_other_languages_runs_in_node(tmp_path: Path) -> None:
    node = need("node")
    (source,) = blocks(LANGUAGES_PAGE, "js")
    (tmp_path / "app.test.mjs").write_text(source)
    (line, *_) = (command.line for command in commands(LANGUAGES_PAGE))
    assert line.startswith("live-emulator exec -- ")

    done = finished(live_emulator("exec", "--", node, "--test"), cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "pass 1" in done.stdout


def test_suites_under_exec_give_each_worker_its_own_world(tmp_path: Path) -> None:
    (source,) = blocks(CI_PAGE, "python")
    (tmp_path / "test_workers.py").write_text(source)
    suite = [sys.executable, "-m", "pytest", "-q", "-n", "2", *QUICK, "-p", "no:asyncio"]

    done = finished(live_emulator("exec", "--", *suite), cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_suites_job_waits_for_the_ready_file(tmp_path: Path) -> None:
    (line,) = (command.line for command in commands(CI_PAGE) if "--ready-file" in command.line)
    command = live_emulator(*line.split()[1:])
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as server:
        ready_file = tmp_path / "ready.json"
        until(ready_file.exists, "the ready file is there")
        walk = Walk(json.loads(ready_file.read_text()))
        assert walk.get(f"{walk.ready['admin']}/health").status == 200
        server.terminate()
    assert not ready_file.exists()


def test_suites_scenario_is_a_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = (command.line for command in commands(CI_PAGE) if "scenario run" in command.line)
    monkeypatch.chdir(tmp_path)
    assert main(line.split()[1:]) == 0
    assert "<testsuite" in (tmp_path / "junit.xml").read_text()
    assert (tmp_path / "report").is_dir()


@pytest.mark.usefixtures("curl")
def test_suites_faults_page_breaks_something(monkeypatch: pytest.MonkeyPatch) -> None:
    with platform() as walk:
        monkeypatch.setenv("LIVE_EMULATOR_URL", walk.ready["http"])
        monkeypatch.setenv("BASE", walk.ready["http"])
        for shown in commands(FAULTS_PAGE):
            if shown.line.startswith("live-emulator"):
                assert main(shlex.split(shown.line)[1:]) == 0
                continue
            done = subprocess.run(
                ["bash", "-c", shown.line], capture_output=True, text=True, check=True
            )
            assert json.loads(done.stdout)["kind"] == "api.fail"
