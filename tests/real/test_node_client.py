"""The Node package: installed as its page says, with each test runner and parallel workers."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from emulator.version import __version__
from tests.support.docs import PROJECT
from tests.support.live_server import until
from tests.support.node_client import PACKAGE, SUITE, Project
from tests.support.required_programs import need
from tests.support.slow import slow

# Timeouts guard against hanging, and are no claim about speed.
WORKERS = ("--maxWorkers=2", "--testTimeout=60000")
PAGE = PROJECT / "docs/how-to/node.md"
# The sentence before a file's code block ends with the file's name.
_FILE = re.compile(r"`([\w.]+)`:\n\n```(?:js|ts)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("project"))


def lay_out(project: Project, name: str, *files: str, kind: str = "module") -> Path:
    """A folder of the project with these files of the page."""
    folder = project.folder / name
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps({"private": True, "type": kind}))
    page = dict(_FILE.findall(PAGE.read_text("utf-8")))
    for file in files:
        (folder / file).write_text(page[file], "utf-8")
    shutil.copy(SUITE / "meet.cjs", project.folder)
    return folder


def check_met(folder: Path) -> None:
    """Assert that two workers had separate worlds in one emulator, and that it is gone."""
    left, right = (json.loads((folder / f"{name}.json").read_text()) for name in ("left", "right"))
    assert left["url"] == right["url"]
    assert left["pid"] != right["pid"]
    assert left["world"] != right["world"]
    assert not left["isOwn"]
    assert (left["titles"], right["titles"]) == (["left"], ["right"])
    check_gone(left)


def check_gone(ready: dict[str, Any]) -> None:
    """Assert that the emulator has removed its folder, its last action."""
    until(lambda: not Path(ready["ca"]).parent.exists(), "the emulator is gone")


def test_node_client_has_the_emulators_version_and_no_dependencies() -> None:
    package = json.loads((PACKAGE / "package.json").read_text("utf-8"))

    assert package["version"] == __version__
    assert "dependencies" not in package
    for target in package["exports"].values():
        files = [target] if isinstance(target, str) else target.values()
        assert all((PACKAGE / file).is_file() for file in files)


def test_node_client_types_are_strict_and_refuse_misuse(project: Project) -> None:
    folder = lay_out(project, "types", "stream.mts", kind="commonjs")
    shutil.copy(SUITE / "misuse.ts", folder)
    options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2022"]
    options += ["--lib", "es2023,dom,esnext.disposable", "--types", "node", "--skipLibCheck"]

    assert project.run(folder, "tsc", *options, "stream.mts", "misuse.ts") == ""


def test_node_client_has_the_features_of_the_pytest_plugin(project: Project) -> None:
    folder = lay_out(project, "plain", "first.mjs", "webhooks.test.mjs", kind="commonjs")
    for name in ("client.test.mjs", "program.test.mjs"):
        shutil.copy(SUITE / name, folder)

    output = project.run(folder, "--test")
    assert re.search(r"^# fail 0$", output, re.MULTILINE)
    assert project.run(folder, "first.mjs").startswith("live http://127.0.0.1:")


def test_node_client_vitest_workers_have_separate_worlds(project: Project) -> None:
    folder = lay_out(project, "vitest", "vitest.config.js", "streams.test.js")
    for name in ("left", "right"):
        shutil.copy(SUITE / "workers.vitest.mjs", folder / f"{name}.test.js")

    output = project.run(
        folder, "vitest", "run", *WORKERS, "--hookTimeout=60000", TEST_FOLDER=str(folder / "seen")
    )

    assert "8 passed | 2 expected fail (10)" in output
    assert output.count("no-such-path -> ") == 2
    check_met(folder / "seen")


def test_node_client_jest_workers_have_separate_worlds(project: Project) -> None:
    folder = lay_out(project, "jest", "jest.config.js", "shows.test.js", kind="commonjs")
    for name in ("left", "right"):
        shutil.copy(SUITE / "workers.jest.cjs", folder / f"{name}.test.js")

    output = project.run(folder, "jest", *WORKERS, TEST_FOLDER=str(folder / "seen"))

    assert "9 passed, 9 total" in output
    check_met(folder / "seen")


def test_node_client_playwright_workers_have_separate_worlds(project: Project) -> None:
    folder = lay_out(project, "playwright", "playwright.config.js", "watch.spec.js")
    for name in ("left", "right"):
        shutil.copy(SUITE / "workers.playwright.js", folder / f"{name}.spec.js")
    shutil.copy(SUITE / "ci.config.js", folder)
    chromium = need("chromium", "chromium-browser")

    output = project.run(
        folder,
        "playwright",
        "test",
        "--config=ci.config.js",
        TEST_FOLDER=str(folder / "seen"),
        TEST_CHROMIUM=chromium,
    )

    assert "5 passed" in output
    report = json.loads((folder / "report.json").read_text())
    assert (
        re.findall(r'"name": "(live-emulator)"', json.dumps(report["suites"]))
        == ["live-emulator"] * 2
    )
    check_met(folder / "seen")


@pytest.mark.parametrize(
    "runner",
    ["script", pytest.param("playwright", marks=slow("a script's emulator ends by the same pipe"))],
)
def test_node_client_emulator_ends_with_a_killed_runner(project: Project, runner: str) -> None:
    # Given a script, or a run of Playwright, whose emulator is up,
    folder = lay_out(project, f"killed-{runner}", "playwright.config.js")
    if runner == "script":
        shutil.copy(SUITE / "hang.mjs", folder)
        process = project.start(folder, "hang.mjs")
    else:
        shutil.copy(SUITE / "hang.spec.js", folder)
        process = project.start(folder, "playwright", "test", "--reporter=line")
    assert process.stdout is not None
    try:
        ready = next(json.loads(line) for line in process.stdout if line.startswith('{"pid"'))
        assert Path(ready["ca"]).exists()
    finally:
        # when it is killed, then the emulator stops in good order.
        process.kill()
        process.stdout.close()
        process.wait()
    check_gone(ready)
