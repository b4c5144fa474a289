"""Env: values in each shell's syntax, whatever characters they contain."""

import shutil
import subprocess

import pytest

from emulator.cli.env import _SHELLS
from tests.support.tables import table

HARD = 'it\'s "a" $HOME `x` \\ end'


@table(
    ("shell", "line"),
    [
        ("sh", "export NAME='it'\"'\"'s \"a\" $HOME `x` \\ end'"),
        ("fish", "set -gx NAME 'it\\'s \"a\" $HOME `x` \\\\ end'"),
        ("powershell", "$env:NAME = 'it''s \"a\" $HOME `x` \\ end'"),
        ("dotenv", 'NAME="it\'s \\"a\\" \\$HOME \\`x\\` \\\\ end"'),
    ],
)
def test_env_quotes_values_for_each_shell(shell: str, line: str) -> None:
    assert _SHELLS[shell]("NAME", HARD) == line


@pytest.mark.parametrize("shell", ["sh", "fish"])
def test_env_value_arrives_whole(shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} here")
    script = _SHELLS[shell]("NAME", HARD) + '\nprintf "%s" "$NAME"'

    said = subprocess.run([program, "-c", script], capture_output=True, text=True, check=True)

    assert said.stdout == HARD
