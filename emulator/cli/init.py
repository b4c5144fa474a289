"""`init`: writes the files for testing a project with the emulator: scenario, seed, CI file."""

import argparse
import json
from pathlib import Path

from msgspec import Struct

from emulator.cli import Failed
from emulator.cli.lib.colour import paint
from emulator.machine.files import write_whole
from emulator.version import __version__

NAME = "init"
HELP = "write a scenario, a seed and a CI file into a project"
EXAMPLES = """
  live-emulator init
  live-emulator init ../my-app --ci gitlab
  live-emulator init --ci none --force
"""

_FOLDER = "live-emulator"
_SCENARIO = f"{_FOLDER}/scenario.yaml"
_SEED = f"{_FOLDER}/seed.yaml"
_CI_FILES = {
    "github": ".github/workflows/live-emulator.yml",
    # A file to be included, since the project may have its own .gitlab-ci.yml.
    "gitlab": f"{_FOLDER}/gitlab-ci.yml",
}

_SCENARIO_TEXT = """\
# Expectations of a stream that goes live: change them to what your app relies on.
#   live-emulator scenario run live-emulator/scenario.yaml
scenario: Our first broadcast
about: Ada goes live, people come and talk, and a recording is left.

params:
  peak: {type: integer, default: 100, help: How many watch}

world:
  users:
    - {name: ada, display_name: Ada}
    - {name: bob, follows: [ada]}
  streams:
    - {name: show, owner: ada, title: Our first broadcast}

timeline:
  - publish.start: {stream: show, size: 1280x720, fps: 30, bitrate: 2500k}
  - expect: {stream.show.status: live, user.bob.notifications: 1}
    within: 10s
  - viewers.ramp: {stream: show, to: $peak}
    for: 1m
  - chat.say: {stream: show, by: bob, says: "Hello, Ada!"}
  - wait: 5m
  - publish.stop: show
  - expect: {stream.show.status: ended, vod.show.status: ready}
    within: 60s

expect:
  chat.show.last_line: "Hello, Ada!"
"""

_SEED_TEXT = """\
# The content of a new platform: the users, categories and streams that your tests rely on.
#   live-emulator serve --data :memory: --seed live-emulator/seed.yaml
#   live-emulator exec --seed live-emulator/seed.yaml -- YOUR TESTS
# Every user's API key is ak_demo_<username>, unless an api_key is given.
users:
  - {username: demo, api_key: ak_demo, password: demo123456, role: ADMIN}
  - {username: ada, password: demo123456, display_name: Ada, followers: 1200, follows: [demo]}
  - {username: bob, follows: [ada]}

categories:
  - {name: Python, slug: python}

tags: [python]

streams:
  - {owner: ada, title: "Typed services", category: python, tags: [python], began: 20m, peak: 60,
     viewers: 40, chat: [{by: bob, says: "Hello!"}]}
  - {owner: ada, title: "Last time", began: 3h, ran: 2h, peak: 90}
"""

_WHEEL = f"./{_FOLDER}/live_emulator-{__version__}-py3-none-any.whl"
_GITHUB_TEXT = """\
name: live-emulator
on: [push, pull_request]

jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - uses: actions/setup-python@v6
        with: {python-version: "3.12"}
      # No registry has it yet: name your copy, a wheel, or a Git address (docs, install).
      - run: pip install @WHEEL@
@PREPARE@
      - run: live-emulator scenario run live-emulator/scenario.yaml --report report
      - run: live-emulator exec --seed live-emulator/seed.yaml -- @TESTS@
      - uses: actions/upload-artifact@v6
        if: always()
        with: {name: live-emulator, path: report}
"""

_GITLAB_TEXT = """\
# In .gitlab-ci.yml: include: {local: live-emulator/gitlab-ci.yml}
live-emulator:
  image: @IMAGE@
  before_script:
    # No registry has it yet: name your copy, a wheel, or a Git address (docs, install).
@INSTALL@
@PREPARE@
  script:
    - live-emulator scenario run live-emulator/scenario.yaml --junit junit.xml --report report
    - live-emulator exec --seed live-emulator/seed.yaml -- @TESTS@
  artifacts:
    when: always
    paths: [report]
    reports: {junit: junit.xml}
"""

_PYTHON_IMAGE = "python:3.12"
# Images for other languages have Debian's Python, in which pip may not install anything.
_BESIDE = (
    "apt-get update -qq && apt-get install -y -qq @PACKAGES@",
    "python3 -m venv /opt/live-emulator",
    f"/opt/live-emulator/bin/pip install {_WHEEL}",
    'export PATH="$PATH:/opt/live-emulator/bin"',
)


