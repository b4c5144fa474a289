"""`init`: the files that it writes into a project work without changes."""

import json
import shlex
from pathlib import Path

import pytest
import yaml

from emulator.cli import main, parser_of
from tests.support.live_server import platform
from tests.support.tables import table


def test_init_command_writes_a_scenario_a_seed_and_a_ci_file_that_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a project with existing tests,
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package.json").write_text("{}")

    # when it is prepared, then every file is there, and the next steps are printed;
    assert main(["init"]) == 0
    shown = capsys.readouterr().out
    workflow = tmp_path / ".github/workflows/live-emulator.yml"
    steps = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]["test"]["steps"]
    runs = [step["run"] for step in steps if "run" in step]
    lines = [run for run in runs if run.startswith("live-emulator ")]
    assert runs.index("npm install") < runs.index(lines[0])
    assert [line.rpartition("-- ")[2] for line in lines][-1] == "npm test"
    for line in lines:
        _, name, *words = shlex.split(line)
        parser_of(name).parse_args(words)
        assert "live-emulator/" in line
    assert "live-emulator scenario run live-emulator/scenario.yaml" in shown

    # the scenario passes, and a platform starts with the seed.
    assert main(["scenario", "run", "live-emulator/scenario.yaml"]) == 0
    assert "passed" in capsys.readouterr().out
    with platform(seed=str(tmp_path / "live-emulator/seed.yaml")) as walk:
        assert walk.ask("GET", "/streams/?status_filter=live").json["total"] == 1


@table(
    "file, image, prepare, tests",
    [
        ("package-lock.json", "node:22", ["npm ci"], "npm test"),
        ("go.mod", "golang:1", [], "go test ./..."),
        ("pyproject.toml", "python:3.12", ["pip install pytest ."], "pytest"),
        ("Makefile", "python:3.12", [], "make test"),
    ],
)
def test_init_command_gives_gitlab_an_image_that_runs_the_tests(
    tmp_path: Path, file: str, image: str, prepare: list[str], tests: str
) -> None:
    folder = tmp_path / image.partition(":")[0] / tests.split()[0]
    folder.mkdir(parents=True)
    (folder / file).touch()

    assert main(["init", str(folder), "--ci", "gitlab"]) == 0
    text = (folder / "live-emulator/gitlab-ci.yml").read_text("utf-8")
    job = yaml.safe_load(text)["live-emulator"]
    assert job["image"] == image
    # Python is preinstalled only in its own image.
    assert job["before_script"][0].startswith("pip" if image.startswith("python") else "apt-get")
    assert job["before_script"][-len(prepare) or len(job["before_script"]) :] == prepare
    assert job["script"][-1].endswith(f" -- {tests}")


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
