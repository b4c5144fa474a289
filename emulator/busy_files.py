"""Replace and remove files that another program may have open.

Windows refuses both while a player reads the segment, or a virus scanner or indexer looks at it.
Most close the file within moments, so the operation is retried. These functions block: use them in
threads, or while the emulator starts and stops.
"""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

# 1 ms, then twice the last pause each time: one second in all.
_PAUSES_SECONDS = tuple(0.001 * 2**step for step in range(10))


def replace(source: Path, target: Path) -> None:
    """Put `source` in the place of `target`, whole or not at all. Raises `OSError`."""
    _insist(target.parent, lambda: source.replace(target))


def remove(path: Path) -> None:
    """Remove a file, if it exists. Raises `OSError`."""
    _insist(path.parent, lambda: path.unlink(missing_ok=True))


def remove_tree(folder: Path) -> bool:
    """Remove a folder and its content. Returns whether nothing of it is left.

    Files that another program keeps open stay; everything else is removed.
    """
    for pause in _PAUSES_SECONDS:
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return True
        if not os.access(folder.parent, os.W_OK):
            return False
        time.sleep(pause)
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _insist(folder: Path, act: Callable[[], object]) -> None:
    for pause in _PAUSES_SECONDS:
        try:
            act()
            return
        except PermissionError:
            # In a folder without write permission, a retry cannot help.
            if not os.access(folder, os.W_OK):
                raise
        time.sleep(pause)
    act()