class _Suite(Struct, frozen=True):
    """A project's test run: the command, the commands that install it, and a container image."""

    command: str
    prepare: str = ""
    image: str = _PYTHON_IMAGE
    packages: str = "python3-venv"

    @property
    def install(self) -> tuple[str, ...]:
        """The commands by which a job in `image` installs the emulator."""
        if self.image == _PYTHON_IMAGE:
            return (f"pip install {_WHEEL}",)
        return tuple(line.replace("@PACKAGES@", self.packages) for line in _BESIDE)


# Test suites by a file that such projects have; the first file that exists decides.
_SUITES = {
    "package-lock.json": _Suite("npm test", "npm ci", "node:22"),
    "package.json": _Suite("npm test", "npm install", "node:22"),
    "go.mod": _Suite("go test ./...", image="golang:1"),
    "Cargo.toml": _Suite("cargo test", image="rust:1"),
    "Gemfile": _Suite("bundle exec rake test", "bundle install", "ruby:3"),
    "composer.json": _Suite(
        "composer test", "composer install", "debian:13", "python3-venv composer"
    ),
    "pyproject.toml": _Suite("pytest", "pip install pytest ."),
    "requirements.txt": _Suite("pytest", "pip install pytest -r requirements.txt"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="folder of the project; default: this folder",
    )
    parser.add_argument(
        "--ci",
        choices=(*_CI_FILES, "none"),
        help="CI to write a file for; default: gitlab if there is a .gitlab-ci.yml, else github",
    )
    parser.add_argument("--force", action="store_true", help="overwrite existing files")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Write all files or none. Raises `Failed` for files that exist already."""
    texts = _texts(args.folder, args.ci or _usual_ci(args.folder))
    present = [name for name in texts if (args.folder / name).exists()]
    if present and not args.force:
        raise Failed(
            f"Nothing is written: {_list(present)} already exists. Add --force to overwrite."
        )
    try:
        for name, text in texts.items():
            path = args.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text.encode())
    except OSError as failure:
        raise Failed(f"{failure.filename} cannot be written: {failure.strerror}.") from None
    _tell(args, list(texts))
    return 0


def _texts(folder: Path, ci: str) -> dict[str, str]:
    texts = {_SCENARIO: _SCENARIO_TEXT, _SEED: _SEED_TEXT}
    if ci == "none":
        return texts
    suite = _suite(folder)
    is_github = ci == "github"
    text, step = (_GITHUB_TEXT, "      - run: ") if is_github else (_GITLAB_TEXT, "    - ")
    prepare = [suite.prepare] if suite.prepare else []
    for place, lines in {"@INSTALL@": suite.install, "@PREPARE@": prepare}.items():
        text = text.replace(f"{place}\n", "".join(f"{step}{line}\n" for line in lines))
    values = {"@WHEEL@": _WHEEL, "@TESTS@": suite.command, "@IMAGE@": suite.image}
    for place, value in values.items():
        text = text.replace(place, value)
    return texts | {_CI_FILES[ci]: text}


def _usual_ci(folder: Path) -> str:
    return "gitlab" if (folder / ".gitlab-ci.yml").exists() else "github"


def _suite(folder: Path) -> _Suite:
    present = (suite for name, suite in _SUITES.items() if (folder / name).exists())
    return next(present, _Suite("make test"))


def _tell(args: argparse.Namespace, names: list[str]) -> None:
    tests = _suite(args.folder).command
    steps = {
        f"live-emulator scenario run {_SCENARIO}": "run the scenario, and see its expectations",
        f"live-emulator serve --data :memory: --seed {_SEED}": "a platform with your users",
        f"live-emulator exec --seed {_SEED} -- {tests}": "your tests, with it",
    }
    if args.json:
        paths = [str(args.folder / name) for name in names]
        print(json.dumps({"written": paths, "next": list(steps)}))
        return
    print("\n".join(f"{paint('written', 'green')}  {args.folder / name}" for name in names))
    inside = "" if args.folder == Path() else f" in {args.folder}"
    print(f"\nNext{inside}:")
    width = max(map(len, steps))
    print("\n".join(f"  {step:{width}}  {paint(why, 'dim')}" for step, why in steps.items()))


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"each of {', '.join(names)}"
