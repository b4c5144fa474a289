"""`scenario` without a server: errors, the library, a table of times, a schema."""

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from emulator.cli import main
from emulator.scenario import files
from emulator.scenario.actions import registry
from emulator.scenario.language import tree
from emulator.scenario.language.load import load
from emulator.scenario.output.reference import FACTS_EXAMPLE
from tests.support.docs import PROJECT

GOOD = """
scenario: Launch night
params: {peak: {type: integer, default: 50}}
world: {streams: [{name: launch, owner: urbantech, title: Hi, category: fastapi}]}
timeline:
  - stream.start: launch
  - {name: pause, wait: 2m}
  - {after: pause + 30s, every: 10s, times: 3, log: number $peak}
  - {on: {chat.held: {stream: launch}}, log: held}
expect: {stream.launch.status: live}
"""


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD, "utf-8")
    return path


def test_scenario_command_check_reports_no_problems_in_a_valid_file(
    good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scenario", "validate", str(good)]) == 0
    assert capsys.readouterr().out.endswith("good.yaml: no problems found.\n")


def test_scenario_command_errors_have_their_place_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(GOOD.replace("stream.start", "stream.strat"), "utf-8")

    assert main(["scenario", "validate", str(path)]) == 1
    assert "bad.yaml:6:5: unknown-action: stream.strat" in capsys.readouterr().out
    assert main(["scenario", "validate", "--json", str(path)]) == 1
    [error] = json.loads(capsys.readouterr().out)["mistakes"]
    assert (error["line"], error["column"]) == (6, 5)


def test_scenario_command_include_outside_the_scenarios_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "outside.yaml").write_text(GOOD, "utf-8")
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    path = folder / "main.yaml"
    path.write_text(
        "scenario: x\ntimeline:\n  - include: ../outside.yaml\n  - include: link.yaml\n", "utf-8"
    )

    assert main(["scenario", "validate", str(path)]) == 1
    text = capsys.readouterr().out
    assert text.count("outside the scenario's folder") == 2


def test_scenario_command_explain_shows_the_run_as_a_table_of_times(
    good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scenario", "explain", str(good), "-p", "peak=7"]) == 0

    text = capsys.readouterr().out
    assert "with peak=7, seed 1" in text
    assert "2m30s" in text
    assert "log: says number 7, every 10s, 3 times" in text
    assert "on chat.held (stream launch)" in text


PAGES = [PROJECT / f"docs/how-to/{name}.md" for name in ("qa", "faults")]
_YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
FRAME = """scenario: Shown
world: {users: [{name: ada}], streams: [{name: launch, owner: ada, title: Launch night}]}
timeline:
  - {name: surge, wait: 1s}
"""


def test_scenario_command_unknown_parameter_is_a_usage_error(good: Path) -> None:
    assert main(["scenario", "run", str(good), "-p", "peak"]) == 2
    assert main(["scenario", "run", str(good), "-p", "peek=3"]) == 2
    assert main(["scenario", "run", "no-such-scenario"]) == 2


def test_scenario_command_schema_is_valid_for_editors(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenario", "schema"]) == 0
    schema: dict[str, Any] = json.loads(capsys.readouterr().out)
    validator = jsonschema_rs.Draft202012Validator(schema)
    # Valid scenarios have no findings, and every example is valid.
    for name, path in files.library().items():
        errors = list(validator.iter_errors(tree.read(path.read_text("utf-8"), name).plain()))
        assert [error.message for error in errors] == [], name
    shown = tree.read(FACTS_EXAMPLE, "shown").plain()
    assert [error.message for error in validator.iter_errors(shown)] == []
    examples = "".join(f"  - {kind_class.example}\n" for kind_class in registry.every().values())
    text = f"scenario: x\ntimeline:\n{examples}"
    assert [error.message for error in validator.iter_errors(tree.read(text, "x").plain())] == []
    for step in (
        "{stream.strat: launch}",
        "{viewers.set: {stream: launch, count: many}}",
        "{publish.start: {stream: launch, protocol: rtp}}",
        "{fault.start: {media.stal: {}}}",
        "{log: a, wait: 3s}",
        "{log: a, refused: nonsense}",
        "{log: a, required: 3}",
        "{expect: {stream.launch.status: lvie}}",
        "{expect: {stream.launch.staus: live}}",
        "{never: {stream.launch.viewers: {abov: 3}}}",
    ):
        wrong = yaml.safe_load(f"{{scenario: x, timeline: [{step}]}}")
        assert not validator.is_valid(wrong), step


def test_scenario_command_examples_of_the_language_pages_are_valid() -> None:
    shown = [text for page in PAGES for text in _YAML.findall(page.read_text("utf-8"))]
    assert len(shown) == 4

    for text in shown:
        steps = textwrap.indent(text, "  ")
        whole = text if text.startswith("scenario:") else f"{FRAME}{steps}"
        assert load(whole, "shown.yaml").steps
