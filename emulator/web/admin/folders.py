"""Folders: the files of this machine that a request to `/_emulator/` may name. For threads.

A request may come from another machine, and its sender need not be a user of this one. So it may
only name files below folders from a setting; or it sends `key`, which is in a file that only the
emulator's own user can read.
"""

import hmac
import os
import stat
from collections.abc import Iterable
from io import BufferedReader, FileIO
from pathlib import Path

from emulator.core.errors import Refused
from emulator.platform.shared import Shared

_NOT_ALLOWED = (
    "A request may name a file or a folder only below a folder that --allow-folder names. "
    "Name that folder when the emulator starts, or send the content itself."
)


class Folders:
    """The allowed folders, with all below them; links are resolved first.

    An empty key is no key.
    """

    def __init__(self, allowed: Iterable[Path] = (), key: str = "") -> None:
        self._allowed = list(allowed)
        self._key = key.encode()

    def check(self, name: str, key: str = "") -> Path:
        """Return the path without links.

        Refuses (`invalid`) one outside, whether it exists or not.
        """
        try:
            path = Path(name).resolve() if self._is_near(Path(name)) else None
        except (OSError, ValueError, RuntimeError):  # The name is invalid, or links form a circle.
            path = None
        if path is None:
            raise Refused("invalid", _NOT_ALLOWED)
        if self._key and hmac.compare_digest(key.encode(), self._key):
            return path
        if not any(path.is_relative_to(folder.resolve()) for folder in self._allowed):
            raise Refused("invalid", _NOT_ALLOWED)
        return path

    def _is_near(self, path: Path) -> bool:
        """Whether a path is absolute and on a local drive.

        For `\\\\SERVER\\share` Windows would contact that server, and sign in there.
        """
        drives = {folder.drive.casefold() for folder in (Path.cwd(), *self._allowed)}
        return path.is_absolute() and path.drive.casefold() in drives

    def read(self, name: str, bytes_max: int) -> bytes:
        """Read a regular file in an allowed folder.

        Refuses (`invalid`) another file, another kind of file, and one above `bytes_max`.
        """
        path = self.check(name)
        try:
            # Opening a pipe without a writer would block.
            with BufferedReader(FileIO(path, opener=_without_waiting)) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise Refused("invalid", f"{path} is not a regular file.")
                content = file.read(bytes_max + 1)
        except OSError as error:
            raise Refused("invalid", f"{path} cannot be read: {error.strerror}.") from None
        if len(content) > bytes_max:
            raise Refused("invalid", f"{path} is larger than {bytes_max} bytes.")
        return content


def folders_of(shared: Shared) -> Folders:
    """Return the folders that a request to this server may name."""
    return Folders(shared.allowed_folders, shared.steering_key)


def _without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))
