"""The command's entry point: its sub-commands, its output and its exit codes."""

import os
import subprocess
import sys
from pathlib import Path

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
        (["outbox", "--server", "nonsense"], "invalid address 'nonsense'; write it like http://"),
        (["watch", "x", "--server", "http://[::1"], "invalid address 'http://[::1'"),
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


def shell(line: str) -> tuple[int, str, str]:
    """A line of a shell in which `$PROGRAM` is the command: exit code, output, errors."""
    done = subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PROGRAM": f"{sys.executable} -m emulator"},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", ["--version", "serve --help"])
def test_main_full_disk_behind_the_output_is_one_sentence(words: str) -> None:
    exit_code, _, errors = shell(f"$PROGRAM {words} > /dev/full")

    said = "live-emulator: the output cannot be written: No space left on device.\n"
    assert (exit_code, errors) == (1, said)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            "--export-on-exit /nowhere/x.zip",
            "--export-on-exit /nowhere/x.zip cannot be written: there is no folder /nowhere.",
        ),
        (
            "--host 203.0.113.5",
            "203.0.113.5 is no address of this machine: choose another with --host.",
        ),
        (
            "--data /dev/null",
            "The data folder /dev/null cannot be used: it is a file, not a folder. Choose another"
            " --data, or :memory: to keep nothing.",
        ),
    ],
)
def test_main_serve_that_cannot_start_is_one_sentence(flags: str, message: str) -> None:
    ports = "--port 0 --rtmp-port 0 --rtmps-port 0"
    exit_code, output, errors = shell(f"$PROGRAM serve --data :memory: {ports} {flags}")

    assert (exit_code, output, errors) == (2, "", f"live-emulator serve: {message}\n")


def test_main_closed_standard_streams_are_the_null_device() -> None:
    # A child of the program must not write into a file that got the number of its output.
    code = (
        "import os, subprocess, sys; import emulator.cli as cli; sys.argv = ['x', '--version'];"
        "cli.main(); file = open(sys.executable, 'rb'); print(file.fileno() > 2, file=sys.stderr);"
        "sys.exit(subprocess.run(['sh', '-c', 'echo hi']).returncode)"
    )
    exit_code, _, errors = shell(f'{sys.executable} -c "{code}" <&- >&-')

    assert (exit_code, errors) == (0, "True\n")
