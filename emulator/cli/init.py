"""`init`: what a project needs to be tested with the emulator: a scenario, a seed, a CI file."""

import argparse
import json
from pathlib import Path

from emulator.cli import Failed
from emulator.cli.lib.colour import paint
from emulator.machine.files import write_whole

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
    # To be included: the project may have a .gitlab-ci.yml of its own.
    "gitlab": f"{_FOLDER}/gitlab-ci.yml",
}

_SCENARIO_TEXT = """\
# What must be true when somebody goes live: change it into what your app relies on.
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
# What a fresh platform begins with: the people, categories and streams that your tests rely on.
#   live-emulator serve --data :memory: --seed live-emulator/seed.yaml
#   live-emulator exec --seed live-emulator/seed.yaml -- YOUR TESTS
# Everybody's API key is ak_demo_<username>, where no api_key says otherwise.
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
      - run: pip install ./live-emulator/live_emulator-0.1.0-py3-none-any.whl
      - run: live-emulator scenario run live-emulator/scenario.yaml --report report
      - run: live-emulator exec --seed live-emulator/seed.yaml -- @TESTS@
      - uses: actions/upload-artifact@v6
        if: always()
        with: {name: live-emulator, path: report}
"""

_GITLAB_TEXT = """\
# In .gitlab-ci.yml: include: {local: live-emulator/gitlab-ci.yml}
live-emulator:
  image: python:3.12
  script:
    # No registry has it yet: name your copy, a wheel, or a Git address (docs, install).
    - pip install ./live-emulator/live_emulator-0.1.0-py3-none-any.whl
    - live-emulator scenario run live-emulator/scenario.yaml --junit junit.xml --report report
    - live-emulator exec --seed live-emulator/seed.yaml -- @TESTS@
  artifacts:
    when: always
    paths: [report]
    reports: {junit: junit.xml}
"""

# What runs the tests of a project, by a file that such projects have.
_TESTS = {
    "package.json": "npm test",
    "go.mod": "go test ./...",
    "Cargo.toml": "cargo test",
    "Gemfile": "bundle exec rake test",
    "composer.json": "composer test",
    "pyproject.toml": "pytest",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="default: this folder"
    )
    parser.add_argument(
        "--ci",
        choices=(*_CI_FILES, "none"),
        help="default: gitlab where there is a .gitlab-ci.yml, else github",
    )
    parser.add_argument("--force", action="store_true", help="overwrite what is there")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Writes all of it or nothing. Raises `Failed` for files that are there already."""
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
    if ci != "none":
        text = _GITHUB_TEXT if ci == "github" else _GITLAB_TEXT
        texts[_CI_FILES[ci]] = text.replace("@TESTS@", _tests(folder))
    return texts


def _usual_ci(folder: Path) -> str:
    return "gitlab" if (folder / ".gitlab-ci.yml").exists() else "github"


def _tests(folder: Path) -> str:
    for name, command in _TESTS.items():
        if (folder / name).exists():
            return command
    return "make test"


def _tell(args: argparse.Namespace, names: list[str]) -> None:
    steps = {
        f"live-emulator scenario run {_SCENARIO}": "play the scenario, and see what is met",
        f"live-emulator serve --data :memory: --seed {_SEED}": "a platform with your people",
        f"live-emulator exec --seed {_SEED} -- {_tests(args.folder)}": "your tests, beside it",
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
