"""The command's entry point: its sub-commands, its output and its exit codes."""

import subprocess
import sys

import pytest

from emulator.cli import COMMANDS, main, module_of
from emulator.version import __version__


def test_main_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0

    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)


def test_main_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"live-emulator {__version__}\n"


def test_main_without_a_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: live-emulator COMMAND" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["srve"], "there is no command 'srve'. Did you mean serve?"),
        (["zzz"], "there is no command 'zzz'. See `live-emulator --help`."),
        (["--port"], "--port must come after a command."),
        (["serve", "--prot", "1"], "there is no flag --prot. Did you mean --port?"),
        (["clock", "shwo"], "there is no verb 'shwo'. Did you mean show?"),
        (["serve", "--port", "many"], "live-emulator serve: --port: 'many' is not a whole number."),
        (["serve", "--settings", "/nowhere.yaml"], "/nowhere.yaml cannot be read"),
    ],
)
def test_main_usage_error_is_one_sentence(
    capsys: pytest.CaptureFixture[str], typed: list[str], said: str
) -> None:
    assert main(typed) == 2

    output = capsys.readouterr()
    assert said in output.err
    assert not output.out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_main_command_help_matches_the_overview(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module = module_of(name)

    assert (name, COMMANDS[name]) == (module.NAME, module.HELP)
    assert main([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"usage: live-emulator {name}" in shown
    assert all(line.split()[-1] in shown for line in module.EXAMPLES.strip().splitlines())


def test_main_help_imports_no_library_of_other_commands() -> None:
    """Help must be quick, so it must not import what other commands need."""
    code = (
        "import sys; from emulator.cli import main; main(['--help']); "
        "sys.exit(bool({'argparse', 'asyncio', 'yaml', 'starlette', 'uvicorn'} & set(sys.modules)))"
    )

    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)


def test_main_start_reads_settings_without_the_heavy_libraries() -> None:
    code = (
        "import sys, os; from emulator.settings import gather; gather({}, os.environ); "
        "heavy = {'yaml', 'pydantic', 'asyncio', 'ssl', 'starlette', 'emulator.world.world'};"
        "sys.exit(bool(heavy & set(sys.modules)))"
    )

    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)


def test_main_closed_output_is_no_crash() -> None:
    read = subprocess.Popen(
        [sys.executable, "-c", "import time; from emulator.cli import main; main(['serve', '-h'])"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert read.stdout is not None
    read.stdout.close()
    assert read.stderr is not None
    complaint = read.stderr.read()
    read.stderr.close()
    read.wait(timeout=60)

    assert b"Traceback" not in complaint
