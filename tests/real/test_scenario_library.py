"""The library of scenarios: each is short and commented, and passes with its known figures.

`make hashes` writes the figures and hashes again, after a wanted change of a scenario.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emulator.cli.scenario.output import read
from emulator.scenario import files
from tests.support.commands import live_emulator
from tests.support.slow import IS_SLOW
from tests.support.tables import table

LIBRARY = files.library()
LINES_MAX = 80
# The figures of each report: equal in every process, Python version and machine.
FIGURES = Path(__file__).with_name("scenario_figures.json")
# For these, every event is equal, byte for byte: chat, moderation, viewers, and media drops.
HASHED = ["launch-night", "moderation-night"]
HASHES = Path(__file__).with_name("log_hashes.json")
# The counts of a report that are figures, and their names there.
COUNTS = {
    "chat_held": "event/ChatHeld",
    "publishes": "event/PublisherJoined",
    "streams_live": "event/StreamWentLive",
    "streams_ended": "event/StreamEnded",
    "vods_ready": "event/VodReady",
    "clips_ready": "event/ClipReady",
    "steps_refused": "steps.refused",
}
PATIENCE_SECONDS = 240
# Scenarios that need parameters: an end, less than a whole day, or fewer clips (each is really
# encoded, in several sizes: three seconds of CPU).
SPECIAL = {
    "clip-frenzy": ["-p", "clips=1"],
    "demo-loop": ["--for", "12m"],
    "twenty-four-hours": ["-p", "length=20m", "-p", "viewers=3000", "-p", "lines=60/min"],
}
# An hour and more, or a day.
LONG = {"demo-loop", "twenty-four-hours", "discovery-evening"}
# One of its clips, really encoded in several sizes, takes five seconds of CPU; clips are tested in
# `tests/flows/test_rest_clips.py`.
COSTLY = set[str]() if IS_SLOW else {"clip-frenzy"}
# Those with real encoders, in real time: some minutes, so only on request.
REAL_TIME = {
    "first-stream": ["-p", "length=10s"],
    "going-live": [],
    "flaky-encoder": ["-p", "drops=1"],
    "zombie-stream": ["-p", "late=5s"],
    "cdn-hiccup": ["-p", "length=5s"],
    "vod-creation": ["-p", "length=20s", "-p", "slow=3s"],
}


def begin(hash_seed: int, names: list[str], *flags: str) -> "subprocess.Popen[str]":
    command = live_emulator("scenario", "run", *names, *flags, "--json")
    return subprocess.Popen(
        command,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def reports(process: "subprocess.Popen[str]") -> dict[str, dict[str, Any]]:
    output, complaint = process.communicate(timeout=PATIENCE_SECONDS)
    results = [json.loads(line) for line in output.splitlines()]
    assert results, complaint
    return {Path(report["file"]).stem: report for report in results}


def play_all(costly: set[str] | None = None) -> dict[str, dict[str, Any]]:
    """The report of each scenario by name, without those that are too costly now."""
    usual = [name for name in LIBRARY if name not in SPECIAL]
    processes = [begin(1, usual)]
    processes += [
        begin(1, [name], *flags) for name, flags in SPECIAL.items() if name not in (costly or ())
    ]
    played: dict[str, dict[str, Any]] = {}
    for process in processes:
        played |= reports(process)
    return played


def figures(report: dict[str, Any]) -> dict[str, int]:
    """The figures of a run, without zeros. A new kind of event changes none of them."""
    counts: dict[str, int] = report["counts"]
    refused = sum(count for name, count in counts.items() if name.startswith("chat.refused/"))
    known = {
        "length_seconds": report["length_ms"] // 1000,
        "viewers_peak": report["viewers_peak"],
        "chat_posted": report["chat_posted"],
        "chat_refused": refused,
    }
    known |= {name: counts.get(event, 0) for name, event in COUNTS.items()}
    return {name: count for name, count in known.items() if count}


@pytest.fixture(scope="module")
def played() -> dict[str, dict[str, Any]]:
    """The whole library, run once."""
    return play_all(COSTLY)


@table("name", [name for name in LIBRARY if name not in COSTLY])
def test_scenario_library_passes_with_its_known_figures(
    name: str, played: dict[str, dict[str, Any]]
) -> None:
    report = played[name]

    missed = [each for each in report["expectations"] if not each["met"]]
    wrong = [each for each in report["steps"] if not each["ok"]]
    assert (report["outcome"], missed, wrong) == ("passed", [], [])
    assert report["expectations"]
    assert figures(report) == json.loads(FIGURES.read_text("utf-8"))[name], (
        "after a wanted change: `make hashes`"
    )


def test_scenario_library_run_is_equal_under_another_hash_seed(
    played: dict[str, dict[str, Any]],
) -> None:
    known = json.loads(HASHES.read_text("utf-8"))

    again = reports(begin(2, HASHED))
    assert {name: again[name]["log_hash"] for name in HASHED} == known, (
        "after a wanted change: `make hashes`"
    )
    assert {name: played[name]["log_hash"] for name in HASHED} == known
    assert [again[name]["counts"] for name in HASHED] == [played[name]["counts"] for name in HASHED]


@table("name", LIBRARY)
def test_scenario_library_file_is_short_commented_and_has_a_summary(name: str) -> None:
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
def test_scenario_library_media_ones_pass_with_real_encoders(name: str) -> None:
    played = reports(begin(1, [name], *REAL_TIME[name], "--speed", "real"))[name]

    missed = [each for each in played["expectations"] if not each["met"]]
    wrong = [each for each in played["steps"] if not each["ok"]]
    assert (played["outcome"], missed, wrong) == ("passed", [], [])


def test_scenario_library_simulated_picture_passes_at_ten_times_the_clock() -> None:
    played = reports(begin(1, ["going-live"], "--speed", "10x"))["going-live"]

    missed = [each for each in played["expectations"] if not each["met"]]
    assert (played["outcome"], played["clock"], missed) == ("passed", "10x", [])


@pytest.mark.skipif(
    "LIVE_EMULATOR_TESTS_SLOW" not in os.environ, reason="minutes: asked for by `make slow`"
)
@pytest.mark.parametrize("name", [name for name in LIBRARY if name not in LONG])
def test_scenario_library_passes_at_ten_times_the_clock(name: str) -> None:
    flags = REAL_TIME.get(name, [])
    played = reports(begin(1, [name], *flags, "--speed", "10x"))[name]

    missed = [each for each in played["expectations"] if not each["met"]]
    wrong = [each for each in played["steps"] if not each["ok"]]
    assert (played["outcome"], missed, wrong) == ("passed", [], [])


def write_known() -> None:
    """Write the known figures and hashes, for `make hashes`."""
    played = play_all()
    hashes = {name: played[name]["log_hash"] for name in HASHED}
    HASHES.write_text(json.dumps(hashes, indent=1) + "\n", "utf-8")
    lines = (f" {json.dumps(name)}: {json.dumps(figures(played[name]))}" for name in sorted(played))
    FIGURES.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


if __name__ == "__main__":
    write_known()
