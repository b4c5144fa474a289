"""Every example of the reference runs on a server without changes."""

import textwrap
from typing import Any

import httpx
import pytest

from emulator.scenario.actions import registry
from emulator.scenario.output.reference import EXAMPLES_FRAME, FACTS_EXAMPLE
from emulator.server import Emulator


@pytest.mark.parametrize("client", ["socket"], indirect=True)
async def test_scenario_examples_all_of_the_reference_pass_on_a_server(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    runs = emulator.worlds.runs
    failed: dict[str, Any] = {}
    for name, action in registry.every().items():
        steps = "".join(f"- {step}\n" for step in (*action.before, action.example))
        order = {
            "text": EXAMPLES_FRAME + textwrap.indent(steps, "  "),
            "files": {"lines.txt": "1s bob: Hello!\n"},
        }
        answer = await client.post("/_emulator/scenarios", json=order)
        if answer.status_code != 201:
            failed[name] = answer.text
            continue
        entry = runs.find(answer.json()["id"])
        await entry.done.wait()
        report = entry.report or {}
        if report["outcome"] != "passed":
            outcomes = [step["message"] for step in report["steps"]]
            failed[name] = [report["reason"], *outcomes]
    assert failed == {}


@pytest.mark.parametrize("client", ["socket"], indirect=True)
async def test_scenario_examples_facts_example_passes_on_a_server(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    answer = await client.post("/_emulator/scenarios", json={"text": FACTS_EXAMPLE})
    assert answer.status_code == 201, answer.text
    entry = emulator.worlds.runs.find(answer.json()["id"])
    await entry.done.wait()

    report = entry.report or {}
    wrong = [step for step in report["steps"] if not step["ok"]]
    missed = [expectation for expectation in report["expectations"] if not expectation["met"]]
    assert (report["outcome"], wrong, missed) == ("passed", [], [])
    assert report["began_at_ms"] == 1_772_820_000_000
