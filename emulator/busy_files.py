"""Files that somebody may have open: Windows refuses to replace or remove them for that long.

A player that reads a segment, a virus scanner, an indexer: most let go within moments, so it is
tried again. These block: outside of a start and a stop they are for threads.
"""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

# From 1 ms on, doubled: a second in all.
_PAUSES_SECONDS = tuple(0.001 * 2**step for step in range(10))


def replace(source: Path, target: Path) -> None:
    """Put `source` in the place of `target`, whole or not at all. Raises `OSError`."""
    _insist(target.parent, lambda: source.replace(target))


def remove(path: Path) -> None:
    """Remove a file; none there is fine. Raises `OSError`."""
    _insist(path.parent, lambda: path.unlink(missing_ok=True))


def remove_tree(folder: Path) -> bool:
    """Remove a folder with what is in it. Returns whether nothing of it is left.

    What somebody has open stays where it is, and all beside it goes.
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
            # A folder that may not be written refuses for good.
            if not os.access(folder, os.W_OK):
                raise
        time.sleep(pause)
    act()
