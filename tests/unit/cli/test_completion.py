"""Completion: the words that real shells offer."""

import shutil
import subprocess

import pytest

from emulator.cli import COMMANDS, main
from tests.support.tables import table

# The code with which each shell prints its offers for `world n`.
ASK = {
    "fish": "\ncomplete -C 'live-emulator world n'",
    "pwsh": "\n(TabExpansion2 'live-emulator world n' 21).CompletionMatches.CompletionText",
}


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


def offered(script: str, words: list[str]) -> list[str]:
    """The words that bash offers for the last of `words`."""
    typed = " ".join(f"'{word}'" for word in ("live-emulator", *words))
    ask = f"COMP_WORDS=({typed}); COMP_CWORD={len(words)}; _live_emulator; echo ${{COMPREPLY[*]}}"
    run = ["bash", "-c", f"{script}\n{ask}"]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_completion_bash_offers_commands_verbs_flags_and_choices(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = script("bash", capsys)

    assert set(COMMANDS) < set(offered(text, [""]))
    assert offered(text, ["wor"]) == ["world"]
    assert {"list", "new", "drop"} < set(offered(text, ["world", ""]))
    assert offered(text, ["world", "new", "--se"]) == ["--seed", "--server"]
    assert offered(text, ["serve", "--po"]) == ["--port"]
    assert offered(text, ["serve", "--http", ""]) == ["uvicorn", "hypercorn"]
    assert offered(text, ["requests", "--credential", "v"]) == ["valid"]
    # Where a file is expected, the shell offers its own.
    assert offered(text, ["serve", "--data", ""]) == []


@table("shell", ["zsh", "fish", "pwsh"])
def test_completion_is_read_by_its_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = script("powershell" if shell == "pwsh" else shell, capsys)
    assert all(name in text for name in ("obs-profile", "--port"[2:], "hypercorn"))
    program = shutil.which(shell)
    if program is not None:
        flag = {"zsh": "-f", "fish": "--no-config", "pwsh": "-NoProfile"}[shell]
        run = [program, flag, "-c", text + ASK.get(shell, "")]
        read = subprocess.run(run, capture_output=True, text=True, check=True)
        assert not read.stderr
        assert shell == "zsh" or "new" in read.stdout
