"""`init`: what it writes into a project works as it stands."""

import json
import shlex
from pathlib import Path

import pytest
import yaml

from emulator.cli import main, parser_of
from tests.support.live_server import platform


def test_init_command_writes_a_scenario_a_seed_and_a_ci_file_that_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a project with tests of its own,
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package.json").write_text("{}")

    # when it is prepared, then every file is there, and the next steps are said;
    assert main(["init"]) == 0
    shown = capsys.readouterr().out
    workflow = tmp_path / ".github/workflows/live-emulator.yml"
    steps = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]["test"]["steps"]
    lines = [step["run"] for step in steps if step.get("run", "").startswith("live-emulator ")]
    assert [line.rpartition("-- ")[2] for line in lines][-1] == "npm test"
    for line in lines:
        _, name, *words = shlex.split(line)
        parser_of(name).parse_args(words)
        assert "live-emulator/" in line
    assert "live-emulator scenario run live-emulator/scenario.yaml" in shown

    # the scenario passes, and a platform begins with the seed.
    assert main(["scenario", "run", "live-emulator/scenario.yaml"]) == 0
    assert "passed" in capsys.readouterr().out
    with platform(seed=str(tmp_path / "live-emulator/seed.yaml")) as walk:
        assert walk.ask("GET", "/streams/?status_filter=live").json["total"] == 1


def test_init_command_overwrites_nothing_without_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text("include: []\n")
    mine = tmp_path / "live-emulator/seed.yaml"
    mine.parent.mkdir()
    mine.write_text("users: []\n")

    assert main(["init", str(tmp_path)]) == 1
    assert "live-emulator/seed.yaml already exists. Add --force" in capsys.readouterr().err
    assert mine.read_text() == "users: []\n"
    assert not (tmp_path / "live-emulator/scenario.yaml").exists()

    assert main(["init", str(tmp_path), "--force", "--json"]) == 0
    written = json.loads(capsys.readouterr().out)["written"]
    assert [str(Path(path).relative_to(tmp_path)) for path in written] == [
        "live-emulator/scenario.yaml",
        "live-emulator/seed.yaml",
        "live-emulator/gitlab-ci.yml",
    ]
    assert mine.read_text() != "users: []\n"
