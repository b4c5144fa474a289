"""The data folder of one running emulator. Its lock ends with the process, however that ends.

A file next to the lock names the running process, for commands and for the error of a second start.
"""

import contextlib
import json
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from emulator import busy_files
from emulator.core.errors import Refused
from emulator.core.ids import secret_token
from emulator.machine.files import write_whole
from emulator.machine.lock import Release, try_lock

log = logging.getLogger(__name__)

MEMORY = ":memory:"
_LOCK_FILE = "lock"
_RUNNING_FILE = "running.json"
KEY_FILE = "steering.key"
WORLD_FILE = "world.sqlite3"
CA_FILE = "ca.pem"
_TEMPORARY = "live-emulator-"


class DataFolder:
    """A folder that this process holds until `close`. `world_path` is the world's database."""

    def __init__(self, path: Path, release: Release, is_temporary: bool) -> None:
        self.path = path
        self.is_temporary = is_temporary
        self.media_path = path / "media"
        self.world_path = MEMORY if is_temporary else str(path / WORLD_FILE)
        self._release: Release | None = release

    @classmethod
    def open(cls, data: str) -> "DataFolder":
        """Lock the folder `data`, and make it if it is missing; `:memory:` makes a temporary one.

        Refuses (`unavailable`) a folder that cannot be written, and (`conflict`, with `running`)
        one that another emulator uses.
        """
        if data == MEMORY:
            import tempfile

            _sweep()
            return cls._take(Path(tempfile.mkdtemp(prefix=_TEMPORARY)), is_temporary=True)
        return cls._take(Path(data).expanduser().absolute(), is_temporary=False)

    @classmethod
    def _take(cls, path: Path, *, is_temporary: bool) -> "DataFolder":
        try:
            # It contains keys, so only this user may read it.
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            release = try_lock(path / _LOCK_FILE)
            if release is not None:
                folder = cls(path, release, is_temporary)
                folder.tell({"pid": os.getpid()})
                folder.media_path.mkdir(exist_ok=True)
                folder._make_private()
                return folder
        except OSError as failure:
            reason = failure.strerror
            if isinstance(failure, FileExistsError):
                reason = "it is a file, not a folder"
            raise Refused(
                "unavailable",
                f"The data folder {path} cannot be used: {reason}."
                + ("" if is_temporary else f" Choose another --data, or {MEMORY} to keep nothing."),
            ) from None
        running = running_on(path)
        at = f" at {running['http']}" if "http" in running else ""
        raise Refused(
            "conflict",
            f"An emulator is running on the data folder {path} already: "
            f"pid {running.get('pid', 'unknown')}{at}. Stop it, or choose another --data.",
            running=running,
        )

    @property
    def has_world(self) -> bool:
        """Whether an earlier run left a world here."""
        path = Path(self.world_path)
        # `_make_private` makes the file empty, for this user alone, before SQLite opens it.
        return not self.is_temporary and path.exists() and path.stat().st_size > 0

    def tell(self, ready: Mapping[str, object]) -> None:
        """Write down which process runs here and where it listens (the ready file's content)."""
        payload = json.dumps(dict(ready)).encode()
        write_whole(self.path / _RUNNING_FILE, payload, survives_power_loss=False)

    def steering_key(self) -> str:
        """Make a new key, in a file that only this user can read.

        A client that sends the key may name any file that this user can read.
        """
        key = secret_token()
        write_whole(self.path / KEY_FILE, key.encode(), mode=0o600, survives_power_loss=False)
        return key

    @property
    def has_orphaned_media(self) -> bool:
        """Whether there is media, but no database that refers to it."""
        is_kept = not self.is_temporary and not self.has_world
        return is_kept and any(self.media_path.iterdir())

    def keep_aside(self) -> Path:
        """Move the world's database and its media into another folder. Returns that folder.

        The media has to be moved because a new world may use the same names for its own.
        """
        number = 1
        while (aside := self.path / f"damaged-{number}").exists():
            number += 1
        aside.mkdir()
        for path in [self.media_path, *self.path.glob(f"{Path(self.world_path).name}*")]:
            path.rename(aside / path.name)
        self.media_path.mkdir()
        self._make_private()
        return aside

    def _make_private(self) -> None:
        """Let only this user read the database and the keys, also in an older folder."""
        if not self.is_temporary:
            # SQLite creates its journals with the permissions of the database.
            database = os.open(self.world_path, os.O_RDWR | os.O_CREAT, 0o600)
            os.close(database)
        for pattern in ("*.sqlite3*", "*.key", "*.pem"):
            for path in self.path.glob(pattern):
                if path.name != CA_FILE:  # Every client has to read it.
                    try:
                        path.chmod(0o600)
                    except PermissionError:  # Another user's, or no permissions here.
                        log.warning("others may be able to read a private file path=%s", path)

    def close(self) -> None:
        """Unlock the folder; a temporary one is removed with its content."""
        if self._release is None:
            return
        if not self.is_temporary:
            # If this fails, commands still see by the lock that no process runs here.
            with contextlib.suppress(OSError):
                busy_files.remove(self.path / _RUNNING_FILE)
        self._release()
        self._release = None
        # Last, since Windows cannot remove a file that is open, nor its folder.
        if self.is_temporary and not busy_files.remove_tree(self.path):
            log.warning("a temporary folder could not be removed path=%s", self.path)


def running_on(path: Path) -> dict[str, object]:
    """The ready file's content of the emulator that holds the folder `path`; empty if unknown."""
    try:
        payload = json.loads((path / _RUNNING_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return payload if isinstance(payload, dict) else {}


def is_held(path: Path) -> bool:
    """Whether an emulator runs on the folder `path`."""
    if not (path / _LOCK_FILE).exists():
        return False
    try:
        release = try_lock(path / _LOCK_FILE)
    except OSError:
        return False
    if release is not None:
        release()
    return release is None


def _sweep() -> None:
    """Remove temporary folders of emulators that were killed: media is large."""
    import tempfile

    for path in Path(tempfile.gettempdir()).glob(f"{_TEMPORARY}*"):
        try:
            # A process that is about to lock a new folder has no ready file in it yet.
            is_new = not (path / _RUNNING_FILE).is_file()
            if is_new or not _is_ours(path):
                continue
            release = try_lock(path / _LOCK_FILE)
        except OSError:
            continue
        if release is not None:
            log.info("removed what a killed emulator left path=%s", path)
            release()
            busy_files.remove_tree(path)


def _is_ours(path: Path) -> bool:
    """Whether this user made it. On Windows, each user has a temporary folder of their own."""
    if sys.platform == "win32" or not hasattr(os, "getuid"):
        return True
    else:
        return path.stat().st_uid == os.getuid()
