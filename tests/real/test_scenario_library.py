"""The library of scenarios: each short and commented, each passes, each is the same every time.

`make hashes` writes down anew what the same means, where an evening is to be another one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emulator.cli.scenario.output import read
from emulator.scenario import files

LIBRARY = files.library()
LINES_MAX = 80
# The hash of each evening's events: the same in every process, on every Python, on every machine.
HASHES = Path(__file__).with_name("log_hashes.json")
PATIENCE_SECONDS = 240
# Those that need something of their own: an end, or less than a whole day.
SPECIAL = {
    "demo-loop": ["--for", "12m"],
    "twenty-four-hours": ["-p", "length=40m", "-p", "viewers=3000", "-p", "lines=60/min"],
}
# An hour and more, or a day.
LONG = {"demo-loop", "twenty-four-hours", "discovery-evening"}
# The media ones with real encoders, in real time: some minutes, so only where it is asked.
REAL_TIME = {
    "first-stream": ["-p", "length=10s"],
    "going-live": [],
    "flaky-encoder": ["-p", "drops=1"],
    "zombie-stream": ["-p", "late=5s"],
    "cdn-hiccup": ["-p", "length=5s"],
    "vod-creation": ["-p", "length=20s", "-p", "slow=3s"],
}


def begin(hash_seed: int, names: list[str], *flags: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "emulator", "scenario", "run", *names, *flags, "--json"]
    return subprocess.Popen(
        command,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def reports(process: "subprocess.Popen[str]") -> dict[str, dict[str, Any]]:
    output, complaint = process.communicate(timeout=PATIENCE_SECONDS)
    found = [json.loads(line) for line in output.splitlines()]
    assert found, complaint
    return {Path(report["file"]).stem: report for report in found}


def play_all(hash_seed: int) -> dict[str, dict[str, Any]]:
    """The report of each, by its name."""
    usual = [name for name in LIBRARY if name not in SPECIAL]
    processes = [begin(hash_seed, usual)]
    processes += [begin(hash_seed, [name], *flags) for name, flags in SPECIAL.items()]
    played: dict[str, dict[str, Any]] = {}
    for process in processes:
        played |= reports(process)
    return played


@pytest.fixture(scope="module")
def evenings() -> list[dict[str, dict[str, Any]]]:
    """All of the library, played in two processes that order their sets differently."""
    return [play_all(1), play_all(2)]


@pytest.mark.parametrize("name", LIBRARY)
def test_it_passes_and_is_the_same_evening_in_another_process(
    name: str, evenings: list[dict[str, dict[str, Any]]]
) -> None:
    first, second = (played[name] for played in evenings)

    missed = [each for each in first["expectations"] if not each["met"]]
    wrong = [each for each in first["steps"] if not each["ok"]]
    assert (first["outcome"], missed, wrong) == ("passed", [], [])
    assert first["expectations"]
    assert first["log_hash"] == second["log_hash"]
    assert first["log_hash"] == json.loads(HASHES.read_text("utf-8"))[name], "see `make hashes`"
    assert first["counts"] == second["counts"]


@pytest.mark.parametrize("name", LIBRARY)
def test_it_is_short_commented_and_says_what_it_is_about(name: str) -> None:
    text = LIBRARY[name].read_text("utf-8")
    scenario = read(name)

    assert text.startswith("# ")
    assert len(text.splitlines()) < LINES_MAX
    assert scenario.about
    assert all(param.help for param in scenario.params.values())


@pytest.mark.skipif(
    "LIVE_EMULATOR_TESTS_SLOW" not in os.environ, reason="minutes: asked for by `make slow`"
)
@pytest.mark.parametrize("name", REAL_TIME)
def test_the_media_ones_pass_in_real_time_with_real_encoders(name: str) -> None:
    played = reports(begin(1, [name], *REAL_TIME[name], "--speed", "real"))[name]

    missed = [each for each in played["expectations"] if not each["met"]]
    wrong = [each for each in played["steps"] if not each["ok"]]
    assert (played["outcome"], missed, wrong) == ("passed", [], [])


def test_scenario_at_ten_times_the_clock_passes_with_a_simulated_picture() -> None:
    played = reports(begin(1, ["going-live"], "--speed", "10x"))["going-live"]

    missed = [each for each in played["expectations"] if not each["met"]]
    assert (played["outcome"], played["clock"], missed) == ("passed", "10x", [])


@pytest.mark.skipif(
    "LIVE_EMULATOR_TESTS_SLOW" not in os.environ, reason="minutes: asked for by `make slow`"
)
@pytest.mark.parametrize("name", [name for name in LIBRARY if name not in LONG])
def test_scenario_of_the_library_passes_at_ten_times_the_clock(name: str) -> None:
    flags = REAL_TIME.get(name, [])
    played = reports(begin(1, [name], *flags, "--speed", "10x"))[name]

    missed = [each for each in played["expectations"] if not each["met"]]
    wrong = [each for each in played["steps"] if not each["ok"]]
    assert (played["outcome"], missed, wrong) == ("passed", [], [])


def write_hashes() -> None:
    """For `make hashes`."""
    found = {name: report["log_hash"] for name, report in sorted(play_all(1).items())}
    HASHES.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    write_hashes()
