"""The JSON Schemas for editors agree with the parsers of the files."""

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

import jsonschema_rs
import pytest
import yaml

from emulator.cli import init, main
from emulator.core.errors import Refused
from emulator.exploration import plan
from emulator.scenario.language import load
from emulator.schemas import NAMES, schema_of
from emulator.settings import gather
from emulator.world.faults import plans, reading
from emulator.world.faults.kinds import KINDS
from tests.support.docs import PROJECT
from tests.support.live_server import platform

SCENARIOS = sorted((PROJECT / "scenarios").rglob("*.yaml"))
# For each kind of file: a valid one, and some that an editor has to mark.
RIGHT: dict[str, Any] = {
    "scenario": yaml.safe_load(init._SCENARIO_TEXT),
    "seed": yaml.safe_load(init._SEED_TEXT),
    "settings": {
        "port": 0,
        "tls": True,
        "http": "hypercorn",
        "part_ms": "500ms",
        "public_url": None,
    },
    "fault": {"api.fail": {"path": "/streams", "status": 503}, "share": "30%", "times": 3},
    "plan": {
        "faults": [
            {"api.fail": {"operation": "POST /streams/"}, "times": 1, "skip": 2},
            {"ingest.cut": None, "at": "StreamWentLive", "nth": 2, "after": "500ms"},
        ]
    },
}
BROKEN = [
    ("scenario", {"scenario": "x", "timelime": []}),
    ("scenario", {"scenario": "x", "timeline": [{"publish.begin": "show"}]}),
    ("scenario", {"about": "no name"}),
    ("seed", {"users": [{"name": "ada"}]}),
    ("seed", {"users": [{"username": "ada", "role": "BOSS"}]}),
    ("seed", {"streams": [{"owner": "ada", "title": "x", "began": "3h"}]}),
    ("seed", {"categories": [{"name": "a", "slug": "a", "children": [{"name": "b"}]}]}),
    ("settings", {"prot": 8787}),
    ("settings", {"tls": "perhaps"}),
    ("settings", {"http": "nginx"}),
    ("settings", {"worlds_max": -1}),
    ("fault", {"api.fial": {}}),
    ("fault", {"api.fail": {"status": "many"}}),
    ("fault", {"api.fail": {"share": "30%"}}),
    ("fault", {"share": "30%"}),
    ("fault", {"api.fail": {}, "api.cut": {}}),
    ("fault", {"api.fail": {}, "times": 0}),
    ("plan", {"faults": [{"api.fail": {}, "at": "StreamWentLiv"}]}),
    ("plan", {"faults": [{"api.fail": {}, "nth": 2}]}),
    ("plan", {"faults": [{"times": 1}]}),
    ("plan", {"fault": []}),
    ("plan", {}),
    ("plan", [{"api.fail": {"status": 200}}]),
    ("plan", [{"api.fail": {}}] * 51),
]


class Yaml12(yaml.CSafeLoader):
    """Parses as editors do, by YAML 1.2: `on` is a string, and a plain value may contain a `?`."""

    yaml_implicit_resolvers = {  # noqa: RUF012 -- as PyYAML has it
        first: [pair for pair in pairs if first in "tTfF" or not pair[0].endswith(":bool")]
        for first, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def read_yaml(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), Loader=Yaml12)


def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema_of(name))


def test_schemas_hold_for_each_scenario_of_the_library() -> None:
    scenario = validator("scenario")

    for path in SCENARIOS:
        errors = list(scenario.iter_errors(read_yaml(path)))
        assert not errors, f"{path.name}: {errors[0].instance_path} {errors[0].message}"
    assert len(SCENARIOS) > 10


def test_schemas_hold_for_the_default_seed() -> None:
    seed = read_yaml(PROJECT / "fixtures/seed.yaml")

    assert [error.message for error in validator("seed").iter_errors(seed)] == []


@pytest.mark.parametrize("name", NAMES)
def test_schemas_accept_valid_files(name: str) -> None:
    assert [error.message for error in validator(name).iter_errors(RIGHT[name])] == []


