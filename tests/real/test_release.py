"""The release workflow, step by step, as far as possible without its service."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from emulator.version import __version__
from tests.support.docs import PROJECT

pytestmark = pytest.mark.skipif(
    not os.environ.get("LIVE_EMULATOR_TESTS_SLOW"),
    reason="building and installing takes a minute: LIVE_EMULATOR_TESTS_SLOW=1",
)
WORKFLOW = yaml.safe_load((PROJECT / ".github/workflows/release.yml").read_text("utf-8"))
STEP_SECONDS = 1800


def checkout(folder: Path) -> None:
    """A checkout of this tree's tracked files, as they are now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split("\0"):
        if (PROJECT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target)


def test_release_builds_checks_and_runs_its_packages(tmp_path: Path) -> None:
    project, tools = tmp_path / "project", tmp_path / "tools"
    checkout(project)
    # `python` is the one of setup-python: with pip, and without this environment's packages.
    subprocess.run([sys.executable, "-m", "venv", str(tools)], check=True)
    environment = {name: text for name, text in os.environ.items() if name != "VIRTUAL_ENV"}
    environment |= {
        "PATH": f"{tools / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_REF_NAME": f"v{__version__}",
    }
    for step in WORKFLOW["jobs"]["build"]["steps"]:
        if "run" in step:
            done = subprocess.run(
                ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
                cwd=project,
                env=environment,
                capture_output=True,
                text=True,
                timeout=STEP_SECONDS,
            )
            assert done.returncode == 0, f"{step['name']}: {done.stdout}{done.stderr}"

    # The files that the later steps attest, upload and publish are there.
    built = {path.name for path in (project / "dist").iterdir()}
    name = f"live_emulator-{__version__}"
    assert built == {f"{name}-py3-none-any.whl", f"{name}.tar.gz"}
    schemas = {path.name for path in (project / "schemas").iterdir()}
    assert schemas == {f"{kind}.schema.json" for kind in ("scenario", "seed", "settings", "fault")}
    assert (project / "notes.md").read_text().strip()

    # The sdist is a complete project: it installs and runs by itself.
    clean = tmp_path / "clean"
    subprocess.run([sys.executable, "-m", "venv", str(clean)], check=True)
    sdist = project / "dist" / f"{name}.tar.gz"
    subprocess.run([str(clean / "bin/pip"), "install", "--quiet", str(sdist)], check=True)
    demo = [str(clean / "bin/live-emulator"), "demo", "--seconds", "5", "--data", ":memory:"]
    done = subprocess.run(demo, capture_output=True, text=True, timeout=STEP_SECONDS, check=True)
    assert "the VOD has" in done.stdout
