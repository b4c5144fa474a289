"""A sweep as people run it: over processes, over a Dask cluster, stopped and resumed."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.axe import assert_accessible
from tests.support.browser import Chromium
from tests.support.commands import finished, live_emulator
from tests.support.dask_cluster import cluster, needs_dask
from tests.support.slow import slow

SCENARIO = """
scenario: Swept
seed: 3
params:
  rate: {type: rate, default: 20/s}
world: {users: [{name: ada}], streams: [{name: s, owner: ada, title: Swept}]}
timeline:
  - publish.start: s
  - include: talk.yaml
    with: {rate: $rate}
  - publish.stop: s
expect:
  chat.s.posted: {above: 370}
  stream.s.status: live
"""
TALK = """
scenario: Talk
params: {rate: {type: rate, default: 1/s}}
timeline:
  - {for: 20s, chat.flood: {stream: s, rate: $rate, authors: 20}}
"""
RUN = live_emulator("scenario", "run")


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("swept")
    (folder / "talk.yaml").write_text(TALK)
    (folder / "swept.yaml").write_text(SCENARIO)
    return folder / "swept.yaml"


@pytest.fixture(scope="module")
def local(scenario: Path) -> dict[str, Any]:
    """The report of 8 runs on this machine."""
    report = scenario.parent / "local"
    process = sweep(scenario, report)
    assert process.returncode == 1, process.stderr
    return report_in(report)


def sweep(scenario: Path, report: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    command = [*RUN, str(scenario), "--seeds", "1..8", "--report", str(report), "--shrink", *flags]
    if "--on" not in flags:
        command += ["-j", "2"]
    return finished(command)


def report_in(folder: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    assert report.pop("times")
    return report


def first_line_of(process: "subprocess.Popen[str]") -> str:
    """The first line of its output, when its first run is over."""
    assert process.stdout is not None
    return process.stdout.readline()


def test_sweep_leaves_a_report_and_a_command_that_fails_the_same_way(
    scenario: Path, local: dict[str, Any]
) -> None:
    assert local["runs"] == 8
    assert 0 < local["failed"] < 8
    folder = scenario.parent / "local"
    assert {path.name for path in folder.iterdir()} >= {"report.html", "junit.xml", "report.json"}

    _, *words = local["first_failure"]["command"].split()
    command = live_emulator(*words, "--json")
    replay = finished(command)

    assert replay.returncode == 1
    full = json.loads((folder / "first-failure" / "report.json").read_text())
    assert json.loads(replay.stdout)["log_hash"] == full["log_hash"]


async def test_sweep_page_is_accessible(
    scenario: Path, local: dict[str, Any], chromium: Chromium
) -> None:
    tab = await chromium.open((scenario.parent / "local" / "report.html").as_uri())
    await tab.page.check("#show-missed")
    facts = tab.page.locator("section:has(h2:text-is('Expectations')) tbody tr:visible")
    assert await facts.count() == sum(bool(item["missed"]) for item in local["expectations"])
    await assert_accessible(tab)


def test_sweep_leaves_a_smaller_scenario_that_still_fails(
    scenario: Path, local: dict[str, Any]
) -> None:
    smaller = local["smaller"]
    path = scenario.parent / "local" / smaller["file"]

    # The flood is in an included file, and one expectation is missed.
    assert smaller["entries"] < smaller["entries_before"]
    assert "chat.s.posted" in path.read_text()
    assert "stream.s.status" not in path.read_text()
    replay = finished([*RUN, str(path)])
    assert replay.returncode == 1
    assert "chat.s.posted should be above 370" in replay.stdout


def test_sweep_that_was_stopped_has_a_report_and_can_be_resumed(
    scenario: Path, local: dict[str, Any], tmp_path: Path
) -> None:
    # Given a sweep that is running,
    report = tmp_path / "out"
    command = [*RUN, str(scenario), "--seeds", "1..9999", "--report", str(report), "-j", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert "1 of 9,999 runs" in first_line_of(process)
        # when Ctrl-C comes,
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=120)

    # then it prints the results until then,
    assert "of 9,999 runs" in output
    stopped = report_in(report)
    assert 0 < stopped["runs"] < 9_999
    assert stopped["outcome"] in ("stopped", "failed")
    # and resumes, here with fewer runs, to the report of an uninterrupted sweep.
    resume = [*RUN, str(scenario), "--seeds", "1..8", "--shrink", "--resume", str(report)]
    subprocess.run(resume, check=False, capture_output=True)
    assert report_in(report) == local


@slow("a cluster's three processes; a sweep over two processes of this machine is tried here")
def test_sweep_on_a_cluster_is_the_same_with_a_worker_killed_in_the_middle(
    scenario: Path, local: dict[str, Any], tmp_path: Path
) -> None:
    with cluster(tmp_path, workers=2) as (address, workers):
        report = tmp_path / "out"
        command = [*RUN, str(scenario), "--seeds", "1..8", "--shrink", "--on", address]
        with subprocess.Popen(
            [*command, "--report", str(report)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert "1 of 8 runs" in first_line_of(process)
            workers[0].kill()
            process.communicate(timeout=120)

    assert process.returncode == 1
    # Byte by byte, in the order of the file.
    assert json.dumps(report_in(report), indent=1) == json.dumps(local, indent=1)


def test_sweep_on_a_cluster_that_is_not_there_says_so(scenario: Path, tmp_path: Path) -> None:
    needs_dask()
    process = sweep(scenario, tmp_path, "--on", "localhost:8786")

    assert process.returncode == 2
    assert "write it like tcp://scheduler:8786" in process.stderr
