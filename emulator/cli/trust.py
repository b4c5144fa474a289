"""`trust`: prints how to make this machine trust the emulator's CA; `--install` does it."""

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from emulator.cli import Failed
from emulator.cli.lib.progress import Progress
from emulator.cli.lib.stores import NAME as LABEL
from emulator.cli.lib.stores import Command, Store, search_path, stores_of
from emulator.machine.certificates import ca_path, server_context
from emulator.settings import add_flags, gather

NAME = "trust"
HELP = "make this machine trust the emulator's certificates"
EXAMPLES = """
  live-emulator trust
  live-emulator trust --install --dry-run
  sudo "$(command -v live-emulator)" trust --install --data ~/.cache/live-emulator
  live-emulator trust --remove
"""


def configure(parser: argparse.ArgumentParser) -> None:
    act = parser.add_mutually_exclusive_group()
    act.add_argument("--install", action="store_true", help="add the CA to the system's store")
    act.add_argument("--remove", action="store_true", help="remove the CA from the system's store")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print the commands that --install or --remove would run, without running them",
    )
    names = {"host", "tls_names", "public_url", "public_rtmp_url", "public_rtmps_url"}
    add_flags(parser, only={"data", *names})


def run(args: argparse.Namespace) -> int:
    settings = gather(vars(args), os.environ)
    if settings.is_in_memory:
        raise Failed("A CA that is kept in memory cannot be trusted: choose a folder as --data.", 2)
    certificate = ca_path(Path(settings.data))
    if args.dry_run:
        stores = stores_of(sys.platform, certificate, Path.home())
        print("\n".join(_lines(stores, removes=args.remove) or [_UNKNOWN]))
        return 0
    if not args.remove:
        server_context(Path(settings.data), settings.certificate_names)
    stores = stores_of(sys.platform, certificate, Path.home())
    if args.install or args.remove:
        _change(stores, certificate, removes=args.remove)
    else:
        print(_how(stores, certificate))
    return 0


_UNKNOWN = "# This system's store is unknown here. `live-emulator trust` prints the file."


def _lines(stores: Sequence[Store], *, removes: bool) -> list[str]:
    """The commands as a person would type them."""
    return [
        ("sudo " if store.needs_root and not _is_root() else "") + _typed(command)
        for store in stores
        for command in (store.remove if removes else store.install)
    ]


def _typed(command: Command) -> str:
    return subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command)


def _is_root() -> bool:
    return sys.platform != "win32" and hasattr(os, "geteuid") and os.geteuid() == 0


def _change(stores: Sequence[Store], certificate: Path, *, removes: bool) -> None:
    """Run the commands. Those that need root come last, so that the others work without it."""
    if not any(store.install for store in stores):
        raise Failed(_UNKNOWN.removeprefix("# "))
    for store in sorted(stores, key=lambda store: store.needs_root):
        commands = store.remove if removes else store.install
        if removes and store.look and not _succeeds(store.look):
            print(f"Not in {store.name}")
            continue
        if store.needs_root and not _is_root():
            as_root = " && ".join(_lines([store], removes=removes))
            raise Failed(f"That needs root. Run: {as_root}")
        _carry_out(commands)
        print(f"{'Removed from' if removes else 'Added to'} {store.name}: {certificate}")


def _succeeds(command: Command) -> bool:
    try:
        return not subprocess.run(command, capture_output=True, timeout=60, check=False).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


def _carry_out(commands: Sequence[Command]) -> None:
    environment = {**os.environ, "PATH": search_path()}
    progress = Progress("trust", len(commands))
    for number, command in enumerate(commands):
        progress.show(number, _typed(command))
        try:
            subprocess.run(
                command,
                check=True,
                capture_output=True,
                text=True,
                errors="replace",  # Windows' programs print in its old code pages.
                timeout=60,
                env=environment,
            )
        except subprocess.CalledProcessError as failure:
            said = failure.stderr.strip() or failure.stdout.strip()
            said = said or f"exit code {failure.returncode}"
            raise Failed(f"{_typed(command)} failed: {said}") from None
        except (OSError, subprocess.TimeoutExpired) as failure:
            raise Failed(f"{_typed(command)} failed: {failure}") from None
        finally:
            progress.end()


def _how(stores: Sequence[Store], certificate: Path) -> str:
    file = _typed((str(certificate),))
    system, *browsers = stores
    commands = [f"  {line}" for line in _lines([system], removes=False)]
    lines = (
        f"The CA of this emulator: {certificate}",
        "It can vouch for this machine, private networks and names like *.test only.",
        "",
        "OBS, curl and most programs ask the system's store:",
        *(commands or ["  (unknown on this system: add the file to what it trusts)"]),
        *(_for_browsers(browsers, file) if sys.platform == "linux" else ()),
        "",
        "Firefox: Settings, Privacy & Security, Certificates, View, Authorities, Import.",
        f"Python: SSL_CERT_FILE={file}; Node.js: NODE_EXTRA_CA_CERTS={file}",
        f"ffmpeg: -ca_file {file}; older versions do not check.",
        "",
        "`live-emulator trust --install` runs the commands; `--remove` takes it back.",
    )
    return "\n".join(lines)


def _for_browsers(browsers: Sequence[Store], file: str) -> list[str]:
    lines = [f"  {line}" for line in _lines(browsers, removes=False)]
    by_hand = f'  certutil -d "sql:$HOME/.pki/nssdb" -A -t C,, -n {LABEL} -i {file}'
    return ["", "Browsers on Linux keep their own (certutil is in libnss3-tools):"] + (
        lines or [by_hand]
    )
