"""Commands on a console that is not UTF-8, as on Windows and some CI services."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.slow import slow

SCENARIO = """
scenario: Премьера → 中文
world:
  users: [{name: ada}]
  streams: [{name: s, owner: ada, title: "→ ✓ 🎬"}]
timeline:
  - chat.say: {stream: s, by: ada, says: "Привет 🎬"}
expect:
  chat.s.last_line: "Nothing → ✓"
"""


@pytest.mark.parametrize(
    "encoding", ["ascii", pytest.param("cp1252", marks=slow("ASCII has even fewer letters"))]
)
def test_console_encoding_without_utf_8_has_escapes_and_a_whole_report(
    tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "премьера.yaml"
    file.write_text(SCENARIO, "utf-8")

    def typed(*words: str) -> "subprocess.CompletedProcess[bytes]":
        # Opening a text file without an encoding would be a warning, and so an error here.
        return subprocess.run(
            [
                sys.executable,
                "-X",
                "warn_default_encoding",
                "-W",
                "error",
                "-m",
                "emulator",
                *words,
            ],
            env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )

    assert typed("scenario", "validate", file.name).returncode == 0
    assert typed("scenario", "explain", file.name).returncode == 0
    done = typed("scenario", "run", file.name, "--report", "out", "--junit", "out.xml")
    assert done.returncode == 1, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"\\u0420" not in done.stderr
    assert b"\\u041f\\u0440\\u0435\\u043c\\u044c\\u0435\\u0440\\u0430" in done.stdout
    pages = [path.read_text("utf-8") for path in (tmp_path / "out").rglob("*.html")]
    assert any("Премьера → 中文" in page for page in pages)
    assert "Nothing → ✓" in (tmp_path / "out.xml").read_text("utf-8")
