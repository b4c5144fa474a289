"""Running: which emulators this user runs on this machine, by the locks of their data folders.

A data folder can be anywhere, so while an emulator runs, a small file in `running/` of the user's
cache folder names it. That file only says where to look: the folder's lock, which ends with its
process, says whether an emulator runs there.
"""

import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from emulator import busy_files
from emulator.machine.folder import is_held, running_on
from emulator.machine.places import default_folder

log = logging.getLogger(__name__)

_REGISTRY = "running"
# The folder may be removed with its last entry just before the next entry is made.
_ATTEMPTS = 5


@contextlib.contextmanager
def announced(folder: Path) -> Iterator[None]:
    """While the block runs, let commands find the emulator that holds the data folder `folder`."""
    entry = _write_entry(folder)
    try:
        yield
    finally:
        if entry is not None:
            busy_files.remove(entry)
            # Remove the folder if it is empty now; another emulator's entry keeps it.
            for path in (entry.parent, entry.parent.parent):
                with contextlib.suppress(OSError):
                    path.rmdir()


def running(folders: Iterable[Path] = ()) -> list[dict[str, Any]]:
    """The ready file's content of each running emulator, sorted by address.

    Looks at those that were announced, at the default folders, and at `folders`.
    """
    candidates = dict.fromkeys(
        [*folders, default_folder(), default_folder() / "demo", *_announced_folders()]
    )
    payloads: dict[str, dict[str, Any]] = {}
    for folder in candidates:
        payload = running_on(folder)
        # An emulator that does not listen yet holds its folder without an address.
        if "http" in payload and _is_in_use(folder):
            payloads[str(payload["http"])] = payload
    return [payloads[address] for address in sorted(payloads)]


def _write_entry(folder: Path) -> Path | None:
    registry = default_folder() / _REGISTRY
    for _ in range(_ATTEMPTS):
        try:
            registry.mkdir(mode=0o700, parents=True, exist_ok=True)
            _remove_stale()
            descriptor, name = tempfile.mkstemp(prefix=f"{os.getpid()}-", dir=registry)
        except FileNotFoundError:
            continue
        except OSError as failure:
            log.info("commands will not find this emulator by themselves reason=%s", failure)
            return None
        os.write(descriptor, os.fsencode(folder))
        os.close(descriptor)
        return Path(name)
    return None


def _remove_stale() -> None:
    """Remove the entries of emulators that were killed."""
    for entry in _entries():
        folder = _folder_in(entry)
        # An empty one is being written.
        if folder is not None and not _is_in_use(folder):
            busy_files.remove(entry)


def _is_in_use(folder: Path) -> bool:
    # The lock is tried last, since a start at that moment would find it taken.
    pid = running_on(folder).get("pid")
    return isinstance(pid, int) and _is_alive(pid) and is_held(folder)


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":
        # On Windows, signal 0 is Ctrl-C and would reach the process, so only the lock is used.
        return pid > 0
    else:
        try:
            os.kill(pid, 0)
        except PermissionError:  # The process of another user.
            return True
        except (OSError, OverflowError):
            return False
        return pid > 0


def _announced_folders() -> list[Path]:
    return [folder for folder in map(_folder_in, _entries()) if folder is not None]


def _entries() -> list[Path]:
    try:
        return list((default_folder() / _REGISTRY).iterdir())
    except OSError:
        return []


def _folder_in(entry: Path) -> Path | None:
    try:
        name = entry.read_bytes()
    except OSError:
        return None
    return Path(os.fsdecode(name)) if name else None
