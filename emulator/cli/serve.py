"""`serve`: run the platform until it is stopped."""

import argparse
import asyncio
import errno
import gc
import json
import os
import shlex
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from emulator import busy_files
from emulator.cli import Failed
from emulator.cli.lib import logs
from emulator.cli.lib.collector import collect_in_quiet
from emulator.cli.lib.colour import paint, paint_addresses
from emulator.cli.lib.loop_watch import watch_loop
from emulator.cli.lib.stopping import loop_signals, stop_numbers
from emulator.core.errors import Refused
from emulator.machine.handles import raise_limit
from emulator.machine.running import announced
from emulator.settings import Settings, add_flags, gather

if TYPE_CHECKING:
    from emulator.server import Emulator

NAME = "serve"
HELP = "run the platform"
EXAMPLES = """
  live-emulator serve
  live-emulator serve --open
  live-emulator serve --data :memory: --port 0 --rtmp-port 0 --rtmps-port 0 --ready-file ready.json
  live-emulator serve --host 0.0.0.0 --reconnect-window 30
  live-emulator serve --settings live-emulator.yaml --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the addresses as one JSON line")
    parser.add_argument("--open", action="store_true", help="open the front door in a browser")
    parser.add_argument(
        "--until-stdin-ends",
        action="store_true",
        help="stop when standard input ends: with the program that holds it, however that ends",
    )
    add_flags(parser)


def run(args: argparse.Namespace) -> int:
    # Imported modules stay, so a collection would find nothing and take 20 ms of the start.
    gc.disable()
    settings = gather(vars(args), os.environ)
    logs.set_up(settings.log_format)
    show = _show_json if args.json else _show_banner
    serving = _serve(
        settings, show, opens_browser=args.open, until_stdin_ends=args.until_stdin_ends
    )
    return in_loop(lambda: serving)


def in_loop(work: Callable[[], Any]) -> int:
    """Run the coroutine that `work` makes on the fastest loop available; returns its result."""
    try:
        import uvloop
    except ImportError:
        factory = None
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return int(runner.run(work()))


async def _serve(
    settings: Settings,
    show: Callable[[Mapping[str, Any]], None],
    *,
    opens_browser: bool,
    until_stdin_ends: bool,
) -> int:
    if settings.ready_file:
        busy_files.remove(settings.ready_file)
    async with AsyncExitStack() as stack:
        stop = stack.enter_context(stop_on_signals())
        if until_stdin_ends:
            loop = asyncio.get_running_loop()
            Thread(target=_set_at_end_of_stdin, args=(loop, stop), daemon=True).start()
        emulator = await start(settings, stack)
        # In memory this makes a CA, in a thread: calls are answered meanwhile.
        ready = await asyncio.to_thread(lambda: emulator.ready)
        if settings.ready_file:
            _write_ready_file(settings.ready_file, ready)
            # Without its server, the file would be wrong.
            stack.callback(busy_files.remove, settings.ready_file)
        show(ready)
        _tell_of_firewall(settings.host)
        gc.freeze()
        gc.enable()
        if opens_browser:
            # In a thread, since opening some browsers returns only when they are closed.
            Thread(target=_open_browser, args=(ready["http"],), daemon=True).start()
        async with asyncio.TaskGroup() as tasks:
            meanwhile = [tasks.create_task(work) for work in (collect_in_quiet(), watch_loop())]
            await stop.wait()
            for task in meanwhile:
                task.cancel()
    return 0


async def start(
    settings: Settings, stack: AsyncExitStack, *, is_announced: bool = True
) -> "Emulator":
    """Start an emulator, which `stack` stops, and announce it, so that other commands find it.

    Raises `Failed`, exit code 2, with a sentence that says why it cannot start.
    """
    from emulator.server import Emulator

    raise_limit()
    try:
        emulator = await stack.enter_async_context(Emulator(settings))
    except Exception as error:
        failure = _only(error)
        if isinstance(failure, Refused):
            raise Failed(failure.message, 2) from None
        if isinstance(failure, OSError):
            raise Failed(_why(settings, failure), 2) from None
        raise
    if is_announced:
        # The CA is in the data folder, also in a temporary one.
        stack.enter_context(announced(Path(emulator.local["ca"]).parent))
    return emulator


@contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """Give an event that is set by a signal to stop, while the block runs.

    A second signal ends the process at once.
    """
    stop = asyncio.Event()

    def on_signal(number: signal.Signals) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    with loop_signals(stop_numbers(), on_signal):
        yield stop


def _set_at_end_of_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Set `stop` when standard input is closed; its content is dropped."""
    try:
        # Not by `sys.stdin`, whose lock would still be held here when the interpreter ends.
        while sys.stdin is not None and os.read(sys.stdin.fileno(), 4096):
            pass
    except OSError:
        pass  # It is closed, so it has ended.
    with suppress(RuntimeError):  # The loop is closed: it has stopped for another reason.
        loop.call_soon_threadsafe(stop.set)


