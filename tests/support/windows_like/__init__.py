"""Start a Python process that lacks what Windows lacks (see `sitecustomize`)."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

from tests.support.windows_like.windows_names import is_refused

_FOLDER = Path(__file__).parent
PATIENCE_SECONDS = 90
# The tests that `exec` runs there: of the pytest plugin's emulator, and of `exec`'s own.
SUITE = """
import os
import urllib.request


def test_live_publisher_goes_live(live_stream, live_publisher, live_viewers):
    live_publisher.start()
    assert live_stream.status == "live"
    live_viewers.set(3)
    live_publisher.stop()


def test_exec_is_beside_it():
    address = os.environ["LIVE_EMULATOR_URL"] + "/_emulator/health"
    with urllib.request.urlopen(address) as answer:
        assert answer.status == 200
"""


def environment(home: Path) -> dict[str, str]:
    """The environment of that process and its children. `home` is the folder for their files."""
    return {
        **os.environ,
        "PYTHONPATH": str(_FOLDER),
        "XDG_CACHE_HOME": str(home),
        # Without this, running emulators with POSIX locks would take its temporary folders for
        # abandoned ones.
        "TMPDIR": str(home),
        # The encoding of a console in western Europe or America.
        "PYTHONIOENCODING": "cp1252",
        "PYTHONUTF8": "0",
    }


def run(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run Python with these arguments to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="cp1252",
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def names_refused(folder: Path, below: str) -> Iterator[str]:
    """The files below `folder` that Windows could not store, if `below` were their path there."""
    paths = [path.relative_to(folder) for path in folder.rglob("*")]
    spellings: dict[str, Path] = {}
    for path in paths:
        other = spellings.setdefault(str(path).casefold(), path)
        if other != path:
            yield f"{path} and {other} are one file where case is not told apart"
        if len(str(PureWindowsPath(below) / path)) > 259:
            yield f"{path} is too long"
        for part in path.parts:
            if is_refused(part):
                yield f"{path} has a name that Windows refuses"