@pytest.mark.parametrize(("name", "content"), BROKEN)
def test_schemas_mark_invalid_files(name: str, content: object) -> None:
    assert not validator(name).is_valid(content)


def test_schemas_accept_each_fault_that_is_valid() -> None:
    fault = validator("fault")

    for name in KINDS:
        if fault.is_valid({name: None}):
            continue
        pytest.fail(f"{name} is valid without values, but the schema refuses it")
    assert reading.read(RIGHT["fault"]).share == 0.3


def test_schemas_accept_plans_as_the_parser_does(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    for written in (RIGHT["plan"], RIGHT["plan"]["faults"]):
        path.write_text(yaml.safe_dump(written))
        assert plan.read_file(path) == RIGHT["plan"]["faults"]
        assert validator("plan").is_valid(written)


@pytest.mark.parametrize("content", [content for name, content in BROKEN if name == "plan"])
def test_schemas_accept_every_valid_plan(content: object) -> None:
    with pytest.raises(Refused):
        plans.parse(content)


@pytest.mark.parametrize(
    "step",
    [
        {"wait": "1h 30m"},
        {"wait": "90 s"},
        {"publish.start": {"stream": "a", "bitrate": "2500 kbit/s"}},
        {"viewers.set": {"stream": "a", "count": 1, "countries": {"DE": "30 %"}}},
    ],
)
def test_schemas_accept_quantities_as_the_parser_does(step: dict[str, Any]) -> None:
    stream = {"name": "a", "owner": "ada", "title": "T"}
    head = {"scenario": "x", "world": {"users": [{"name": "ada"}], "streams": [stream]}}
    content = {**head, "timeline": [step]}

    load.load(json.dumps(content), "x.yaml")
    assert [error.message for error in validator("scenario").iter_errors(content)] == []


@pytest.mark.parametrize(
    "fault",
    [
        {"api.fail": {"status": "$a", "method": "$b"}, "times": "$c"},
        {"media.stall": {"stream": {"owner": "ada"}}, "for": "4s"},
        {"media.stall": {"stream": "launch"}},
        "api.fail",
    ],
)
def test_schemas_accept_faults_in_the_form_of_scenarios(fault: object) -> None:
    step = {"fault.start": fault}

    errors = validator("scenario").iter_errors({"scenario": "x", "timeline": [step]})
    assert [error.message for error in errors] == []


def test_schemas_valid_settings_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(yaml.safe_dump(RIGHT["settings"]))

    assert gather({"settings": str(file)}, {}).http == "hypercorn"


def test_schemas_command_prints_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "seed"]) == 0
    assert json.loads(capsys.readouterr().out) == schema_of("seed")


def test_schemas_are_served_at_stable_addresses() -> None:
    with platform() as walk:
        for name in NAMES:
            answer = walk.get(f"{walk.ready['admin']}/schemas/{name}.json")
            assert answer.json == json.loads(json.dumps(schema_of(name)))
            assert answer.headers["Content-Type"] == "application/schema+json"
        assert walk.get(f"{walk.ready['admin']}/schemas/nothing.json").status == 404


def test_schemas_catalog_entries_lead_to_files_of_a_release() -> None:
    page = (PROJECT / "docs/how-to/editors.md").read_text("utf-8")
    [block] = re.findall(r"^```json\n(\[.*?)^```", page, re.MULTILINE | re.DOTALL)
    entries = json.loads(block)

    release = (PROJECT / ".github/workflows/release.yml").read_text("utf-8")
    [listed] = re.findall(r"for name in (.*); do", release)
    # A bare fault is a body of the API, never a file.
    assert [entry["url"].rpartition("/")[2] for entry in entries] == [
        f"{name}.schema.json" for name in listed.split() if name != "fault"
    ]
    assert set(listed.split()) == set(NAMES)
    # The files of `init` are recognised by their names.
    patterns = [pattern for entry in entries for pattern in entry["fileMatch"]]
    for name in ("live-emulator/scenario.yaml", "live-emulator/seed.yaml"):
        assert any(PurePosixPath(f"app/{name}").match(pattern) for pattern in patterns)
