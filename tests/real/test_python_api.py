"""The package as a library: the code of its page runs, and its types work for users."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import finished
from tests.support.docs import PROJECT

PAGE = PROJECT / "docs/how-to/python.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
PATIENCE_SECONDS = 240
# Strict, with our own settings otherwise, so that `make types` has checked the package already.
STRICT = ["--strict", "--warn-unreachable", "--explicit-package-bases", "--python-version", "3.11"]
STRICT += ["--cache-dir", str(PROJECT / ".mypy_cache")]
# Mistakes that a strict user's checker must report.
MISUSE = """
from emulator import Emulator, Settings, running, __version__

Emulator(port=8787)  # type: ignore[call-arg]
version: str = __version__
with running() as emulator:
    emulator.redy  # type: ignore[attr-defined]
    names: list[str] = emulator.call(lambda: [each.world.name for each in emulator.worlds.all()])
settings: Settings = emulator.settings.changed(port=0)
"""

# The block may begin before HTTP is imported: its first call waits for that.
FIRST_CALL = """
from urllib.request import urlopen
from emulator import running
with running() as emulator:
    print(urlopen(emulator.local["admin"] + "/health").status)
"""
# An installation without uvicorn: HTTP cannot be imported.
BROKEN = """
import sys
from emulator import running
sys.modules["uvicorn"] = None
try:
    with running() as emulator:
        print(emulator.addresses["http"])
except ImportError as failure:
    print("refused:", failure)
"""


def run(folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    return finished([sys.executable, *command], cwd=folder, timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_python_page_example_runs(tmp_path: Path, number: int) -> None:
    (tmp_path / "example.py").write_text(EXAMPLES[number])

    done = run(tmp_path, "-W", "error", "example.py")

    assert done.returncode == 0, done.stderr
    assert "127.0.0.1" in done.stdout or "OK" in done.stderr


def test_running_answers_the_first_call_of_its_block(tmp_path: Path) -> None:
    assert run(tmp_path, "-c", FIRST_CALL).stdout == "200\n"


def test_running_raises_what_kept_http_from_starting(tmp_path: Path) -> None:
    done = run(tmp_path, "-c", BROKEN)
    assert "refused: import of uvicorn halted" in done.stdout, done.stderr


def test_python_page_examples_are_typed_for_a_strict_user(tmp_path: Path) -> None:
    # Given a user's project, with only the installed package,
    for number, example in enumerate([*EXAMPLES, MISUSE]):
        (tmp_path / f"example_{number}.py").write_text(example)

    # then its checker finds the package's types, and every `ignore` is needed.
    done = run(tmp_path, "-m", "mypy", *STRICT, ".")

    assert done.returncode == 0, done.stdout + done.stderr
