"""`trust`: make this machine trust the emulator's CA, or print how. Never without being asked."""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from emulator.cli import Failed
from emulator.cli.lib.progress import Progress
from emulator.machine.certificates import ca_path, server_context
from emulator.settings import add_flags, gather

NAME = "trust"
HELP = "make this machine trust the emulator's certificates"
EXAMPLES = """
  live-emulator trust
  sudo "$(command -v live-emulator)" trust --install --data ~/.cache/live-emulator
  live-emulator trust --remove
"""

_NAME = "live-emulator"


class Store(NamedTuple):
    """A place where this system keeps what it trusts: commands to add a file and to remove it."""

    name: str
    install: Sequence[Sequence[str]]
    remove: Sequence[Sequence[str]]
    needs_root: bool


def configure(parser: argparse.ArgumentParser) -> None:
    act = parser.add_mutually_exclusive_group()
    act.add_argument("--install", action="store_true", help="add the CA to the system's store")
    act.add_argument("--remove", action="store_true", help="take the CA out of the store again")
    names = {"host", "tls_names", "public_url", "public_rtmp_url", "public_rtmps_url"}
    add_flags(parser, only={"data", *names})


def run(args: argparse.Namespace) -> int:
    settings = gather(vars(args), os.environ)
    if settings.is_in_memory:
        raise Failed("A CA that is kept in memory cannot be trusted: choose a folder as --data.", 2)
    folder = Path(settings.data)
    if not args.remove:
        server_context(folder, settings.certificate_names)
    certificate = ca_path(folder)
    store = store_of(sys.platform, certificate)
    if args.install or args.remove:
        _carry_out(store, store.remove if args.remove else store.install)
        print(f"{'Removed from' if args.remove else 'Added to'} {store.name}: {certificate}")
        return 0
    print(_how(store, certificate))
    return 0


def store_of(platform: str, certificate: Path) -> Store:
    """The system's store on `platform` (as `sys.platform` names it)."""
    if platform == "darwin":
        keychain = str(Path.home() / "Library/Keychains/login.keychain-db")
        add = ("security", "add-trusted-cert", "-r", "trustRoot", "-k", keychain, str(certificate))
        take = ("security", "remove-trusted-cert", str(certificate))
        return Store("the login keychain", [add], [take], needs_root=False)
    if _is_there("update-ca-certificates"):  # Debian, Ubuntu, Alpine.
        # Without `--fresh` it leaves links in /etc/ssl/certs to what is gone.
        update = ("update-ca-certificates",)
        folder = "/usr/local/share/ca-certificates"
        return _linux(folder, update, (*update, "--fresh"), certificate)
    if _is_there("update-ca-trust"):  # Fedora, Red Hat, Arch.
        update = ("update-ca-trust",)
        return _linux("/etc/pki/ca-trust/source/anchors", update, update, certificate)
    return Store("this system's store", [], [], needs_root=True)


def _is_there(program: str) -> bool:
    return shutil.which(program, path=_path()) is not None


def _path() -> str:
    """Where programs are; the PATH of a user may lack root's own folders."""
    return os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))


def _linux(
    folder: str, after_install: Sequence[str], after_remove: Sequence[str], certificate: Path
) -> Store:
    # update-ca-certificates takes files that end in .crt only.
    target = f"{folder}/{_NAME}.crt"
    return Store(
        f"the system's store ({folder})",
        [("install", "-m", "644", str(certificate), target), after_install],
        [("rm", "-f", target), after_remove],
        needs_root=True,
    )


def _carry_out(store: Store, commands: Sequence[Sequence[str]]) -> None:
    if not commands:
        raise Failed("This system's store is unknown here. `live-emulator trust` prints the file.")
    if store.needs_root and os.geteuid() != 0:
        as_root = " && ".join("sudo " + shlex.join(command) for command in commands)
        raise Failed(f"That needs root. Run: {as_root}")
    environment = {**os.environ, "PATH": _path()}
    progress = Progress("trust", len(commands))
    for number, command in enumerate(commands):
        progress.show(number, shlex.join(command))
        try:
            subprocess.run(
                command,
                check=True,
                capture_output=True,
                text=True,
                timeout=60,
                env=environment,
            )
        except subprocess.CalledProcessError as failure:
            said = failure.stderr.strip() or f"exit code {failure.returncode}"
            raise Failed(f"{shlex.join(command)} failed: {said}") from None
        except (OSError, subprocess.TimeoutExpired) as failure:
            raise Failed(f"{shlex.join(command)} failed: {failure}") from None
        finally:
            progress.end()


def _how(store: Store, certificate: Path) -> str:
    sudo = "sudo " if store.needs_root else ""
    file = shlex.quote(str(certificate))
    commands = [f"  {sudo}{shlex.join(command)}" for command in store.install]
    lines = (
        f"The CA of this emulator: {certificate}",
        "It can vouch for this machine, private networks and names like *.test only.",
        "",
        "OBS, curl and most programs ask the system's store:",
        *(commands or ["  (unknown on this system: add the file to what it trusts)"]),
        "",
        "Chrome on Linux keeps its own:",
        f'  certutil -d "sql:$HOME/.pki/nssdb" -A -t C,, -n {_NAME} -i {file}',
        "Firefox: Settings, Privacy & Security, Certificates, View, Authorities, Import.",
        f"Python: SSL_CERT_FILE={file}; Node.js: NODE_EXTRA_CA_CERTS={file}",
        "",
        "`live-emulator trust --install` does the first; `--remove` takes it back.",
        f"ffmpeg: -ca_file {file}; older versions do not check.",
    )
    return "\n".join(lines)