def _only(error: Exception) -> Exception:
    """The only exception in nested groups of a `TaskGroup`."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _why(settings: Settings, failure: OSError) -> str:
    from emulator.cli.lib.ports import why_not

    if failure.errno in {errno.EADDRINUSE, errno.EACCES}:
        for key in ("port", "rtmp_port", "rtmps_port"):
            port = getattr(settings, key)
            reason = why_not(settings.host, port) if port else None
            if reason:
                flag = "--" + key.replace("_", "-")
                return f"Port {port} {reason}. Stop that, or choose another with {flag} (0: any)."
    if isinstance(failure, socket.gaierror) or failure.errno == errno.EADDRNOTAVAIL:
        return f"{settings.host} is no address of this machine: choose another with --host."
    return f"It could not start: {failure.strerror or failure}."


def _write_ready_file(path: Path, ready: Mapping[str, Any]) -> None:
    from emulator.machine.files import write_whole

    try:
        write_whole(path, json.dumps(ready, indent=1).encode() + b"\n")
    except OSError as failure:
        raise Failed(f"The ready file {path} cannot be written: {failure.strerror}.", 2) from None


def _open_browser(address: str) -> None:
    import webbrowser

    if not webbrowser.open(f"{address}/"):
        print(f"No browser could be started. Open {address}/ in one.", file=sys.stderr)


def _tell_of_firewall(host: str) -> None:
    if sys.platform in ("win32", "darwin"):
        from emulator.cli.lib.firewall import firewall_question

        if question := firewall_question(sys.platform, host):
            print(f"Note: {question[0]}. {question[1]}", file=sys.stderr)


def _show_json(ready: Mapping[str, Any]) -> None:
    print(json.dumps(ready), flush=True)


def trusting_option(ready: Mapping[str, Any]) -> str:
    """Return the option by which curl accepts the API's certificate; a proxy has one of its own."""
    address = urlsplit(ready["http"])
    is_own = address.scheme == "https" and address.port is not None
    return f"--cacert {shlex.quote(ready['ca'])} " if is_own else ""


def _show_banner(ready: Mapping[str, Any]) -> None:
    quick_start = (
        f"curl -X POST {ready['http']}/api/v1/streams/ "
        f"{trusting_option(ready)}"
        f'-H "Authorization: Bearer {ready["api_key"]}" '
        '-H "Content-Type: application/json" -d \'{"title": "My First Stream"}\''
    )
    lines = (
        paint(f"live-emulator {ready['version']} is ready.", "bold") + " Ctrl-C stops it.",
        "",
        f"  Open     {ready['http']}/",
        f"  API      {ready['http']}/api/v1   API key {ready['api_key']}",
        f"  RTMP     {ready['rtmp']}",
        f"  RTMPS    {ready['rtmps']}   CA {ready['ca']}",
        f"  data     {ready['data']}",
        "",
        "Make a stream; its answer holds the key:",
        f"  {quick_start}",
        "Then OBS: Settings, Stream, Service Custom: the RTMP address as Server, and that key.",
    )
    print(paint_addresses("\n".join(lines)), flush=True)
