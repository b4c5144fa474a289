"""The program `live-emulator`: one module for each command, imported only when it is used.

Exit codes: 0 success, 1 the command failed, 2 wrong use or it could not start, 130 Ctrl-C.
"""

import atexit
import errno
import gc
import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from emulator.cli.lib.failure import Failed
from emulator.core.errors import Refused
from emulator.version import __version__

if TYPE_CHECKING:
    import argparse

__all__ = ["COMMANDS", "Failed", "main", "module_of", "parser_of"]

# Each command's name and line of help, as in its module (a test compares them): `--help` must not
# import every module.
COMMANDS = {
    "serve": "run the platform",
    "demo": "run the platform with a live test stream, and print the addresses to open",
    "publish": "go live on a stream with a test picture or a file",
    "watch": "follow a stream's state until it ends",
    "chat": "read a stream's chat and speak in it",
    "contract": "list the endpoints, or compare them with another document or recorded requests",
    "scenario": "play a scenario from a YAML file, and check its expectations",
    "exec": "run a command, such as a test suite, with its own emulator",
    "explore": "find the faults that a command, such as a test suite, does not survive",
    "world": "list, make, drop, reset, export or import isolated platforms of a running emulator",
    "snapshot": "save, restore or list a world's snapshots",
    "clock": "show, stop, advance or speed up a world's clock",
    "fault": "start and stop faults in a running emulator",
    "requests": "show the requests to a running emulator, and their answers",
    "events": "show the events of a world of a running emulator",
    "webhooks": "list, add or remove webhooks; list, send or replay deliveries",
    "outbox": "show the mails that the platform would have sent, with their links",
    "streams": "list the streams of a running emulator, with their state and viewers",
    "logs": "show the requests and events of a running emulator in one list, by time",
    "open": "open a running emulator's pages in the browser",
    "env": "print the variables by which programs find a running emulator",
    "init": "write a scenario, a seed and a CI file into a project",
    "simulcast": "push a live stream on to other RTMP addresses",
    "doctor": "check this machine, and say what to do about what is missing",
    "trust": "make this machine trust the emulator's certificates",
    "obs-profile": "write an OBS profile that is ready to go live",
    "schema": "print the JSON Schema of scenarios, seeds, settings, faults or plans, for editors",
    "completion": "print a shell's completion of commands, flags and choices",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` (without the program's name) names; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None:
        # The process is ours. Searching all that was imported for garbage once more, at its end,
        # takes 0.05 to 0.15 s.
        atexit.register(gc.freeze)
        _open_missing_streams()
    _print_any_text()
    try:
        exit_code = _main(arguments)
        # Here, a disk without room is reported in a sentence.
        sys.stdout.flush()
        return exit_code
    except OSError as failure:
        reason = _print_error(failure)
        if reason is None:
            raise
        # The interpreter would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if reason:
            print(f"live-emulator: the output cannot be written: {reason}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _open_missing_streams() -> None:
    """Open the null device for each standard stream that was closed, as by `>&-` in a shell.

    Otherwise the next opened file, such as a database, would have the number of such a stream, and
    what a child process prints would be written into it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            flags = os.O_RDONLY if mode == "r" else os.O_WRONLY
            descriptor = os.open(os.devnull, flags)
            os.set_inheritable(descriptor, True)
            setattr(sys, name, open(descriptor, mode, encoding="utf-8"))  # noqa: SIM115, PTH123


def _print_error(failure: OSError) -> str | None:
    """Return why the output cannot be written; "" where its reader has gone, None if it can be."""
    if _is_broken_pipe(failure):
        return ""
    if failure.filename is not None:
        return None
    try:
        # What failed to be written is no longer in the buffer.
        os.write(sys.stdout.fileno(), b"\n")
    except OSError as error:
        return error.strerror
    return None


def _is_broken_pipe(failure: OSError) -> bool:
    """Whether this is a broken pipe, which Windows reports as an invalid argument."""
    is_invalid = failure.errno == errno.EINVAL and failure.filename is None
    return isinstance(failure, BrokenPipeError) or (sys.platform == "win32" and is_invalid)


def _print_any_text() -> None:
    """Show escapes for characters that a console does not have, instead of failing."""
    if sys.platform == "win32":
        _enable_sequences()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _enable_sequences() -> None:
    """Turn on colours and redrawn lines (ECMA-48) in an older console of Windows."""
    if sys.platform == "win32":
        import ctypes

        kernel, mode = ctypes.windll.kernel32, ctypes.c_ulong()
        for number in (-11, -12):  # STD_OUTPUT_HANDLE, STD_ERROR_HANDLE
            handle = kernel.GetStdHandle(number)
            if kernel.GetConsoleMode(handle, ctypes.byref(mode)):  # Else it is no console.
                # ENABLE_VIRTUAL_TERMINAL_PROCESSING
                kernel.SetConsoleMode(handle, mode.value | 0x0004)


def _main(arguments: list[str]) -> int:
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if name in COMMANDS:
        return _run(name, rest)
    if name in {"--version", "-V"}:
        print(f"live-emulator {__version__}")
        return 0
    if name in {"--help", "-h", "help"}:
        print(_overview())
        return 0
    if not name:
        print(_overview(), file=sys.stderr)
        return 2
    print(f"live-emulator: {_unknown(name)}", file=sys.stderr)
    return 2


def parser_of(name: str) -> "argparse.ArgumentParser":
    """The parser of an existing command's arguments."""
    from emulator.cli.lib.parser import Parser

    module = module_of(name)
    parser = Parser(
        prog=f"live-emulator {name}",
        description=module.HELP[0].upper() + module.HELP[1:] + ".",
        epilog=f"examples:\n{module.EXAMPLES.strip(chr(10))}",
    )
    module.configure(parser)
    parser.share_examples(module.EXAMPLES)
    return parser


def module_of(name: str) -> Any:
    """The module of an existing command."""
    import importlib

    return importlib.import_module(f"emulator.cli.{name.replace('-', '_')}")


def _run(name: str, arguments: list[str]) -> int:
    from emulator.cli.lib.colour import turn_off
    from emulator.core.errors import WrongSetting

    parser = parser_of(name)
    try:
        args = parser.parse_args(arguments)
        turn_off("no_color" in args)
        return int(module_of(name).run(args))
    except SystemExit as stop:  # argparse has said what is wrong, or shown its help.
        return stop.code if isinstance(stop.code, int) else 2
    except Failed as failure:
        return _complain(name, failure.message, failure.exit_code)
    except WrongSetting as refusal:
        return _complain(name, str(refusal), 2)
    except Refused as refusal:
        return _complain(name, refusal.message, 1)


def _complain(name: str, message: str, exit_code: int) -> int:
    sys.stdout.flush()
    from emulator.cli.lib.colour import paint
    from emulator.cli.lib.plain import plain_lines

    subject = paint(f"live-emulator {name}:", "red", out=sys.stderr)
    print(f"{subject} {plain_lines(message)}", file=sys.stderr)
    return exit_code


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {text}" for name, text in COMMANDS.items()]
    return "\n".join(
        (
            "usage: live-emulator COMMAND [options]",
            "",
            "A whole live streaming platform on this machine.",
            "",
            "commands:",
            *lines,
            "",
            "`live-emulator COMMAND --help` shows a command's options and examples.",
            "Begin with `live-emulator demo`.",
        )
    )


def _unknown(name: str) -> str:
    if name.startswith("-"):
        return f"{name} must come after a command. See `live-emulator --help`."
    import difflib

    near = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"Did you mean {near[0]}?" if near else "See `live-emulator --help`."
    return f"there is no command {name!r}. {hint}"
