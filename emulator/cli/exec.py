"""`exec`: runs a command with an emulator that exists as long as the command runs."""

import argparse
import asyncio
import gc
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.cli import Failed, serve
from emulator.cli.lib import logs
from emulator.cli.lib.beside import add_command_flags, command_of, in_memory
from emulator.cli.lib.stopping import loop_signals, numbers_of
from emulator.core.errors import Refused
from emulator.process_group import GroupOptions, own_group
from emulator.settings import gather

if TYPE_CHECKING:
    from emulator.exploration.plan import Written
    from emulator.server import Emulator

NAME = "exec"
HELP = "run a command, such as a test suite, with its own emulator"
EXAMPLES = """
  live-emulator exec -- npm test
  live-emulator exec --env API_BASE={http}/api/v1 --env API_TOKEN={api_key} -- go test ./...
  live-emulator exec --seed none --strict-auth -- pytest -q
  live-emulator exec --faults plan.yaml -- npm test
"""

_SIGNALS = numbers_of(("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGBREAK"))
# A terminal sends these to its whole foreground group, so the command has them already.
_OF_TERMINALS = numbers_of(("SIGINT", "SIGHUP", "SIGQUIT", "SIGBREAK"))
# The exit code on Windows of a program that Ctrl-C or Ctrl-Break ended (STATUS_CONTROL_C_EXIT).
_WINDOWS_CTRL_C = 0xC000013A


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--faults",
        type=Path,
        metavar="FILE",
        help="start the faults of this plan, such as one that `explore` has found",
    )
    add_command_flags(parser)


def run(args: argparse.Namespace) -> int:
    command = command_of(args, NAME)
    # As `serve` does: what a start imports stays for good.
    gc.disable()
    settings = gather(in_memory(vars(args)), os.environ)
    logs.set_up(settings.log_format, "warning")
    return serve.in_loop(lambda: _Beside(command, args.env, _plan(args)).run(settings))


def _plan(args: argparse.Namespace) -> "list[Written]":
    if args.faults is None:
        return []
    from emulator.exploration.plan import check_names, read_file

    try:
        plan = read_file(args.faults)
        check_names(args.faults, plan)
        return plan
    except Refused as refused:
        raise Failed(refused.message, 2) from None


class _Beside:
    """One command and its emulator."""

    def __init__(
        self, command: Sequence[str], patch: Sequence[tuple[str, str]], plan: "list[Written]"
    ) -> None:
        self._command = command
        self._plan = plan
        self._templates = patch

    async def run(self, settings: Any) -> int:
        async with AsyncExitStack() as stack:
            emulator = await serve.start(settings, stack)
            gc.freeze()
            gc.enable()
            environment = self._environment(emulator.ready)
            if self._plan:
                environment |= stack.enter_context(_injected(emulator, self._plan))
            # Before it starts: a signal in its first instant is its own too.
            has_terminal = sys.stdin is not None and sys.stdin.isatty()
            with _passing_on(has_terminal) as signals:
                try:
                    # Without a terminal it has a group of its own: what is sent to our group
                    # reaches it through us, and so once.
                    group: GroupOptions = {} if has_terminal else own_group()
                    process = await asyncio.create_subprocess_exec(
                        *_with_path(self._command), env=environment, **group
                    )
                except OSError as failure:
                    text = f"{self._command[0]} cannot be started: {failure.strerror}."
                    raise Failed(text, 2) from None
                signals.reach(process)
                status = await process.wait()
        return exit_code(status)

    def _environment(self, ready: Mapping[str, Any]) -> dict[str, str]:
        from emulator.ready import environment

        patch = {name: _filled(name, template, ready) for name, template in self._templates}
        return {**os.environ, **environment(ready, os.environ), **patch}


@contextmanager
def _injected(emulator: "Emulator", plan: "list[Written]") -> Iterator[dict[str, str]]:
    """Inject a plan's faults while the command runs; afterwards print which of them have struck.

    They are injected into each world, also into those that the pytest plugin makes in its own
    emulator, which finds the plan by the variables that this returns.
    """
    from emulator.exploration.injector import WorldsInjector
    from emulator.exploration.plan import sentence
    from emulator.exploration.sightings import elsewhere, total
    from emulator.world.faults.plans import parse

    injector = WorldsInjector(emulator.worlds, parse(plan))
    with elsewhere(plan) as others:
        try:
            yield others.environment
        finally:
            seen = total(injector.seen() + others.seen(), len(plan))
            for entry, count in zip(plan, seen.struck, strict=True):
                often = f"struck {count} times" if count != 1 else "struck once"
                print(f"live-emulator exec: {sentence([entry])}: {often}.", file=sys.stderr)
            injector.close()


class _Signals:
    """Signals that this process passes on to the command, or to the group that it leads."""

    def __init__(self, *, to_group: bool) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._early: list[signal.Signals] = []
        self._to_group = to_group

    def hear(self, number: signal.Signals) -> None:
        if self._process is None:
            self._early.append(number)
        elif self._process.returncode is None:
            # The command may have just ended without being waited for yet.
            with suppress(ProcessLookupError):
                _send(self._process, number, to_group=self._to_group)

    def reach(self, process: asyncio.subprocess.Process) -> None:
        """Send signals to this process, now also those that came before it was started."""
        self._process = process
        for number in self._early:
            self.hear(number)


@contextmanager
def _passing_on(has_terminal: bool) -> Iterator[_Signals]:
    """Pass signals that would end this process on to the command, each once."""
    signals = _Signals(to_group=not has_terminal)

    def on_signal(number: signal.Signals) -> None:
        # The terminal has sent the signal to the command, too.
        if not (has_terminal and number in _OF_TERMINALS):
            signals.hear(number)

    with loop_signals(_SIGNALS, on_signal):
        yield signals


def _send(process: asyncio.subprocess.Process, number: signal.Signals, *, to_group: bool) -> None:
    if sys.platform == "win32":
        if to_group:  # The one thing that can be said to a group there, and asks for no force.
            process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            process.terminate()
    elif to_group and hasattr(os, "killpg"):
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)


def _with_path(command: Sequence[str]) -> Sequence[str]:
    """The command with its program's whole path: Windows needs it for scripts such as `npm`."""
    if sys.platform == "win32":
        return [shutil.which(command[0]) or command[0], *command[1:]]
    else:
        return command


def exit_code(status: int) -> int:
    """Our exit code for the command's status: 128 plus the number of a signal, as in a shell."""
    if status == _WINDOWS_CTRL_C:
        return 128 + signal.SIGINT
    return 128 - status if status < 0 else status


def _filled(name: str, template: str, ready: Mapping[str, Any]) -> str:
    try:
        return template.format_map(ready)
    except (KeyError, ValueError, IndexError, AttributeError):
        known = ", ".join(f"{{{name}}}" for name in ready)
        text = f"--env {name}: {template!r} cannot be filled in. There is {known}."
        raise Failed(text, 2) from None
