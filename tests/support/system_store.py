"""A copy of the system's trusted certificates for one command, in a mount namespace.

A command installs its certificates there as on any machine, and the real store does not change.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.commands import finished
from tests.support.live_server import PATIENCE_SECONDS
from tests.support.required_programs import lacking, need

_TRUSTED = Path("/etc/ssl/certs")
_LOCAL = Path("/usr/local/share/ca-certificates")
# The certificates below `_SHARED` that are trusted. Hashing all of them would take seconds.
_CHOICE = Path("/etc/ca-certificates.conf")
_SHARED = Path("/usr/share/ca-certificates")
_COUNT = 10
_BIND = 'mount --bind "$1" "$2" && shift 2'
_INSIDE = f'{_BIND} && {_BIND} && {_BIND} && exec "$@"'


class SystemStore:
    """A certificate store with a few of the machine's. Skips where that is not possible."""

    def __init__(self, folder: Path) -> None:
        need("update-ca-certificates")
        unshare = (need("unshare"), "--map-root-user", "--mount")
        if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
            lacking("a mount namespace of one's own is not allowed here")
        self.trusted, self.local = folder / "certs", folder / "local"
        shutil.copytree(_LOCAL, self.local)
        choice = folder / _CHOICE.name
        self._copy(choice)
        binds = (self.trusted, _TRUSTED, self.local, _LOCAL, choice, _CHOICE)
        # The words in front of a command that is to use this store.
        self.before = (*unshare, "sh", "-c", _INSIDE, "sh", *map(str, binds))
        # Browsers' own stores are in the home folder; this one has only Chrome's.
        self.home = folder / "home"
        self.browsers = f"sql:{self.home / '.pki/nssdb'}"
        (self.home / ".pki/nssdb").mkdir(parents=True)
        new = [need("certutil"), "-d", self.browsers, "-N", "--empty-password"]
        subprocess.run(new, check=True, timeout=PATIENCE_SECONDS)

    def _copy(self, choice: Path) -> None:
        lines = _CHOICE.read_text("utf-8").splitlines()
        names = [line for line in lines if line and line[0] not in "#!"][:_COUNT]
        choice.write_text("".join(f"{name}\n" for name in names), "utf-8")
        wanted = {(_SHARED / name).resolve() for name in names}
        wanted |= {path.resolve() for path in _LOCAL.rglob("*.crt")}
        self.trusted.mkdir()
        for path in _TRUSTED.iterdir():
            if path.is_dir():
                shutil.copytree(path, self.trusted / path.name)
            elif not path.is_symlink() or path.resolve() in wanted:
                shutil.copy2(path, self.trusted, follow_symlinks=False)

    def trust(self, *arguments: str) -> str:
        """Run `live-emulator trust` as root of this store, and return its output."""
        command = [*self.before, sys.executable, "-m", "emulator", "trust", *arguments]
        done = finished(command, env={**os.environ, "HOME": str(self.home)})
        assert done.returncode == 0, done.stderr
        return done.stdout

    def browsers_have(self, name: str) -> bool:
        """Whether Chrome trusts a certificate with this name to sign for servers."""
        shown = [need("certutil"), "-d", self.browsers, "-L"]
        listed = subprocess.run(shown, capture_output=True, text=True, check=True).stdout
        return any(line.split()[:1] == [name] and "C,," in line for line in listed.splitlines())

    def names(self) -> set[str]:
        """The names of all certificates in the store."""
        return {path.name for folder in (self.trusted, self.local) for path in folder.iterdir()}
