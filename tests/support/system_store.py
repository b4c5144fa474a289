"""The certificates that this system trusts, for one command only: a copy, in a mount namespace.

What a command installs there is installed as on any machine, and this machine never knows.
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
_INSIDE = 'mount --bind "$1" "$2" && mount --bind "$3" "$4" && shift 4 && exec "$@"'


class SystemStore:
    """Begins as the machine's own. Skips where there is none, or no namespace may be made."""

    def __init__(self, folder: Path) -> None:
        need("update-ca-certificates")
        unshare = (need("unshare"), "--map-root-user", "--mount")
        if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
            lacking("a mount namespace of one's own is not allowed here")
        self.trusted, self.local = folder / "certs", folder / "local"
        shutil.copytree(_TRUSTED, self.trusted, symlinks=True)
        shutil.copytree(_LOCAL, self.local)
        binds = (self.trusted, _TRUSTED, self.local, _LOCAL)
        # What stands in front of a command that is to see this store.
        self.before = (*unshare, "sh", "-c", _INSIDE, "sh", *map(str, binds))
        # Browsers' own stores are in the home folder: this one has Chrome's alone.
        self.home = folder / "home"
        self.browsers = f"sql:{self.home / '.pki/nssdb'}"
        (self.home / ".pki/nssdb").mkdir(parents=True)
        new = [need("certutil"), "-d", self.browsers, "-N", "--empty-password"]
        subprocess.run(new, check=True, timeout=PATIENCE_SECONDS)

    def trust(self, *arguments: str) -> str:
        """Run `live-emulator trust` as root of this store; gives what it prints."""
        command = [*self.before, sys.executable, "-m", "emulator", "trust", *arguments]
        done = finished(command, env={**os.environ, "HOME": str(self.home)})
        assert done.returncode == 0, done.stderr
        return done.stdout

    def browsers_have(self, name: str) -> bool:
        """Whether Chrome trusts a certificate of this name to sign for servers."""
        shown = [need("certutil"), "-d", self.browsers, "-L"]
        listed = subprocess.run(shown, capture_output=True, text=True, check=True).stdout
        return any(line.split()[:1] == [name] and "C,," in line for line in listed.splitlines())

    def names(self) -> set[str]:
        """Everything that lies in it."""
        return {path.name for folder in (self.trusted, self.local) for path in folder.iterdir()}
