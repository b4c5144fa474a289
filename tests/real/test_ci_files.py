"""The files for CI services and container tools: their steps run, and they match the package."""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.settings import Settings
from emulator.version import __version__
from tests.support.docs import PROJECT
from tests.support.live_server import platform, until
from tests.support.required_programs import need
from tests.support.slow import slow

ACTION = yaml.safe_load((PROJECT / "action.yml").read_text("utf-8"))
GITLAB = yaml.safe_load((PROJECT / "packaging/ci/gitlab.yml").read_text("utf-8"))[".live-emulator"]
# Installing takes minutes on a busy machine.
PATIENCE_SECONDS = 900


def shell(script: str, folder: Path, **variables: str) -> str:
    """The output of a step's script, run as a CI runner does, with the commands of this Python."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    program = programs / "live-emulator"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m emulator "$@"\n')
    program.chmod(0o755)
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("LIVE_EMULATOR_")
    }
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    with (folder / "output").open("w+") as output:
        # A process that a step leaves running keeps a file open, where it would keep a pipe open.
        process = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            env={**inherited, "PATH": path, **variables},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE_SECONDS,
        )
        output.seek(0)
        text = output.read()
    assert process.returncode == 0, text
    return text


def pairs(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def test_action_starts_an_emulator_and_stops_it_with_a_report(tmp_path: Path) -> None:
    steps = {step.get("name"): step for step in ACTION["runs"]["steps"]}
    variables = {
        "GITHUB_ACTION_PATH": str(PROJECT),
        "GITHUB_ENV": str(tmp_path / "env"),
        "GITHUB_OUTPUT": str(tmp_path / "outputs"),
        "RUNNER_TEMP": str(tmp_path),
        "ARGUMENTS": "--seed none --strict-auth",
    }
    # When the step `start` has run, then each output is there, and later steps get the variables;
    shell(steps["start"]["run"], tmp_path, **variables)
    outputs = pairs(tmp_path / "outputs")
    assert set(outputs) == set(ACTION["outputs"])
    assert pairs(tmp_path / "env")["LIVE_EMULATOR_URL"] == outputs["url"]
    with urllib.request.urlopen(outputs["url"] + "/api/v1/streams/") as answer:
        assert json.load(answer)["total"] == 0, "the arguments of serve were ignored"

    # when `stop` has run, then nothing runs any more, and the report says what happened.
    report = tmp_path / "live-emulator/report"
    shell(steps["stop"]["run"], tmp_path, **variables)
    assert {path.name for path in report.iterdir()} == {
        "serve.log",
        "requests.json",
        "events.json",
        "streams.json",
    }
    assert "/api/v1/streams/" in (report / "requests.json").read_text()
    assert not (tmp_path / "live-emulator/ready.json").exists()
    # When `start` has failed, `stop` has nothing to stop, and does not fail too.
    shell(steps["stop"]["run"], tmp_path, **variables)


def test_action_says_why_the_emulator_did_not_start(tmp_path: Path) -> None:
    script = f"! '{PROJECT}/packaging/ci/start.sh' '{tmp_path}/job' --seed missing.yaml"

    assert "missing.yaml" in shell(script, tmp_path)


def is_install(line: str) -> bool:
    return "-m venv" in line or "pip install" in line


@slow("test_ci_files.py::test_action_starts_an_emulator_and_stops_it_with_a_report")
def test_ci_files_install_the_package_without_changing_the_jobs_packages(tmp_path: Path) -> None:
    [install] = [step for step in ACTION["runs"]["steps"] if step.get("name") == "install"]
    variables = {
        "GITHUB_ACTION_PATH": str(PROJECT),
        "GITHUB_PATH": str(tmp_path / "path"),
        "RUNNER_TEMP": str(tmp_path / "action"),
    }
    shell(install["run"], tmp_path, **variables, PACKAGE="")
    [programs] = (tmp_path / "path").read_text().splitlines()
    assert __version__ in shell(f"'{programs}/live-emulator' --version", tmp_path)
    assert [path.name for path in Path(programs).iterdir()] == ["live-emulator"]

    lines = [line for line in GITLAB["before_script"] if is_install(line)]
    variables = {"LIVE_EMULATOR_PACKAGE": str(PROJECT), "CI_PROJECT_DIR": str(tmp_path)}
    lines += [".live-emulator/python/bin/live-emulator --version"]
    script = "\n".join(lines)
    assert __version__ in shell(script, tmp_path, **variables)


def test_gitlab_template_gives_a_job_an_emulator(tmp_path: Path) -> None:
    variables = {
        **GITLAB["variables"],
        "CI_PROJECT_DIR": str(tmp_path),
        "LIVE_EMULATOR_PACKAGE": str(PROJECT),
        "LIVE_EMULATOR_ARGUMENTS": "--seed none",
    }
    # The package is installed already: everything except the installation is run.
    before = [line for line in GITLAB["before_script"] if not is_install(line)]
    job = "curl -sf $LIVE_EMULATOR_URL/api/v1/streams/ || python3 -c "
    job += "\"import os, urllib.request as r; print(r.urlopen(os.environ['LIVE_EMULATOR_URL'] + "
    job += "'/api/v1/streams/').read())\""
    assert '"total":0' in shell("\n".join([*before, job]), tmp_path, **variables).replace(" ", "")

    report = tmp_path / GITLAB["artifacts"]["paths"][0]
    shell("\n".join(GITLAB["after_script"]), tmp_path, **variables)
    assert "/api/v1/streams/" in (report / "requests.json").read_text()
    until(lambda: not (report / "ready.json").exists(), "the emulator has stopped")


def lint(*command: str, folder: Path = PROJECT) -> None:
    """Fail on everything that a linter (installed or from pip) reports in `folder`."""
    own = Path(sys.executable).with_name(command[0])
    program = str(own) if own.exists() else shutil.which(command[0])
    if program is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run([program, *command[1:]], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


WORKFLOWS = sorted(
    f".github/workflows/{path.name}" for path in PROJECT.glob(".github/workflows/*.yml")
)


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-workflows", WORKFLOWS),
        ("github-actions", ["action.yml"]),
        ("gitlab-ci", ["packaging/ci/gitlab.yml"]),
        ("compose-spec", ["compose.yaml"]),
    ],
)
def test_ci_files_fit_the_schemas_of_their_services(schema: str, files: list[str]) -> None:
    transform = ("--data-transform", "gitlab-ci") if schema == "gitlab-ci" else ()
    lint("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *transform, *files)


def test_workflows_pass_their_linters() -> None:
    lint("zizmor", "--offline", "--quiet", ".")
    lint("actionlint")


@pytest.mark.parametrize("service", ["github", "gitlab"])
def test_init_writes_ci_files_that_pass_their_linters(service: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "emulator", "init", ".", "--ci", service, "--json"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    if service == "gitlab":
        [file] = tmp_path.rglob("gitlab-ci.yml")
        lint("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(file))
    else:
        [file] = tmp_path.glob(".github/workflows/*.y*ml")
        lint("check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(file))
        lint("actionlint", str(file), folder=tmp_path)


def test_testcontainers_example_in_node_is_a_module_that_node_reads() -> None:
    node = need("node")
    subprocess.run(
        [node, "--check", "examples/testcontainers/streams.test.mjs"], cwd=PROJECT, check=True
    )


def test_devcontainer_forwards_the_default_ports_of_the_emulator() -> None:
    container = json.loads((PROJECT / ".devcontainer/devcontainer.json").read_text("utf-8"))

    usual = Settings(data=":memory:")
    assert container["forwardPorts"] == [usual.port, usual.rtmp_port, usual.rtmps_port]
    assert set(container["portsAttributes"]) == {str(port) for port in container["forwardPorts"]}
    assert "live-emulator serve" in container["postStartCommand"]


def test_compose_names_the_ports_and_the_volume_that_the_image_has() -> None:
    service = yaml.safe_load((PROJECT / "compose.yaml").read_text("utf-8"))["services"]["emulator"]
    dockerfile = (PROJECT / "Dockerfile").read_text("utf-8").splitlines()

    [exposed] = [line.split()[1:] for line in dockerfile if line.startswith("EXPOSE")]
    assert [port.removeprefix("127.0.0.1:").partition(":")[2] for port in service["ports"]] == [
        *exposed
    ]
    assert service["volumes"] == ["live:/data"]
    assert "VOLUME /data" in dockerfile


def test_compose_app_shows_the_streams_of_the_platform() -> None:
    with platform() as walk:
        environment: dict[str, Any] = {
            **os.environ,
            "PLATFORM_URL": walk.ready["http"],
            "PORT": "0",
        }
        with subprocess.Popen(
            [sys.executable, "examples/compose/app.py"],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as app:
            try:
                assert app.stdout is not None
                address = app.stdout.readline().split()[-1]
                with urllib.request.urlopen(address) as answer:
                    assert "<li>" in answer.read().decode()
            finally:
                app.terminate()
